"""Layered graphs as networkx graphs, and back."""

from __future__ import annotations

from typing import Any

from topograph.errors import ParameterError
from topograph.graph import LayeredGraph, check_holdable, described_layers, from_nodes


def to_networkx(graph: LayeredGraph) -> Any:
    """Return the graph as a ``networkx.MultiDiGraph`` with nodes ``(level, unit)``.

    Nodes have the attributes ``level`` and ``unit`` too. Each edge has the attribute ``layer``, the
    name of its layer; parallel layers give parallel edges. Isolated units are nodes too. The
    attribute ``layers`` of the graph names all layers, in JSON.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> sorted(to_networkx(broken_bridge()).successors((1, 0)))
    [(2, 0), (2, 1)]
    """
    import networkx as nx

    check_holdable(graph, "A graph of networkx")
    made = nx.MultiDiGraph(layers=described_layers(graph))
    for level, width in enumerate(graph.widths):
        made.add_nodes_from(
            ((level, unit), {"level": level, "unit": unit}) for unit in range(width)
        )
    for layer in graph.layers:
        sources, targets = layer.biadjacency.to_csr().nonzero()
        made.add_edges_from(
            (
                ((layer.source, source), (layer.target, target))
                for source, target in zip(sources.tolist(), targets.tolist(), strict=True)
            ),
            layer=layer.name,
        )
    return made


def from_networkx(graph: Any) -> LayeredGraph:
    """Return a networkx graph as a layered graph.

    Parameters
    ----------
    graph : networkx.DiGraph, MultiDiGraph, Graph or MultiGraph
        Where nodes have the attribute ``level``, that is their level, and ``unit``, if they have
        it, their number there; an undirected edge then leads to the higher level. Without levels
        the graph must be directed and without cycles: a node's level is the length of the longest
        path to it, and nodes without successor are put on the last level, a note says so. Edges
        with the attribute ``layer`` are in the layer of that name; else one layer joins each two
        levels. What edges weigh does not matter.

    Raises
    ------
    GraphError
        If the graph has a cycle, an edge within a level or back, or attributes that do not fit.
    ParameterError
        If it is no graph of networkx.

    Examples
    --------
    >>> import networkx as nx
    >>> from topograph.toy import shortcut
    >>> from_networkx(to_networkx(shortcut())).equals(shortcut())
    True
    >>> from_networkx(nx.DiGraph([("a", "b"), ("b", "c"), ("a", "c")])).widths
    (1, 1, 1)
    """
    import networkx as nx

    if not isinstance(graph, nx.Graph):
        raise ParameterError.expected("graph", "a graph of networkx", type(graph).__name__)
    nodes = list(graph.nodes)
    place = {node: number for number, node in enumerate(nodes)}
    edges = list(graph.edges(data="layer"))
    names = [name for _, _, name in edges]
    return from_nodes(
        [place[tail] for tail, _, _ in edges],
        [place[head] for _, head, _ in edges],
        len(nodes),
        levels=_attribute(graph, "level"),
        units=_attribute(graph, "unit"),
        names=None if all(name is None for name in names) else names,
        layers=graph.graph.get("layers"),
        is_directed=graph.is_directed(),
        labels=nodes,
    )


def _attribute(graph: Any, name: str) -> list[Any] | None:
    """Return the attribute of all nodes; None if no node has it."""
    found = [value for _, value in graph.nodes(data=name)]
    return None if all(value is None for value in found) else found
