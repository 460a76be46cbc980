"""The benchmark for a GPU runs where there is none: tiny, on the CPU."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
SECTIONS = ["breakeven", "tf32", "convolutions", "determinism", "radix", "aim", "widest"]


def test_every_section_prints_a_table(tmp_path):
    output = tmp_path / "gpu.json"
    script = [sys.executable, "tests/benchmarks/gpu.py", "--device", "cpu", "--quick"]
    done = subprocess.run(
        [*script, "--seconds", "3", "--output", str(output)],
        env=dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "cli")])),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    head, *parts = done.stdout.split("\n## ")
    assert re.match(r"CPU, torch \S+, \d{4}-\d\d-\d\d ", head)
    assert [part.partition(":")[0] for part in parts] == SECTIONS
    kept = json.loads(output.read_text())["sections"]
    for part in parts:
        name = part.partition(":")[0]
        titles, rule, *rows = [line for line in part.splitlines() if line.startswith("| ")]
        assert set(rule) == set("| -"), name
        assert len(rows) == len(kept[name]) >= 1, name
        assert all(line.count(" | ") == titles.count(" | ") for line in rows), name
        assert list(kept[name][0]) == titles.strip("| ").split(" | ")
    assert all(row["dense"] and row["sparse"] for row in kept["breakeven"])
    assert all(row["same state"] for row in kept["determinism"])
    assert all(row["gradients apart by"] < 1e-5 for row in kept["convolutions"])


def test_an_unknown_section_is_refused():
    script = [sys.executable, "tests/benchmarks/gpu.py", "breakfast"]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "cli")]))
    done = subprocess.run(script, env=environment, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 2
    assert b"no section breakfast" in done.stderr
