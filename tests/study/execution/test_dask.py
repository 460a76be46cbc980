"""A study on the workers of a scheduler that runs apart."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

import pytest

from tests.study.small_studies import UNIFORM, comparable, run, study
from topograph.study.execution.store import stored_rows

pytestmark = pytest.mark.slow  # three processes that import PyTorch, and as many of dask

SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@contextlib.contextmanager
def cluster(folder):
    """A scheduler and two workers, and the scheduler's address."""
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path), OMP_NUM_THREADS="1")
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    started = []

    def start(*arguments):
        started.append(subprocess.Popen([*dask, *arguments], env=environment, cwd=folder, **SILENT))

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
              "--scheduler-file", str(file))  # fmt: skip
        for _ in range(2):
            start("worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny",
                  "--no-dashboard", "--host", "127.0.0.1")  # fmt: skip
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and not file.exists():
            time.sleep(0.05)
        import json

        yield json.loads(file.read_text())["address"]
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_workers_elsewhere_give_what_one_process_gives(tmp_path):
    pytest.importorskip("distributed")
    specification = study(topologies=[UNIFORM | {"count": 4}], seeds=2, n_validation=200)
    assert run(specification, tmp_path / "here", members=2) == 8
    with cluster(tmp_path) as address:
        there = tmp_path / "there"
        options = {"members": 2, "backend": "dask", "scheduler": address}
        assert run(specification, there, **options) == 8
    assert comparable(stored_rows(there)) == comparable(stored_rows(tmp_path / "here"))
