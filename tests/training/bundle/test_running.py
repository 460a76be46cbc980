from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from topograph.errors import ParameterError, ReadError
from topograph.io import read_convolution_masks
from topograph.metrics import path_count
from topograph.pruning import prune_random, save_masks
from topograph.training import MODERN, build_model, load_data
from topograph.training.bundle import (
    RunPlan,
    collect_bundle,
    finished_rows,
    make_bundle,
    read_results,
    summarise,
    train_bundle,
    write_table,
)
from topograph.training.bundle.manifest import write_manifest
from topograph.training.bundle.model_mask_files import (
    model_masks_digest,
    read_model_masks,
    write_model_masks,
)
from topograph.training.bundle.running import checkpoint_of, chunks_left
from topograph.training.bundle.units import chunks_of, units_of

SHORT = dataclasses.replace(MODERN, n_epochs=None, n_steps=25)


def bundle(nets, folder, **options):
    return make_bundle(nets, "digits", SHORT, folder, **{"seeds": (0, 1), **options})


def plan(folder, **options):
    return RunPlan(folder, **{"engine": "dense", **options})


def comparable(rows):
    """Rows without what differs from run to run."""
    varying = {"seconds", "peak_memory_bytes", "members", "topograph"}
    kept = [{key: row[key] for key in row if key not in varying} for row in rows]
    return sorted(kept, key=lambda row: row["key"])


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


def test_two_processes_give_what_one_gives(tmp_path, nets):
    for name in ("one", "two"):
        bundle(nets, tmp_path / name)
    one = list(train_bundle(plan(tmp_path / "one", members=1)))
    two = list(train_bundle(plan(tmp_path / "two", members=1, workers=2)))
    drop = {"device"}  # its number of threads
    assert [{key: row[key] for key in row if key not in drop} for row in comparable(one)] == [
        {key: row[key] for key in row if key not in drop} for row in comparable(two)
    ]


KILLED = """
    import sys, torch
    from pathlib import Path
    from topograph.training.bundle import RunPlan, train_bundle
    torch.set_num_threads(1)
    for row in train_bundle(RunPlan(Path(sys.argv[1]), engine="dense")):
        print(row["key"], flush=True)
"""


def test_killed_at_any_moment_it_goes_on_from_the_last_epoch(tmp_path, nets):
    long = dataclasses.replace(SHORT, n_steps=200)
    for name in ("whole", "killed"):
        make_bundle(nets, "digits", long, tmp_path / name, seeds=(0, 1))
    whole = list(train_bundle(plan(tmp_path / "whole")))
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    checkpoints, kills = tmp_path / "killed" / "checkpoints", 0
    for pause in (0.02, 0.05, 0.1):
        began = time.time()
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "killed")],
            env=environment,
            stdout=subprocess.DEVNULL,
        )
        while process.poll() is None and time.time() < began + 180:
            if any(path.stat().st_mtime > began for path in checkpoints.glob("*.safetensors")):
                time.sleep(pause)  # an epoch of its own is done
                process.send_signal(signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.005)
        process.wait()
    assert kills == 3
    rest = list(train_bundle(plan(tmp_path / "killed")))
    assert rest
    assert comparable(finished_rows(plan(tmp_path / "killed"))) == comparable(
        json.loads(json.dumps(whole))
    )


@pytest.fixture
def convolutions(tmp_path):
    """Masks of a LeNet-5 for the digits, in a file."""
    module = build_model("lenet-5", (1, 8, 8))
    pruned = prune_random(module, 0.7, seed=2)
    path = tmp_path / "conv.npz"
    save_masks(pruned, module, path, input_shape=(1, 8, 8), provenance={"model": "lenet-5"})
    return path


