"""Exact integers: int64 while they provably fit, Python integers from there on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import Biadjacency
from topograph.biadjacency.operator import Values
from topograph.errors import ParameterError
from topograph.propagation.algebra import Direction, apply

_LIMIT = 2**63


@dataclass(frozen=True)
class ExactIntegers:
    """(+, x) on integers of any size; values are int64 or object arrays."""

    def start(self, values: npt.ArrayLike) -> Values:
        """Return the values as int64, or as Python integers where they are larger."""
        given = np.asarray(values)
        if given.dtype.kind not in "biuO" and (given != np.floor(given)).any():
            raise ParameterError.expected("Exact starting values", "whole numbers", "fractions")
        if given.dtype.kind not in "bi":
            whole = np.frompyfunc(int, 1, 1)(given.astype(object))
            return np.asarray(whole if _largest(whole) >= _LIMIT else whole.astype(np.int64))
        return given.astype(np.int64)

    def pull(self, operator: Biadjacency, values: Values, direction: Direction) -> Values:
        """Sum over the neighbours, widening first if a sum could leave int64."""
        if values.dtype != np.object_ and _largest(values) * values.shape[0] >= _LIMIT:
            values = values.astype(object)
        return apply(operator, values, direction)

    def merge(self, first: Values, second: Values) -> Values:
        """Add, widening first if needed."""
        if _largest(first) + _largest(second) >= _LIMIT:
            first = first.astype(object)
        return np.asarray(first + second)

    def nothing(self, width: int, like: Values) -> Values:
        """Return zeros."""
        return np.zeros((width, *like.shape[1:]), dtype=np.int64)


EXACT = ExactIntegers()


def exact_sum(values: Values) -> int:
    """Add up an array of exact integers without wrapping."""
    return sum(values.ravel().tolist())


def _largest(values: Values) -> int:
    return max(abs(int(values.max())), abs(int(values.min()))) if values.size else 0
