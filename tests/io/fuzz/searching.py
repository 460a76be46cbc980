"""How many files are tried, and what must hold of each?"""

from __future__ import annotations

import os
import tracemalloc

from hypothesis import HealthCheck, settings

from topograph.errors import TopographError
from topograph.graph import LayeredGraph
from topograph.io import read

TIMES = int(os.environ.get("TOPOGRAPH_FUZZ", "1"))  # for a longer search
CAP = 1 << 20
SLACK = 4 << 20  # blocks, caches and the objects of Python, whatever the file

fuzz = settings(max_examples=100 * TIMES, suppress_health_check=list(HealthCheck), deadline=None)


def check(path):
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        graph = read(path)
    except TopographError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017
        assert error.message.isprintable()  # noqa: PT017
        assert len(error.message) < 1000  # noqa: PT017
    else:
        assert isinstance(graph, LayeredGraph)
        assert graph.n_edges >= 0
    assert tracemalloc.get_traced_memory()[1] - before < 2 * CAP + SLACK
