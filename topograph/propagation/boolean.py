"""Reachability: one bit a unit, or blocks of bits for many sources at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import ANY_BIT, Biadjacency
from topograph.biadjacency.operator import Values
from topograph.propagation.algebra import Direction, apply


@dataclass(frozen=True)
class Boolean:
    """(or, and) on booleans: which units the starting units reach."""

    def start(self, values: npt.ArrayLike) -> Values:
        """Return the values as booleans."""
        return np.asarray(values, dtype=np.bool_)

    def pull(self, operator: Biadjacency, values: Values, direction: Direction) -> Values:
        """Count in int32, where no fan-in can wrap to zero, and compare."""
        return apply(operator, values.astype(np.int32), direction) > 0

    def merge(self, first: Values, second: Values) -> Values:
        """Reached by either."""
        return first | second

    def nothing(self, width: int, like: Values) -> Values:
        """Reached by none."""
        return np.zeros((width, *like.shape[1:]), dtype=np.bool_)


@dataclass(frozen=True)
class Bits:
    """(or, and) on words of 64 bits: reachability of 64 k starting units in one sweep."""

    def start(self, values: npt.ArrayLike) -> Values:
        """Return the values as words."""
        return np.asarray(values, dtype=np.uint64)

    def pull(self, operator: Biadjacency, values: Values, direction: Direction) -> Values:
        """Unite the words of all neighbours."""
        return apply(operator, values, direction, ANY_BIT)

    def merge(self, first: Values, second: Values) -> Values:
        """Reached by either."""
        return first | second

    def nothing(self, width: int, like: Values) -> Values:
        """Reached by none."""
        return np.zeros((width, *like.shape[1:]), dtype=np.uint64)


BOOLEAN = Boolean()
BITS = Bits()


def pack_units(width: int, units: npt.ArrayLike) -> Values:
    """Return words in which starting unit ``units[b]`` carries bit ``b`` alone.

    Parameters
    ----------
    width : int
        Units of the level.
    units : array_like of int, shape (m,)
        The starting units.

    Returns
    -------
    ndarray of uint64, shape (width, ceil(m / 64))

    Examples
    --------
    >>> pack_units(4, [2, 0]).ravel().tolist()
    [2, 0, 1, 0]
    """
    chosen = np.asarray(units, dtype=np.int64)
    words = np.zeros((width, -(-chosen.size // 64)), dtype=np.uint64)
    bit = np.arange(chosen.size)
    np.bitwise_or.at(words, (chosen, bit // 64), np.uint64(1) << (bit % 64).astype(np.uint64))
    return words
