"""A study whose processes are killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from topograph.study.design import read_study
from topograph.study.design.preregistration import register
from topograph.study.design.units import count_runs
from topograph.study.execution.store import RESULTS, stored_rows

from tests.study.small_studies import FILE, comparable, run  # isort: skip

KILLS = 3


def size_of(folder):
    return sum(path.stat().st_size for path in (folder / RESULTS).glob("*.jsonl"))


def test_killed_at_any_moment_a_study_ends_as_if_nothing_had_been(tmp_path):
    pytest.importorskip("sklearn")
    file = tmp_path / "small.toml"
    file.write_text(FILE.format(count=40))
    specification, folder = read_study(file), tmp_path / "killed"
    register(specification, folder)
    command = [sys.executable, "-m", "topograph_cli", "study", "run", str(file), "--quiet"]
    command += ["--folder", str(folder), "--members", "2", "--engine", "sparse", "--device", "cpu"]
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    pauses = random.Random(1)  # noqa: S311
    killed = []
    for _ in range(KILLS):
        before = size_of(folder)
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 240
            while process.poll() is None and time.monotonic() < deadline:
                if size_of(folder) > before:  # a chunk of its own is done
                    time.sleep(pauses.uniform(0, 0.1))
                    break
                time.sleep(0.002)
        finally:
            process.send_signal(signal.SIGKILL)
            killed.append(process.wait())
    left = count_runs(specification) - len(stored_rows(folder))
    assert killed == [-signal.SIGKILL] * KILLS
    assert 0 < left < count_runs(specification)
    assert run(specification, folder, members=2) == left
    rows = stored_rows(folder)
    assert len(rows) == count_runs(specification) == 168
    lines = b"".join(path.read_bytes() for path in (folder / RESULTS).glob("*.jsonl"))
    assert lines.count(b"\n") == len(rows)
    run(specification, tmp_path / "whole", members=2)
    assert comparable(rows) == comparable(stored_rows(tmp_path / "whole"))
