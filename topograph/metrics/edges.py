"""How many edges are there, and how many of them carry anything?"""

from __future__ import annotations

import numpy as np

from topograph.counting import liveness
from topograph.graph import Layer, LayeredGraph
from topograph.metrics.registry import metric
from topograph.sharing import shared


@metric("both", unit="edges")
def edge_count(graph: LayeredGraph, layer: Layer | None = None) -> int:
    """Number of edges.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer of the graph; the whole network by default.

    Returns
    -------
    int
        ``sum_k nnz(M_k)``, at least 0.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> edge_count(butterfly())
    16
    """
    return graph.n_edges if layer is None else layer.n_edges


@metric("both")
def density(graph: LayeredGraph, layer: Layer | None = None) -> float:
    """Edges as a fraction of those of dense layers in the same places.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer of the graph; the whole network by default.

    Returns
    -------
    float
        ``sum_k nnz(M_k) / sum_k (n_in n_out)_k``, from 0 to 1. Sparsity is 1 - density.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> density(butterfly())
    0.5
    """
    part: LayeredGraph | Layer = graph if layer is None else layer
    return part.n_edges / part.n_possible_edges


@metric("both", unit="edges")
def effective_edges(graph: LayeredGraph, layer: Layer | None = None) -> int:
    """Number of edges that lie on some input-output path.

    An edge is effective iff its tail is reached by some input and its head reaches some
    output: one boolean sweep each way decides all of them.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer of the graph; the whole network by default.

    Returns
    -------
    int
        ``sum_k f^T M_k b``, with f and b the indicators of reached and of reaching units.

    References
    ----------
    Vysogorets & Kempe, "Connectivity matters", arXiv 2107.02306, JMLR 2023.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> effective_edges(broken_bridge())
    5
    """
    by_layer = _effective_edges_by_layer(graph)
    return sum(by_layer.values()) if layer is None else by_layer[layer.name]


@metric("both")
def effective_density(graph: LayeredGraph, layer: Layer | None = None) -> float:
    """Effective edges as a fraction of the edges of dense layers.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer of the graph; the whole network by default.

    Returns
    -------
    float
        From 0 to `density`; equal to it iff no edge is useless.

    References
    ----------
    Vysogorets & Kempe, "Connectivity matters", arXiv 2107.02306, JMLR 2023.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> round(effective_density(broken_bridge()), 4)
    0.3333
    """
    part: LayeredGraph | Layer = graph if layer is None else layer
    return effective_edges(graph, layer) / part.n_possible_edges


@shared
def _effective_edges_by_layer(graph: LayeredGraph) -> dict[str, int]:
    found = liveness(graph)
    counts = {}
    for layer in graph.layers:
        heads = layer.biadjacency.backward(found.reaching[layer.target].astype(np.int64))
        counts[layer.name] = int(heads[found.reached[layer.source]].sum())
    return counts
