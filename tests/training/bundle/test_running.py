"""Which runs of a bundle are done, and what they need."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.training.bundle.short_runs import SHORT, bundle, plan
from topograph.errors import ParameterError, ReadError
from topograph.training import load_data
from topograph.training.bundle import collect_bundle, finished_rows, read_results, train_bundle
from topograph.training.bundle.manifest import write_manifest
from topograph.training.bundle.packed_data import write_data
from topograph.training.bundle.running import chunks_left
from topograph.training.bundle.units import chunks_of, units_of


def test_every_run_is_done_once(tmp_path, nets):
    bundle(nets, tmp_path, rate_factors=(0.5, 2.0))
    rows = list(train_bundle(plan(tmp_path)))
    assert len({row["key"] for row in rows}) == len(rows) == 8
    assert {(row["name"], row["seed"], row["rate_factor"]) for row in rows} == {
        (name, seed, factor) for name in nets for seed in (0, 1) for factor in (0.5, 2.0)
    }
    assert len({tuple(row["loss"]) for row in rows}) == 8
    assert read_results(tmp_path / "results.jsonl") == json.loads(json.dumps(rows))
    assert list(train_bundle(plan(tmp_path))) == []
    assert not list((tmp_path / "checkpoints").iterdir())


def test_more_seeds_do_only_what_is_new(tmp_path, nets):
    bundle(nets, tmp_path, seeds=(0,))
    first = list(train_bundle(plan(tmp_path)))
    bundle(nets, tmp_path, seeds=(0, 1, 2))
    new = list(train_bundle(plan(tmp_path)))
    assert [row["seed"] for row in new] == [1, 1, 2, 2]
    assert len(finished_rows(plan(tmp_path))) == len(first) + len(new) == 6


def test_shards_and_chunks_cover_all_once(tmp_path, nets):
    manifest = bundle(nets, tmp_path, seeds=range(5))
    keys = [unit.key for unit in units_of(manifest)]
    assert len(set(keys)) == 10
    for members in (1, 2, 3, 100):
        chunks = chunks_of(manifest, members)
        assert sorted(unit.key for chunk in chunks for unit in chunk.units) == sorted(keys)
        assert all(len({unit.seed for unit in chunk.units}) == 1 for chunk in chunks)
    shards = [plan(tmp_path, members=1, shard=(part, 3)) for part in (1, 2, 3)]
    found = [
        unit.key for shard in shards for chunk in chunks_left(shard)[1] for unit in chunk.units
    ]
    assert sorted(found) == sorted(keys)
    for shard in ((0, 3), (4, 3)):
        with pytest.raises(ParameterError, match="shard"):
            plan(tmp_path, shard=shard)


def test_a_key_names_all_that_matters(tmp_path, nets):
    manifest = bundle(nets, tmp_path)
    first = {unit.key for unit in units_of(manifest)}
    changed = [
        dataclasses.replace(manifest, data="mnist"),
        dataclasses.replace(manifest, n_validation=3),
        dataclasses.replace(manifest, edge_threshold=0.1),
        dataclasses.replace(manifest, rate_factors=(2.0,)),
        dataclasses.replace(manifest, seeds=(7,)),
        dataclasses.replace(manifest, n_steps=26),
        dataclasses.replace(manifest, recipe=dataclasses.replace(SHORT, momentum=0.8)),
    ]
    for other in changed:
        assert not first & {unit.key for unit in units_of(other)}
    renamed = dataclasses.replace(manifest, recipe=dataclasses.replace(SHORT, name="mine"))
    assert first == {unit.key for unit in units_of(renamed)}


def test_packed_data_need_no_other(tmp_path, nets, monkeypatch):
    bundle(nets, tmp_path, pack=load_data("digits"))
    monkeypatch.setattr(
        "topograph.training.bundle.running.load_data",
        lambda *_: pytest.fail("data were looked for"),
    )
    assert len(list(train_bundle(plan(tmp_path)))) == 4


def test_other_data_do_not_take_the_place_of_packed_ones(tmp_path, nets):
    digits = load_data("digits")
    for _ in range(2):
        bundle(nets, tmp_path, pack=digits)
    held = (tmp_path / "data.safetensors").read_bytes()
    other = dataclasses.replace(digits, train_labels=digits.train_labels.flip(0))
    with pytest.raises(ParameterError, match="other images or labels under the name digits"):
        bundle(nets, tmp_path, pack=other)
    assert (tmp_path / "data.safetensors").read_bytes() == held


def test_packed_data_of_another_name_are_refused(tmp_path, nets):
    bundle(nets, tmp_path, pack=load_data("digits"))
    write_data(dataclasses.replace(load_data("digits"), name="mnist"), tmp_path)
    with pytest.raises(ReadError, match=r"must be digits.*but it is mnist"):
        list(train_bundle(plan(tmp_path)))


BARE = """
    import importlib.util, sys
    BLOCKED = ("networkx", "rich", "igraph", "sklearn", "PIL", "numba", "hypothesis", "pooch",
               "polars", "joblib", "pandas")
    class Refuse:
        def find_spec(self, name, path=None, target=None):
            if name.split(".")[0] in BLOCKED:
                raise ModuleNotFoundError(name, name=name)
    sys.meta_path.insert(0, Refuse())
    found = importlib.util.find_spec
    importlib.util.find_spec = lambda name: None if name in BLOCKED else found(name)
    from topograph_cli.app import run
    sys.exit(run(["train", sys.argv[1]]))
"""


def test_a_bundle_trains_from_a_checkout_with_little_installed(tmp_path, nets):
    """As on a GPU machine: click, numpy, scipy, torch, safetensors, lazy-loader, packaging."""
    bundle(nets, tmp_path, pack=load_data("digits"))
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(BARE), str(tmp_path)],
        env=dict(os.environ, PYTHONPATH=os.pathsep.join([str(root), str(root / "cli")])),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "net-0.5" in done.stdout
    assert len(finished_rows(plan(tmp_path))) == 4
    assert len(collect_bundle(tmp_path)) == 4


def test_curves_for_tensorboard(tmp_path, nets):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    bundle(nets, tmp_path / "b", seeds=(0,))
    rows = list(train_bundle(plan(tmp_path / "b", tensorboard=tmp_path / "events")))
    folders = sorted((tmp_path / "events").iterdir())
    assert [folder.name.split("-seed")[0] for folder in folders] == ["net-0.2", "net-0.5"]
    for row in rows:
        (folder,) = [folder for folder in folders if folder.name.endswith(row["key"][:8])]
        events = accumulator.EventAccumulator(str(folder))
        events.Reload()
        curve = [event.value for event in events.Scalars("accuracy")]
        assert curve == pytest.approx(row["accuracy"])


def test_a_finished_bundle_needs_no_data(tmp_path, nets, monkeypatch):
    bundle(nets, tmp_path)
    list(train_bundle(plan(tmp_path)))
    monkeypatch.setattr(
        "topograph.training.bundle.running.load_data",
        lambda *_: pytest.fail("data were looked for"),
    )
    assert list(train_bundle(plan(tmp_path))) == []


def test_runs_of_another_plan_are_left_out_of_the_table(tmp_path, nets):
    manifest = bundle(nets, tmp_path)
    list(train_bundle(plan(tmp_path)))
    write_manifest(dataclasses.replace(manifest, n_steps=7), tmp_path)
    assert finished_rows(plan(tmp_path)) == []
    assert {row["n_steps"] for row in train_bundle(plan(tmp_path))} == {7}
    assert len(finished_rows(plan(tmp_path))) == 4
