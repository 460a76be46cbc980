from __future__ import annotations

import tracemalloc

import pytest

from tests.io.fuzz.searching import CAP
from topograph.io import limits


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.fixture(autouse=True)
def watched_memory(monkeypatch):
    monkeypatch.setenv(limits.VARIABLE, str(CAP))
    tracemalloc.start()
    yield
    tracemalloc.stop()
