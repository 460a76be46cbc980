"""The path matrix P = M_1 ... M_L, a block of pairs at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from topograph.graph import LayeredGraph
from topograph.propagation import Algebra, arrive

V = TypeVar("V")
_BLOCK_VALUES = 1 << 22  # values of one level held at once


def pairs_run_backward(graph: LayeredGraph) -> bool:
    """Whether blocks of pairs are columns of P (outputs, swept backward) or rows of it."""
    return graph.n_outputs <= graph.n_inputs


def pair_block_width(graph: LayeredGraph) -> int:
    """Return how many starting units are swept at once."""
    return max(1, min(256, _BLOCK_VALUES // max(graph.widths)))


def pair_blocks(
    graph: LayeredGraph, algebra: Algebra[V], units: npt.ArrayLike | None = None
) -> Iterator[tuple[npt.NDArray[np.int64], V]]:
    """Yield blocks of the path matrix, swept from its narrower side.

    Parameters
    ----------
    graph : LayeredGraph
    algebra : Algebra
        Of which kind the entries are.
    units : array_like of int, optional
        Starting units: outputs if `pairs_run_backward`, else inputs; all by default.

    Yields
    ------
    units : ndarray of int64, shape (k,)
        The starting units of this block.
    values : V, shape (n_in, k) or (n_out, k)
        Column ``c`` holds the pairs of ``units[c]`` with every unit of the other end.
    """
    backward = pairs_run_backward(graph)
    width = graph.n_outputs if backward else graph.n_inputs
    chosen = np.arange(width) if units is None else np.asarray(units, dtype=np.int64)
    step = pair_block_width(graph)
    for first in range(0, chosen.size, step):
        block = chosen[first : first + step]
        start = np.zeros((width, block.size), dtype=np.int64)
        start[block, np.arange(block.size)] = 1
        yield block, arrive(graph, start, algebra, "backward" if backward else "forward")
