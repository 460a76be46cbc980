"""How many edges are there, and how many of them carry anything?"""

from __future__ import annotations

import numpy as np

from topograph.counting import liveness
from topograph.errors import Undefined
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
    """Edges as a fraction of those that there would be without pruning.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer of the graph; the whole network by default.

    Returns
    -------
    float
        ``sum_k nnz(M_k) / sum_k possible_k`` over the layers with parameters, from 0 to 1. Fully
        connected layers have ``n_in n_out`` possible edges, convolutions those of the whole
        kernel. Sparsity is 1 - density. A structural layer (a skip connection, a pooling) has no
        parameters and counts in no sum; by itself its density is 1.

    Raises
    ------
    Undefined
        If no edge is possible: no layer has parameters, or the layer passes nothing on.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> density(butterfly())
    0.5
    """
    return sum(part.n_edges for part in _counted(graph, layer)) / _possible_edges(graph, layer)


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
    """Effective edges as a fraction of the edges that there would be without pruning.

    Parameters
    ----------
    graph : LayeredGraph
    layer : Layer, optional
        One layer of the graph; the whole network by default.

    Returns
    -------
    float
        From 0 to `density`, over the same layers; equal to it iff no edge of theirs is useless.

    Raises
    ------
    Undefined
        If no edge is possible: no layer has parameters, or the layer passes nothing on.

    References
    ----------
    Vysogorets & Kempe, "Connectivity matters", arXiv 2107.02306, JMLR 2023.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> round(effective_density(broken_bridge()), 4)
    0.3333
    """
    effective = sum(effective_edges(graph, part) for part in _counted(graph, layer))
    return effective / _possible_edges(graph, layer)


def _counted(graph: LayeredGraph, layer: Layer | None) -> tuple[Layer, ...]:
    return graph.weighted_layers if layer is None else (layer,)


def _possible_edges(graph: LayeredGraph, layer: Layer | None) -> int:
    possible = sum(part.n_possible_edges for part in _counted(graph, layer))
    if possible:
        return possible
    if layer is None:
        raise Undefined("no layer has parameters")
    raise Undefined("the layer has no possible edges")


@shared
def _effective_edges_by_layer(graph: LayeredGraph) -> dict[str, int]:
    found = liveness(graph)
    counts = {}
    for layer in graph.layers:
        heads = layer.biadjacency.backward(found.reaching[layer.target].astype(np.int64))
        counts[layer.name] = int(heads[found.reached[layer.source]].sum())
    return counts
