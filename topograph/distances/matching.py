"""How far are two masks apart when their hidden units may stand in any order?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse

from topograph.digest import mask_digest
from topograph.distances.assignment import assign
from topograph.distances.layouts import check_alike
from topograph.graph import LayeredGraph

Units: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Matching:
    """Which unit of one mask answers to which of another, and at what cost.

    Parameters
    ----------
    orders : tuple of ndarray of int64
        For each level: unit ``orders[level][i]`` of the other mask answers to unit ``i``.
    level_distances : tuple of float
        For each level from 1 on, the mean cost of its pairs.
    """

    orders: tuple[Units, ...]
    level_distances: tuple[float, ...]

    @property
    def distance(self) -> float:
        """The mean over the levels: NNSTD."""
        return fmean(self.level_distances)


def matched_distance(one: LayeredGraph, other: LayeredGraph) -> float:
    """Mean cost of the units of two masks, matched level by level at the least cost: NNSTD.

    The cost of units ``a`` and ``b`` is ``|in(a) xor in(b)| / |in(a) or in(b)|``, 0 if neither
    has an input. Inputs of the net answer to themselves; the inputs of ``b`` are renamed by the
    matching of the level they are in. The mean is over the units of a level, then over the levels
    from 1 on. So hidden units that stand in another order cost nothing, where their inputs tell
    them apart.

    Parameters
    ----------
    one, other : LayeredGraph
        Masks of the same widths, their layers between the same levels.

    Returns
    -------
    float
        From 0 to 1, the same both ways; 0 for equal masks. It is no metric: a detour by a third
        mask may be shorter.

    Raises
    ------
    Undefined
        If the masks have different widths or wiring.

    References
    ----------
    Liu et al., "Topological insights into sparse neural networks", ECML PKDD 2020, arXiv
    2006.14085: neural network sparse topology distance.

    Examples
    --------
    >>> import numpy as np
    >>> from topograph.io import from_layers
    >>> one = from_layers([[[1, 1, 0], [0, 1, 1]], np.eye(3)])
    >>> other = from_layers([[[0, 1, 1], [1, 1, 0]], np.eye(3)[[2, 1, 0]]])
    >>> matched_distance(one, other)
    0.0
    >>> matched_distance(one, from_layers([[[1, 1, 0], [0, 1, 0]], np.eye(3)]))
    0.16666666666666666
    """
    return match_units(one, other).distance


def match_units(one: LayeredGraph, other: LayeredGraph) -> Matching:
    """Return the matching of `matched_distance`.

    Of matchings of equal cost one with many units that keep their number is taken. Units with the
    same inputs are matched first, which is never dearer as the cost is a metric of sets. The rest
    is an assignment problem on the overlaps, which are few where masks are sparse.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> [order.tolist() for order in match_units(butterfly(), butterfly()).orders]
    [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3]]
    """
    check_alike(one, other)
    if mask_digest(one) > mask_digest(other):  # ties are broken alike whichever comes first
        found = _match(other, one)
        return Matching(tuple(map(np.argsort, found.orders)), found.level_distances)
    return _match(one, other)


def _match(one: LayeredGraph, other: LayeredGraph) -> Matching:
    orders = [np.arange(width) for width in one.widths]
    distances = []
    for level in range(1, one.n_levels):
        mine, theirs = (
            scipy.sparse.vstack(
                [
                    layer.biadjacency.to_csr()[orders[layer.source]]
                    if graph is other
                    else layer.biadjacency.to_csr()
                    for layer in graph.incoming(level)
                ],
                format="csc",
            )
            for graph in (one, other)
        )
        orders[level], distance = _match_columns(mine, theirs)
        distances.append(distance)
    return Matching(tuple(orders), tuple(distances))


def _match_columns(mine: Any, theirs: Any) -> tuple[Units, float]:
    """Return for each column of one matrix that of the other, and the mean cost."""
    width = mine.shape[1]
    order = _equal_columns(mine, theirs)
    left = np.flatnonzero(order < 0)
    if not left.size:
        return order, 0.0
    free = np.ones(width, dtype=np.bool_)
    free[order[order >= 0]] = False
    others = np.flatnonzero(free)
    columns, cost = assign(mine[:, left], theirs[:, others], left, others)
    order[left] = others[columns]
    return order, cost / width


def _equal_columns(mine: Any, theirs: Any) -> Units:
    """Match columns with the same entries: those of one number first, -1 where none is left."""
    ours, yours = _contents(mine), _contents(theirs)
    order = np.full(len(ours), -1, dtype=np.int64)
    free: dict[bytes, list[int]] = {}
    for unit in reversed(range(len(ours))):
        if ours[unit] == yours[unit]:
            order[unit] = unit
        else:
            free.setdefault(yours[unit], []).append(unit)
    for unit in np.flatnonzero(order < 0).tolist():
        if free.get(ours[unit]):
            order[unit] = free[ours[unit]].pop()
    return order


def _contents(matrix: Any) -> list[bytes]:
    matrix.sort_indices()
    indices = matrix.indices.astype(np.int64, copy=False)
    ends = pairwise(matrix.indptr.tolist())
    return [indices[start:end].tobytes() for start, end in ends]