def test_masks_of_convolutions_travel_and_train(tmp_path, nets, convolutions):
    masks = nets | {"conv": read_convolution_masks(convolutions)}
    manifest = bundle(masks, tmp_path / "b", seeds=(0,), with_proxies=True, rate_factors=(1, 2))
    sizes = {
        unit.mask.kind: len(chunk.units) for chunk in chunks_of(manifest, 9) for unit in chunk.units
    }
    assert sizes == {"chain": 2, "model": 1}
    assert [mask.kind for mask in manifest.masks] == ["chain", "chain", "model"]
    rows = {row["name"]: row for row in train_bundle(RunPlan(tmp_path / "b", workers=2))}
    assert rows["conv"]["engine"] == "module"
    assert rows["conv"]["trained_edges"] == rows["conv"]["n_edges"]
    assert "convolutions" in rows["conv"]["undefined.proxies"]
    for engine in ("dense", "kernel", "sparse", "radix"):
        bundle({"conv": masks["conv"]}, tmp_path / engine, seeds=(0,))
        with pytest.raises(ParameterError, match="module"):
            list(train_bundle(RunPlan(tmp_path / engine, engine=engine)))
    assert rows["conv"]["density"] == pytest.approx(0.3, abs=0.001)
    assert len(rows["conv"]["gradient_norms"][0]) == 4
    assert rows["net-0.5"]["proxy.synflow_total"] is not None
    assert "proxy.synflow_total" not in rows["conv"]
    table = collect_bundle(tmp_path / "b", ["density"])
    assert {row["name"] for row in table} == set(masks)
    with pytest.raises(ParameterError, match="edge_threshold"):
        bundle(masks, tmp_path / "c", edge_threshold=0.1)
    for change in ({"batch_norm": True}, {"biases": False}):
        recipe = dataclasses.replace(SHORT, **change)
        with pytest.raises(ParameterError, match="biases"):
            make_bundle(masks, "digits", recipe, tmp_path / "c")


def test_masks_of_a_model_that_were_changed_are_refused(tmp_path, convolutions):
    found = read_convolution_masks(convolutions)
    manifest = bundle({"conv": found}, tmp_path / "b", seeds=(0,))
    (path,) = (tmp_path / "b" / "masks").iterdir()
    assert path.stem == manifest.masks[0].digest == model_masks_digest(found.masks)
    again = read_model_masks(path, path.stem)
    assert {name: mask.tolist() for name, mask in again.items()} == {
        name: mask.tolist() for name, mask in found.masks.items()
    }
    changed = {name: mask.copy() for name, mask in found.masks.items()}
    changed["fc2.weight"][0, 0] ^= True
    write_model_masks(changed, path)
    with pytest.raises(ReadError, match="digest"):
        list(train_bundle(plan(tmp_path / "b", engine="module")))
    path.write_bytes(b"no masks")
    with pytest.raises(ReadError, match="damaged"):
        read_model_masks(path, path.stem)
    found.header["provenance"]["model"] = "lenet-6"
    with pytest.raises(ParameterError, match="lenet-6"):
        bundle({"conv": found}, tmp_path / "d")


def test_packed_data_need_no_other(tmp_path, nets, monkeypatch):
    bundle(nets, tmp_path, pack=load_data("digits"))
    monkeypatch.setattr(
        "topograph.training.bundle.running.load_data",
        lambda *_: pytest.fail("data were looked for"),
    )
    assert len(list(train_bundle(plan(tmp_path)))) == 4


def test_collected_rows_have_the_metrics_of_their_masks(tmp_path, nets):
    bundle(nets, tmp_path)
    rows = list(train_bundle(plan(tmp_path)))
    table = collect_bundle(tmp_path)
    assert [row["key"] for row in table] == [row["key"] for row in rows]
    for row in table:
        assert row["metric.path_count"] == path_count(nets[row["name"]])
    few = collect_bundle(tmp_path, ["density"])
    assert {key for key in few[0] if key.startswith("metric.")} == {"metric.density"}
    for ending in ("csv", "jsonl", "parquet"):
        if ending == "parquet":
            pl = pytest.importorskip("polars")
        path = tmp_path / f"table.{ending}"
        write_table(table, path)
        if ending == "parquet":
            frame = pl.read_parquet(path)
            assert frame["test_accuracy"].to_list() == [row["test_accuracy"] for row in rows]
            assert frame["accuracy"].to_list()[0] == list(rows[0]["accuracy"])
        else:
            assert len(path.read_text().splitlines()) == len(rows) + (ending == "csv")
    with pytest.raises(ParameterError, match="parquet"):
        write_table(table, tmp_path / "table.xlsx")


