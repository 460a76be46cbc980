"""Shortest and longest paths: (min, +) and (max, +) with one step an edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import LARGEST, SMALLEST, Biadjacency, Fold
from topograph.biadjacency.operator import Values
from topograph.propagation.algebra import Direction, apply


@dataclass(frozen=True)
class PathLengths:
    """(min, +) or (max, +): the length in edges of the best path so far.

    Values are float64, exact for every length that fits in memory; the fold's identity
    (plus or minus infinity) marks a unit that no path reaches.
    """

    fold: Fold

    def start(self, values: npt.ArrayLike) -> Values:
        """Return the values as float64."""
        return np.asarray(values, dtype=np.float64)

    def pull(self, operator: Biadjacency, values: Values, direction: Direction) -> Values:
        """Take the best neighbour and one step more."""
        return apply(operator, values, direction, self.fold) + 1.0

    def merge(self, first: Values, second: Values) -> Values:
        """Take the better one."""
        return np.asarray(self.fold.ufunc(first, second))

    def nothing(self, width: int, like: Values) -> Values:
        """No path."""
        return np.full((width, *like.shape[1:]), self.fold.identity)


SHORTEST = PathLengths(SMALLEST)
LONGEST = PathLengths(LARGEST)
