from __future__ import annotations

import subprocess
import sys

import pytest

from topograph.training import heap

FAULTS = """
import resource, sys
import torch
from topograph.training.heap import keep_freed_memory
kept = sys.argv[1] == "keep" and keep_freed_memory()
torch.set_num_threads(1)
for _ in range(3):
    torch.ones(2**24)  # 64 MiB
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    torch.ones(2**24)
print(kept, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(what):
    command = [sys.executable, "-c", FAULTS, what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kept, count = done.stdout.split()
    return kept == "True", int(count)


def test_memory_that_was_freed_is_used_again():
    pytest.importorskip("resource", reason="page faults are counted on Unix alone")
    kept, count = faults("keep")
    if not kept:
        pytest.skip("the C library is not that of GNU")
    assert count < 100
    _, without = faults("give back")
    assert without > 10 * max(count, 10)


def test_another_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: object())
    assert not heap.keep_freed_memory()
