"""Bundles trained by several processes, and by some that are killed."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import textwrap
import time

from tests.training.bundle.short_runs import SHORT, bundle, comparable, plan
from topograph.training.bundle import finished_rows, make_bundle, train_bundle
from topograph.training.bundle.running import checkpoint_of, chunks_left


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
    long = dataclasses.replace(SHORT, n_steps=1000)  # seconds, of which the kills take tenths
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
    ages, deadline = None, time.monotonic() + 60
    while ages != (ages := ages_in(checkpoints)) and time.monotonic() < deadline:
        time.sleep(2)
    assert time.monotonic() < deadline


def ages_in(checkpoints):
    return sorted(path.stat().st_mtime for path in checkpoints.glob("*.safetensors"))
