"""How often does each connected graph of four units occur?"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from topograph.graph import Layer, LayeredGraph
from topograph.metrics.clustering import CYCLE_STEPS, four_cycles, three_paths
from topograph.metrics.degrees import fans_in, fans_out
from topograph.metrics.registry import metric
from topograph.metrics.undirected import above, bipartite_view
from topograph.metrics.unrolling import unless_unrolled

MOTIF_EDGES = 10_000_000


def _too_costly(graph: LayeredGraph) -> str | None:
    edges = above(graph.n_edges, MOTIF_EDGES, "edges")
    if edges is not None:
        return edges
    degrees = [np.zeros(width, dtype=np.int64) for width in graph.widths]
    for layer in graph.layers:
        degrees[layer.source] += fans_out(layer)
        degrees[layer.target] += fans_in(layer)
    walks = [int(np.dot(each, each)) for each in degrees]
    steps = min(sum(walks[::2]), sum(walks[1::2]))
    return above(steps, CYCLE_STEPS, "common neighbours of two units")


@metric("both", unit="motifs", cost="quadratic", too_costly=unless_unrolled(_too_costly))
def motif_cycles(graph: LayeredGraph, layer: Layer | None = None) -> int:
    """Number of sets of four units that four edges join to a cycle, directions ignored.

    Four units without a cycle of three joined by edges are a cycle, a path or a star; the graph of
    a net without layers that skip an odd number of levels has no other 4-motifs. Edges of parallel
    layers between the same units count once.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer as a graph of its own; by default the whole net, in which a motif may reach over
        several layers.

    Returns
    -------
    int
        At least 0.

    Raises
    ------
    Undefined
        If a layer of the net skips an odd number of levels, so that cycles may have odd length.

    References
    ----------
    Milo et al., "Network motifs", Science 298, 2002; as metrics of sparse nets: Cunegatti et al.,
    TMLR 2024.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> motif_cycles(butterfly()), [motif_cycles(butterfly(), la) for la in butterfly().layers]
    (2, [0, 2])
    """
    return four_cycles(_view(graph, layer))


@metric("both", unit="motifs", cost="quadratic", too_costly=unless_unrolled(_too_costly))
def motif_paths(graph: LayeredGraph, layer: Layer | None = None) -> int:
    """Number of sets of four units that three edges join to a path and no fourth to a cycle.

    All walks over three edges without return, less four for each cycle of four edges; directions
    are ignored. See `motif_cycles`.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer as a graph of its own; the whole net by default.

    Returns
    -------
    int
        At least 0.

    Raises
    ------
    Undefined
        If a layer of the net skips an odd number of levels, so that cycles may have odd length.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> motif_paths(butterfly()), [motif_paths(butterfly(), la) for la in butterfly().layers]
    (40, [8, 0])
    """
    view = _view(graph, layer)
    return three_paths(view) - 4 * four_cycles(view)


@metric("both", unit="motifs", too_costly=unless_unrolled(_too_costly))
def motif_stars(graph: LayeredGraph, layer: Layer | None = None) -> int:
    """Number of sets of four units of which one has an edge to each of the others.

    `sum_u C(degree(u), 3)`, directions ignored. See `motif_cycles`.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer as a graph of its own; the whole net by default.

    Returns
    -------
    int
        At least 0.

    Raises
    ------
    Undefined
        If a layer of the net skips an odd number of levels, so that cycles may have odd length.

    Examples
    --------
    >>> from topograph.toy import butterfly, fano
    >>> motif_stars(butterfly()), motif_stars(fano())
    (16, 14)
    """
    view = _view(graph, layer)
    return _triples(fans_out(view)) + _triples(fans_in(view))


def _view(graph: LayeredGraph, layer: Layer | None) -> Layer:
    return bipartite_view(graph) if layer is None else layer


def _triples(degrees: Any) -> int:
    values, counts = np.unique(degrees, return_counts=True)
    pairs = zip(values.tolist(), counts.tolist(), strict=True)
    return sum(count * math.comb(degree, 3) for degree, count in pairs)
