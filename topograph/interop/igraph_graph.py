"""Layered graphs as igraph graphs, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from topograph.errors import MissingExtraError, ParameterError
from topograph.graph import LayeredGraph, check_holdable, described_layers, from_nodes


def to_igraph(graph: LayeredGraph) -> Any:
    """Return the graph as a directed ``igraph.Graph`` with vertex attributes.

    Vertices are numbered level by level and have the attributes ``level`` and ``unit``;
    edges have ``layer``, the name of their layer. Parallel layers give parallel edges. The
    attribute ``layers`` of the graph names all layers, in JSON.

    Raises
    ------
    MissingExtraError
        If igraph is not installed.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> to_igraph(broken_bridge()).vcount()
    8
    """
    igraph = _igraph()
    check_holdable(graph, "A graph of igraph")
    offsets = np.concatenate([[0], np.cumsum(graph.widths)])
    ends, names = [], []
    for layer in graph.layers:
        sources, targets = layer.biadjacency.to_csr().nonzero()
        ends.append(
            np.stack([sources + offsets[layer.source], targets + offsets[layer.target]], axis=1)
        )
        names += [layer.name] * sources.size
    levels = np.repeat(np.arange(graph.n_levels), graph.widths)
    units = np.arange(offsets[-1]) - offsets[levels]
    return igraph.Graph(
        n=int(offsets[-1]),
        edges=np.concatenate(ends).tolist(),
        directed=True,
        graph_attrs={"layers": described_layers(graph)},
        vertex_attrs={"level": levels.tolist(), "unit": units.tolist()},
        edge_attrs={"layer": names},
    )


def from_igraph(graph: Any) -> LayeredGraph:
    """Return an ``igraph.Graph`` as a layered graph.

    Parameters
    ----------
    graph : igraph.Graph
        With the vertex attributes ``level`` and ``unit`` and the edge attribute ``layer``, or
        without; as of `from_networkx`.

    Raises
    ------
    GraphError
        If the graph has a cycle, an edge within a level or back, or attributes that do not fit.
    ParameterError
        If it is no graph of igraph.
    MissingExtraError
        If igraph is not installed.

    Examples
    --------
    >>> from topograph.toy import shortcut
    >>> from_igraph(to_igraph(shortcut())).equals(shortcut())
    True
    """
    if not isinstance(graph, _igraph().Graph):
        raise ParameterError.expected("graph", "a graph of igraph", type(graph).__name__)
    ends = np.asarray(graph.get_edgelist(), dtype=np.int64).reshape(-1, 2)
    nodes, edges = graph.vs.attributes(), graph.es.attributes()
    return from_nodes(
        ends[:, 0],
        ends[:, 1],
        graph.vcount(),
        levels=graph.vs["level"] if "level" in nodes else None,
        units=graph.vs["unit"] if "unit" in nodes else None,
        names=graph.es["layer"] if "layer" in edges else None,
        layers=graph["layers"] if "layers" in graph.attributes() else None,
        is_directed=graph.is_directed(),
        labels=graph.vs["name"] if "name" in nodes else None,
    )


def _igraph() -> Any:
    try:
        import igraph
    except ImportError as error:
        raise MissingExtraError.of("igraph", "igraph") from error
    return igraph
