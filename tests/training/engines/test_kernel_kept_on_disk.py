"""Does it matter whether the kernel was compiled just now, or kept on disk?"""

from __future__ import annotations

import hashlib
import inspect
import os
import subprocess
import sys

import pytest

pytest.importorskip("numba")
pytest.importorskip("sklearn")

TRAIN = """
import hashlib
import torch
from topograph.generators import family_net
from topograph.training import MODERN, load_data, prepare
from topograph.training.engines.kernel import KernelEngine
from topograph.training.engines.member import Member

data = prepare(load_data("digits"), MODERN)
net = family_net("uniform", (64, 48, 32, 10), 0.2, seed=1)

engine = KernelEngine([Member.of_graph(net)], data, MODERN, torch.device("cpu"))
order = torch.arange(100 * 64).view(100, 64) % len(data.train_labels)
losses = engine.advance(order, [0.5] * 100)
print(hashlib.sha256(repr(losses.tolist()).encode()).hexdigest())
"""


def test_a_kernel_from_disk_gives_the_bits_of_one_just_compiled(tmp_path):
    """Rounding once hung on it: two compilations of one function rounded differently."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", TRAIN]
    found = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert list(tmp_path.rglob("*.nbc"))
    assert found[0] == found[1]
    assert len(found[0].strip()) == 64


def test_compiled_loops_are_kept_under_a_name_that_tells_of_what_they_call():
    from topograph.training.engines import kernel_arrays, kernel_loops, kernel_passes

    called = "".join(map(inspect.getsource, (kernel_arrays, kernel_passes)))
    digest = hashlib.sha256(called.encode()).hexdigest()
    for function in (kernel_loops.train, kernel_loops.infer):
        kept = function.py_func.__qualname__.rpartition("_")[2]
        assert len(kept) == 16
        assert digest.startswith(kept)
