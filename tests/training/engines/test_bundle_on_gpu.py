"""A bundle from the command line to a table, on a CUDA device."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from tests.training.engines.gpu_cases import CUDA, ON_GPU, spots
from topograph.generators import family_net
from topograph.training.bundle import RunPlan, finished_rows, make_bundle
from topograph.training.recipes import MODERN

pytestmark = ON_GPU
ROOT = Path(__file__).parents[3]


def test_a_bundle_trains_from_the_checkout_and_is_collected(tmp_path):
    data, folder, table = spots(), tmp_path / "bundle", tmp_path / "table.jsonl"
    nets = {
        f"net-{density:g}": family_net("uniform", (64, 100, 50, 10), density, seed=1)
        for density in (0.5, 0.03)
    }
    pixels = {
        part: (getattr(data, part) * 40 + 128).clamp(0, 255).to(torch.uint8)
        for part in ("train_images", "test_images")
    }
    packed = dataclasses.replace(data, name="digits", **pixels)  # constants are known for digits
    recipe = dataclasses.replace(MODERN, batch_size=50, n_epochs=None, n_steps=60)
    make_bundle(nets, "digits", recipe, folder, seeds=(0, 1), with_proxies=True, pack=packed)
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "cli")]))

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "topograph_cli", *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    for _ in range(2):  # the second time there is nothing to do
        done = run("train", folder, "--device", CUDA.type, "--members", 1)
        assert "net-0.5" in done.stdout
    assert "4 runs are finished and not done again." in done.stderr
    rows = finished_rows(RunPlan(folder))
    assert {(row["name"], row["engine"]) for row in rows} == {
        ("net-0.5", "dense"),
        ("net-0.03", "sparse"),
    }
    assert {row["device"] for row in rows} == {torch.cuda.get_device_name()}
    assert all(row["peak_memory_bytes"] > 0 and not row["diverged"] for row in rows)
    assert all(row["test_accuracy"] > 0.5 for row in rows if row["name"] == "net-0.5")
    run("collect", folder, "-m", "path_count_cv", "-o", table)
    collected = [json.loads(line) for line in table.read_text().splitlines()]
    assert len(collected) == 4
    assert all("metric.path_count_cv" in row for row in collected)
