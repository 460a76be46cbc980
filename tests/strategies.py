"""Strategies for the project's own tests, on top of the public ones of `topograph.testing`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from topograph.biadjacency import Sparse
from topograph.generators import append_dense
from topograph.graph import LayeredGraph, chain
from topograph.testing import (
    kronecker_layers,
    layered_graphs,
    masks,
    radix_nets,
    radix_specifications,
)

__all__ = [
    "biregular_masks",
    "kronecker_layers",
    "layered_graphs",
    "masks",
    "radix_nets",
    "radix_specifications",
    "relabelled",
    "symmetric_nets",
]


@st.composite
def biregular_masks(draw: st.DrawFn, max_width: int = 8) -> npt.NDArray[np.int64]:
    """Bipartite graphs in which all inputs have one fan-out and all outputs one fan-in."""
    n_in = draw(st.integers(1, max_width))
    n_out = draw(st.integers(1, max_width))
    step = n_out // math.gcd(n_in, n_out)
    fan_out = step * draw(st.integers(1, n_out // step))
    mask = np.zeros((n_in, n_out), dtype=np.int64)
    edges = np.arange(n_in * fan_out)
    mask[edges // fan_out, edges % n_out] = 1
    for _ in range(draw(st.integers(0, 8))):
        _switch(mask, draw(st.integers(0, 2**16)))
    return mask


def _switch(mask: npt.NDArray[np.int64], seed: int) -> None:
    """Swap the ends of two edges where that gives a simple graph: all degrees stay."""
    rows, columns = np.nonzero(mask)
    one, other = np.random.default_rng(seed).integers(rows.size, size=2)
    a, b, i, j = rows[one], rows[other], columns[one], columns[other]
    if not mask[a, j] and not mask[b, i]:
        mask[[a, b], [i, j]] = 0
        mask[[a, b], [j, i]] = 1


@st.composite
def relabelled(draw: st.DrawFn, nets: st.SearchStrategy[LayeredGraph]) -> LayeredGraph:
    """Chains with the units of every level in another order."""
    net = draw(nets)
    orders = [np.array(draw(st.permutations(range(width)))) for width in net.widths]
    matrices: list[Any] = [layer.biadjacency.to_csr().toarray() for layer in net.layers]
    return chain(
        [
            Sparse.from_matrix(matrix[before][:, after])
            for matrix, before, after in zip(matrices, orders, orders[1:], strict=False)
        ]
    )


@st.composite
def symmetric_nets(draw: st.DrawFn) -> LayeredGraph:
    """Nets with the same positive number of paths between all inputs and outputs."""
    net = draw(radix_nets(max_base=8, max_systems=2, max_dense=2))
    if draw(st.booleans()):
        net = append_dense(net, draw(st.integers(1, 3)))
    return draw(relabelled(st.just(net))) if draw(st.booleans()) else net
