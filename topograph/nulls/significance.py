"""How far is a value from those of null nets, and how often is one of them as far out?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from topograph.errors import ParameterError

RESOLUTION = Fraction(1, 10**9)  # of floats: nearer ones are the same value, rounded otherwise


class Significance(NamedTuple):
    """Mean and standard deviation of null values; z-score and two-sided p-value of a value."""

    mean: int | float
    standard_deviation: int | float | None
    z: int | float | None
    p: float


def significance(value: float, null_values: Sequence[float], *, scale: float = 0.0) -> Significance:
    """Where a value lies among null values: mean, deviation, z-score and p-value.

    ``z = (value - mean) / sd``, with the deviation of samples, over ``n - 1``. Let ``r`` be the
    smaller of the numbers of null values that are at least the value and at most the value: ties
    count on both sides. Then ``p = min(1, 2 (r + 1) / (n + 1))``. If the value is drawn as the
    null values are, ``p <= a`` has at most probability ``a``, for any ``a`` and ``n``.

    Parameters
    ----------
    value : bool, int or float
        Integers may have any length: the arithmetic is exact.
    null_values : sequence of bool, int or float
        At least one.
    scale : float, default 0
        Floats that differ by less than a billionth of the scale, or of the largest of them, are
        ties. Integers tie only if they are equal.

    Returns
    -------
    Significance
        ``standard_deviation`` is None for one null value, 0 where all tie; ``z`` is None in both
        cases. All three are whole numbers where they leave the range of floats.

    Raises
    ------
    ParameterError
        If a value is not finite.

    References
    ----------
    Phipson & Smyth, "Permutation p-values should never be zero", 2010.

    Examples
    --------
    >>> significance(9, [2, 4, 4, 6])
    Significance(mean=4.0, standard_deviation=1.632993161855452, z=3.0618621784789726, p=0.4)
    >>> significance(0.0, [1.0, 1.0, 1.0])
    Significance(mean=1.0, standard_deviation=0.0, z=None, p=0.5)
    """
    everything = [value, *null_values]
    if not all(math.isfinite(item) for item in everything if isinstance(item, float)):
        raise ParameterError("Values must be finite, but one is not a number or infinite.")
    exact = [Fraction(item) for item in everything]
    slack = Fraction(0)
    if any(isinstance(item, float) for item in everything):
        slack = RESOLUTION * max(Fraction(scale), *map(abs, exact))
    own, others = exact[0], exact[1:]
    n = len(others)
    at_least = sum(other >= own - slack for other in others)
    at_most = sum(other <= own + slack for other in others)
    p = min(1.0, 2 * (min(at_least, at_most) + 1) / (n + 1))
    mean = sum(others, Fraction(0)) / n
    if n == 1:
        return Significance(_plain(mean), None, None, p)
    if max(others) - min(others) <= slack:
        return Significance(_plain(mean), 0.0, None, p)
    variance = sum(((other - mean) ** 2 for other in others), Fraction(0)) / (n - 1)
    z = _root((own - mean) ** 2 / variance)
    z = -z if own < mean else z
    return Significance(_plain(mean), _root(variance), z, p)


def _plain(number: Fraction) -> int | float:
    try:
        return float(number)
    except OverflowError:
        return round(number)


def _root(number: Fraction) -> int | float:
    try:
        return math.sqrt(number)
    except OverflowError:
        return math.isqrt(round(number))
