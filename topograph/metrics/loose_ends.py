"""Which units and edges lead nowhere, seen from their nearest neighbours alone?

Cunegatti et al. look one step around a unit; `topograph.metrics.units` follows whole paths. So a
sink or a source is dead, but a dead unit need not be one.
"""

from __future__ import annotations

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.graph import LayeredGraph
from topograph.metrics.degrees import fans_in, fans_out
from topograph.metrics.registry import metric
from topograph.sharing import shared


@shared
def _degrees(graph: LayeredGraph) -> tuple[list[Values], list[Values]]:
    """Return the in-degrees and the out-degrees of the units, level by level, over all layers."""
    into = [np.zeros(width, dtype=np.int64) for width in graph.widths]
    out_of = [np.zeros(width, dtype=np.int64) for width in graph.widths]
    for layer in graph.layers:
        into[layer.target] += fans_in(layer)
        out_of[layer.source] += fans_out(layer)
    return into, out_of


def _sinks(graph: LayeredGraph) -> list[Values]:
    """Return, for every level but the last, the in-degrees of its sinks."""
    into, out_of = _degrees(graph)
    return [
        arriving[(leaving == 0) & (arriving > 0)]
        for arriving, leaving in zip(into[:-1], out_of[:-1], strict=True)
    ]


def _sources(graph: LayeredGraph) -> list[Values]:
    """Return, for every level but the first, the out-degrees of its sources."""
    into, out_of = _degrees(graph)
    return [
        leaving[(arriving == 0) & (leaving > 0)]
        for arriving, leaving in zip(into[1:], out_of[1:], strict=True)
    ]


@metric("network", unit="units", better="less")
def sink_units(graph: LayeredGraph) -> int:
    """Number of units with inputs but no output, output units apart.

    Returns
    -------
    int
        Units with ``in-degree > 0`` and ``out-degree = 0``, degrees counted over all layers
        of the network. From 0 to the number of hidden units.

    References
    ----------
    Cunegatti, Farina, Bucur & Iacca, "Understanding sparse neural networks from their topology
    via multipartite graph representations", TMLR 2024.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> sink_units(broken_bridge())
    0
    """
    return sum(found.size for found in _sinks(graph))


@metric("network", unit="units", better="less")
def source_units(graph: LayeredGraph) -> int:
    """Number of units with outputs but no input, input units apart.

    Returns
    -------
    int
        Units with ``in-degree = 0`` and ``out-degree > 0``, degrees counted over all layers
        of the network. From 0 to the number of hidden units.

    References
    ----------
    Cunegatti, Farina, Bucur & Iacca, "Understanding sparse neural networks from their topology
    via multipartite graph representations", TMLR 2024.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> source_units(broken_bridge())
    1
    """
    return sum(found.size for found in _sources(graph))


@metric("network", unit="units", better="less")
def disconnected_units(graph: LayeredGraph) -> int:
    """Number of units, of all levels, without any edge.

    Returns
    -------
    int
        Units with ``in-degree = out-degree = 0``, inputs and outputs included. From 0 to the
        sum of the widths.

    References
    ----------
    Cunegatti, Farina, Bucur & Iacca, "Understanding sparse neural networks from their topology
    via multipartite graph representations", TMLR 2024.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> disconnected_units(broken_bridge())
    1
    """
    pairs = zip(*_degrees(graph), strict=True)
    return sum(int(((into == 0) & (out_of == 0)).sum()) for into, out_of in pairs)


@metric("network", unit="edges", better="less")
def removable_in_edges(graph: LayeredGraph) -> int:
    """Number of edges that leave units without an input, input units apart.

    They carry nothing, because nothing comes in. Those that they make useless in their turn
    are not counted: `effective_edges` follows whole paths.

    Returns
    -------
    int
        The sum of the out-degrees of the units that `source_units` counts; from 0 to the
        number of edges.

    References
    ----------
    Cunegatti, Farina, Bucur & Iacca, "Understanding sparse neural networks from their topology
    via multipartite graph representations", TMLR 2024; r-in in its data.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> removable_in_edges(broken_bridge())
    1
    """
    return sum(int(found.sum()) for found in _sources(graph))


@metric("network", unit="edges", better="less")
def removable_out_edges(graph: LayeredGraph) -> int:
    """Number of edges that enter units without an output, output units apart.

    They carry nothing on, because nothing goes out. Those that they make useless in their
    turn are not counted: `effective_edges` follows whole paths.

    Returns
    -------
    int
        The sum of the in-degrees of the units that `sink_units` counts; from 0 to the number
        of edges.

    References
    ----------
    Cunegatti, Farina, Bucur & Iacca, "Understanding sparse neural networks from their topology
    via multipartite graph representations", TMLR 2024; r-out in its data.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> removable_out_edges(broken_bridge())
    0
    """
    return sum(int(found.sum()) for found in _sinks(graph))
