"""Do units that share a neighbour share others?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from topograph.errors import Undefined
from topograph.graph import Layer, LayeredGraph
from topograph.metrics.degrees import fans_in, fans_out
from topograph.metrics.products import product_blocks, product_steps
from topograph.metrics.registry import metric
from topograph.metrics.twins import columns_at, copies, rows_at, source_twins, target_twins
from topograph.metrics.unrolling import unless_unrolled
from topograph.sharing import shared

CYCLE_STEPS = 200_000_000


def _too_many_steps(graph: LayeredGraph) -> str | None:
    steps = sum(min(_steps_by_degrees(layer)) for layer in graph.layers)
    if steps <= CYCLE_STEPS:
        return None
    return (
        f"pairs of units with a common neighbour are counted by default up to {CYCLE_STEPS:,} "
        f"common neighbours, and there are up to {steps:,}; --all or --metric counts them"
    )


@metric("both", cost="quadratic", too_costly=unless_unrolled(_too_many_steps))
def robins_alexander_clustering(graph: LayeredGraph, layer: Layer | None = None) -> float:
    """Share of the paths of three edges inside layers that a fourth edge closes to a cycle.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer as an undirected bipartite graph of its own; all layers by default, each on
        its own, their cycles and their paths added up.

    Returns
    -------
    float
        ``4 C4 / L3``, from 0 to 1: ``C4`` counts the cycles of four edges (butterflies), each
        with four paths of three edges, and
        ``L3 = sum_{(i,j) in E} (fan-out(i) - 1) (fan-in(j) - 1)`` all such paths. It is 1 for
        a complete layer, 0 if no two units share two neighbours.

    Raises
    ------
    Undefined
        If there is no path of three edges.

    References
    ----------
    Robins & Alexander, "Small worlds among interlocking directors", Computational &
    Mathematical Organization Theory 10, 2004.

    Examples
    --------
    >>> from topograph.toy import butterfly, fano
    >>> [robins_alexander_clustering(butterfly(), layer) for layer in butterfly().layers]
    [0.0, 1.0]
    >>> robins_alexander_clustering(butterfly()), robins_alexander_clustering(fano())
    (0.5, 0.0)
    """
    layers = graph.layers if layer is None else (layer,)
    n_paths = sum(three_paths(each) for each in layers)
    if not n_paths:
        where = "the graph" if layer is None else "the layer"
        raise Undefined(f"{where} has no path of three edges inside a layer")
    return 4 * sum(four_cycles(each) for each in layers) / n_paths


@shared
def three_paths(layer: Layer) -> int:
    """Count the ways to lengthen an edge at both ends."""
    tails = np.maximum(fans_out(layer) - 1, 0)
    onward = layer.biadjacency.forward(tails)
    return sum((onward * np.maximum(fans_in(layer) - 1, 0)).tolist())


@shared
def four_cycles(layer: Layer) -> int:
    """Count pairs of units of one side with a pair of common neighbours.

    One of each class of twins is paired with one of each, weighted by their numbers.
    """
    by_rows, by_columns = _steps_by_degrees(layer)
    twins = source_twins(layer) if by_rows <= by_columns else target_twins(layer)
    _, units, sizes = np.unique(twins, return_index=True, return_counts=True)
    thinned = rows_at(layer, units) if by_rows <= by_columns else columns_at(layer, units).T.tocsr()
    counts = sizes.astype(object) if math.prod(layer.shape) ** 2 >= 2**63 else sizes
    pairs = -int(np.dot(counts, _choose_two(np.diff(thinned.indptr))))
    for start, block in product_blocks(thinned, thinned.T.tocsr()):
        first, second, common = _above_one(block)
        pairs += int(np.dot(counts[first + start] * counts[second], _choose_two(common)))
    return pairs // 2


def _steps_by_degrees(layer: Layer) -> tuple[int, int]:
    """Return what it costs at most to find the common neighbours of all rows, or of all columns."""
    (n_in, n_out), (rows, columns) = layer.shape, copies(layer)
    n_in, n_out = n_in // rows, n_out // columns
    inputs, outputs = fans_in(layer) // rows, fans_out(layer) // columns
    return (
        product_steps(int(np.dot(inputs, inputs)), n_in, layer.shape[1], n_in),
        product_steps(int(np.dot(outputs, outputs)), n_out, layer.shape[0], n_out),
    )


def _above_one(block: Any) -> tuple[Any, Any, Any]:
    """Return rows, columns and values of the entries above 1, sparse or dense."""
    if isinstance(block, np.ndarray):
        rows, columns = np.nonzero(block > 1)
        return rows, columns, block[rows, columns]
    places = np.flatnonzero(block.data > 1)
    rows = np.searchsorted(block.indptr, places, side="right") - 1
    return rows, block.indices[places], block.data[places]


def _choose_two(counts: Any) -> Any:
    whole = counts.astype(np.int64)
    return whole * (whole - 1) // 2
