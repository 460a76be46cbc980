"""Which share of the edges do two masks have in common?"""

from __future__ import annotations

import numpy as np

from topograph.biadjacency import Biadjacency
from topograph.distances.layouts import check_alike
from topograph.graph import LayeredGraph


def edge_overlap(one: LayeredGraph, other: LayeredGraph) -> float:
    """Edges that are in both masks over those that are in either: the Jaccard index.

    ``|E and E'| / |E or E'|``, edges of all layers taken together. 1 less this is a distance: it
    is 0 for equal masks alone, the same both ways, and no longer than any detour.

    Parameters
    ----------
    one, other : LayeredGraph
        Masks of the same widths, their layers between the same levels.

    Returns
    -------
    float
        From 0, no common edge, to 1, the same edges; 1 if neither has any.

    Raises
    ------
    Undefined
        If the masks have different widths or wiring.

    References
    ----------
    Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11, 1912.

    Examples
    --------
    >>> import numpy as np
    >>> from topograph.io import from_layers
    >>> edge_overlap(from_layers([np.eye(3)]), from_layers([np.triu(np.ones((3, 3)))]))
    0.5
    """
    return _share(*map(sum, zip(*_counts(one, other), strict=True)))


def layer_edge_overlaps(one: LayeredGraph, other: LayeredGraph) -> tuple[float, ...]:
    """Edge overlap of each layer by itself; as `edge_overlap`.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> layer_edge_overlaps(butterfly(), butterfly())
    (1.0, 1.0)
    """
    return tuple(_share(common, either) for common, either in _counts(one, other))


def _counts(one: LayeredGraph, other: LayeredGraph) -> list[tuple[int, int]]:
    """Return, a layer each, the number of edges in both masks and in either."""
    check_alike(one, other)
    found = []
    for layer, another in zip(one.layers, other.layers, strict=True):
        common = _common_edges(layer.biadjacency, another.biadjacency)
        found.append((common, layer.n_edges + another.n_edges - common))
    return found


def _common_edges(one: Biadjacency, other: Biadjacency) -> int:
    if one is other:
        return one.n_edges
    mine, theirs = one.to_csr(), other.to_csr()
    return int(np.asarray(mine.multiply(theirs).count_nonzero()))


def _share(common: int, either: int) -> float:
    return common / either if either else 1.0