def test_numbers_beyond_all_columns(tmp_path):
    pl = pytest.importorskip("polars")
    rows = [{"a": 2**70, "b": 10**400}, {"a": 3, "b": 1}]
    write_table(rows, tmp_path / "t.parquet")
    frame = pl.read_parquet(tmp_path / "t.parquet")
    assert frame["a"].to_list() == [2.0**70, 3.0]
    write_table(rows, tmp_path / "t.jsonl")
    assert json.loads((tmp_path / "t.jsonl").read_text().splitlines()[0])["b"] == 10**400


def test_a_summary_counts_failures():
    row = {"mask": "m", "name": "n", "density": 0.1, "rate_factor": 1.0, "seconds": 4, "members": 2}
    good = {"test_accuracy": 0.9, "untrained": False, "diverged": False}
    rows = [
        row | good | {"classes_never_predicted": []},
        row | good | {"test_accuracy": 0.7, "classes_never_predicted": [3]},
        row
        | {"test_accuracy": None, "untrained": True, "diverged": True}
        | {"classes_never_predicted": None},
    ]
    (found,) = summarise(rows)
    assert (found.n_runs, found.n_untrained, found.n_diverged) == (3, 1, 1)
    assert found.n_missing_classes == 1
    assert found.accuracy.mean == pytest.approx(0.8)
    half = 12.7062 * 0.141421 * 1.5**0.5  # t(.975, 1) = 12.7062, deviation of .9 and .7
    assert found.accuracy.high - found.accuracy.mean == pytest.approx(half, rel=1e-4)
    assert found.seconds_a_net == 2


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


def test_what_another_process_is_at_is_left_to_it(tmp_path, nets):
    bundle(nets, tmp_path)
    chunks, _ = chunks_left(plan(tmp_path))
    path = checkpoint_of(plan(tmp_path), chunks[0]).with_suffix(".lock")
    path.parent.mkdir()
    held = "import sys, time; from pathlib import Path\n"
    held += "from topograph.training.bundle.locks import locked\n"
    held += "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    other = subprocess.Popen(
        [sys.executable, "-c", held, str(path)], env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout.readline() == "held\n"
        first = {row["key"] for row in train_bundle(plan(tmp_path))}
    finally:
        other.kill()
        other.wait()
        other.stdout.close()
    theirs = {unit.key for unit in chunks[0].units}
    assert first == {unit.key for chunk in chunks[1:] for unit in chunk.units}
    assert {row["key"] for row in train_bundle(plan(tmp_path))} == theirs


def test_runs_of_another_plan_are_left_out_of_the_table(tmp_path, nets):
    manifest = bundle(nets, tmp_path)
    list(train_bundle(plan(tmp_path)))
    write_manifest(dataclasses.replace(manifest, n_steps=7), tmp_path)
    assert finished_rows(plan(tmp_path)) == []
    assert {row["n_steps"] for row in train_bundle(plan(tmp_path))} == {7}
    assert len(finished_rows(plan(tmp_path))) == 4


def test_workers_end_with_the_one_that_started_them(tmp_path, nets):
    long = dataclasses.replace(SHORT, n_steps=200_000)
    make_bundle(nets, "digits", long, tmp_path, seeds=(0, 1))
    code = "import sys; from pathlib import Path\n"
    code += "from topograph.training.bundle import RunPlan, train_bundle\n"
    code += "if __name__ == '__main__':\n"
    code += "    list(train_bundle(RunPlan(Path(sys.argv[1]), engine='dense', workers=2)))\n"
    script = tmp_path / "run.py"
    script.write_text(code)
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    parent = subprocess.Popen([sys.executable, script, str(tmp_path)], env=environment)
    checkpoints = tmp_path / "checkpoints"
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and not list(checkpoints.glob("*.safetensors")):
        time.sleep(0.1)
    assert list(checkpoints.glob("*.safetensors"))
    parent.kill()
    parent.wait()
    time.sleep(3)
    ages = [path.stat().st_mtime for path in checkpoints.glob("*.safetensors")]
    time.sleep(2)
    assert ages == [path.stat().st_mtime for path in checkpoints.glob("*.safetensors")]
