"""What is the graph when directions are ignored?"""

from __future__ import annotations

from typing import Any

import numpy as np

from topograph.biadjacency import Sparse
from topograph.errors import Undefined
from topograph.graph import Layer, LayeredGraph, check_holdable
from topograph.sharing import shared


@shared
def undirected_edges(graph: LayeredGraph) -> Any:
    """Return the pairs of units that an edge joins, units numbered level by level, each pair once.

    Returns
    -------
    ndarray of int64, shape (n_pairs, 2)
        Sorted; edges of parallel layers between the same units are one.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> undirected_edges(broken_bridge()).tolist()
    [[0, 3], [1, 4], [3, 6], [3, 7], [4, 7], [5, 7]]
    """
    check_holdable(graph, "The undirected graph")
    offsets = np.concatenate([[0], np.cumsum(graph.widths)])
    n_units = int(offsets[-1])
    keys = []
    for layer in graph.layers:
        sources, targets = layer.biadjacency.to_csr().nonzero()
        tails = sources.astype(np.int64) + offsets[layer.source]
        keys.append(tails * n_units + targets + offsets[layer.target])
    return np.stack(np.divmod(np.unique(np.concatenate(keys)), n_units), axis=1)


def bipartite_view(graph: LayeredGraph) -> Layer:
    """Return the undirected graph as one layer: units of even levels, those of odd levels.

    Raises
    ------
    Undefined
        If a layer joins two even levels or two odd ones, so that cycles may have odd length.
    """
    for layer in graph.layers:
        if (layer.target - layer.source) % 2 == 0:
            raise Undefined(
                f"layer {layer.name!r} skips an odd number of levels, so that cycles may have odd "
                f"length"
            )
    return Layer("undirected", 0, 1, _parted(graph))


@shared
def _parted(graph: LayeredGraph) -> Sparse:
    levels = np.repeat(np.arange(graph.n_levels), graph.widths)
    is_odd = levels % 2 == 1
    place = np.where(is_odd, np.cumsum(is_odd), np.cumsum(~is_odd)) - 1
    ends = undirected_edges(graph)
    turned = is_odd[ends[:, 0]]
    even = np.where(turned, ends[:, 1], ends[:, 0])
    odd = np.where(turned, ends[:, 0], ends[:, 1])
    shape = (int((~is_odd).sum()), int(is_odd.sum()))
    return Sparse.from_edges(place[even], place[odd], shape)


def units_with_edges(graph: LayeredGraph) -> tuple[int, Any]:
    """Return how many units have an edge, and `undirected_edges` with these numbered from 0."""
    units, numbered = np.unique(undirected_edges(graph), return_inverse=True)
    return units.size, numbered.reshape(-1, 2)


def above(count: int, most: int, what: str) -> str | None:
    """Say that ``count`` is above ``most``; None if it is not."""
    if count <= most:
        return None
    return (
        f"it is computed by default up to {most:,} {what}, and there are {count:,}; --all or "
        f"--metric computes it"
    )
