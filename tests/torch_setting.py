"""What the tests that need PyTorch share: one thread, the CPU, the digits; skipped without it."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

HAS_TORCH = importlib.util.find_spec("torch") is not None
collect_ignore_glob = [] if HAS_TORCH else ["*.py"]

if HAS_TORCH:
    import torch

    torch.set_num_threads(1)  # two threads on a busy core are slower than one


@pytest.fixture(autouse=True)
def on_the_cpu(request, monkeypatch):
    """Compute where results can be compared to the last bit, unless a test is for the GPU."""
    if not request.node.get_closest_marker("gpu"):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="session")
def digits():
    """The digits, as the modern recipe wants them."""
    from topograph.training import MODERN, load_data, prepare

    pytest.importorskip("sklearn")
    return prepare(load_data("digits"), MODERN)
