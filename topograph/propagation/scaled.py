"""Floating-point path counts with a power-of-two exponent a level: no overflow at any depth."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import Biadjacency
from topograph.biadjacency.operator import Values
from topograph.propagation.algebra import Direction, apply

_TOP = 900  # fan-ins below 2^31 keep sums of values up to 2^900 finite
_SMALLEST_NORMAL = np.finfo(np.float64).tiny


@dataclass(frozen=True, eq=False)
class ScaledValues:
    """The values ``values * 2**exponent`` of a level.

    Parameters
    ----------
    values : ndarray of float64, shape (n,) or (n, k)
    exponent : int
    lost : bool
        Whether on the way a non-zero value was too small beside its level's largest to be
        kept (the ratio exceeded 2^1900). Then the values are no approximation, and exact
        integers must be used.
    """

    values: Values
    exponent: int = 0
    lost: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the values."""
        return self.values.shape

    def log10_sum(self) -> float:
        """Return log10 of the sum of the values; minus infinity for 0, NaN if negative."""
        total = float(self.values.sum())
        if total == 0.0:
            return -math.inf
        return math.log10(total) + self.exponent * math.log10(2.0) if total > 0 else math.nan


@dataclass(frozen=True)
class ScaledFloats:
    """(+, x) on scaled floats; relative error about ``depth * 1e-16`` for counts."""

    def start(self, values: npt.ArrayLike) -> ScaledValues:
        """Return the values with exponent 0."""
        return _rescaled(ScaledValues(np.asarray(values, dtype=np.float64)))

    def pull(
        self, operator: Biadjacency, values: ScaledValues, direction: Direction
    ) -> ScaledValues:
        """Sum over the neighbours, then rescale the level if it grew too large."""
        found = apply(operator, values.values, direction)
        return _rescaled(ScaledValues(found, values.exponent, values.lost))

    def merge(self, first: ScaledValues, second: ScaledValues) -> ScaledValues:
        """Add at the larger of the two exponents."""
        top = max(first.exponent, second.exponent)
        one, other = _shifted(first, top), _shifted(second, top)
        lost = one.lost or other.lost
        return _rescaled(ScaledValues(one.values + other.values, top, lost))

    def nothing(self, width: int, like: ScaledValues) -> ScaledValues:
        """Return zeros."""
        return ScaledValues(np.zeros((width, *like.shape[1:])))


SCALED = ScaledFloats()


def _rescaled(given: ScaledValues) -> ScaledValues:
    largest = float(np.abs(given.values).max()) if given.values.size else 0.0
    excess = math.frexp(largest)[1] - _TOP
    return given if excess <= 0 else _shifted(given, given.exponent + excess)


def _shifted(given: ScaledValues, exponent: int) -> ScaledValues:
    if exponent == given.exponent:
        return given
    moved = np.ldexp(given.values, given.exponent - exponent)
    too_small = (given.values != 0) & (np.abs(moved) < _SMALLEST_NORMAL)
    return ScaledValues(moved, exponent, given.lost or bool(too_small.any()))
