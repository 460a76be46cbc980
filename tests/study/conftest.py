from __future__ import annotations

import contextlib

import pytest


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Small products on two threads of a busy machine take many times as long."""
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        limits = contextlib.nullcontext()
    else:
        limits = threadpool_limits(1)
    with limits:
        yield
