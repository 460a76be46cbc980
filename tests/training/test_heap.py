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
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    torch.ones(2**24)  # 64 MiB
faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(kept, faults * resource.getpagesize() / 2**26)
"""


def fresh_arrays(what):
    """Return whether memory is kept, and how many of twenty equal arrays came page by page."""
    command = [sys.executable, "-c", FAULTS, what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    kept, fresh = done.stdout.split()
    return kept == "True", float(fresh)


def test_memory_that_was_freed_is_used_again():
    pytest.importorskip("resource", reason="page faults are counted on Unix alone")
    kept, fresh = fresh_arrays("keep")
    if not kept:
        pytest.skip("the C library is not that of GNU")
    # a small object between two arrays can make the next one too large for the place of the last:
    # of forty processes, 24 took one place, 16 took two, the second as late as the third array
    _, without = fresh_arrays("give back")
    assert fresh < without / 3


def test_another_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda _: object())
    assert not heap.keep_freed_memory()
