"""Which p-values stand when many were looked at?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from topograph.errors import ParameterError
from topograph.study.statistics.columns import Floats, numbers


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """P-values adjusted to control the chance of any false finding (Holm 1979).

    With ``p_(1) <= ... <= p_(m)``: ``max over j <= i of (m - j + 1) p_(j)``, at most 1. Holds
    under any dependence.

    Parameters
    ----------
    p_values : sequence of float

    Returns
    -------
    tuple of float
        In the order given.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    values, order = _ordered(p_values)
    steps = values[order] * np.arange(values.size, 0, -1)
    return _returned(np.maximum.accumulate(steps), order)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """P-values adjusted to control the share of false findings (Benjamini & Hochberg 1995).

    With ``p_(1) <= ... <= p_(m)``: ``min over j >= i of m p_(j) / j``, at most 1. Holds for
    independent and positively dependent tests.

    Parameters
    ----------
    p_values : sequence of float

    Returns
    -------
    tuple of float
        In the order given.

    Examples
    --------
    >>> [round(p, 3) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    values, order = _ordered(p_values)
    steps = values[order] * (values.size / np.arange(1, values.size + 1))
    return _returned(np.minimum.accumulate(steps[::-1])[::-1], order)


def _ordered(p_values: Sequence[float]) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    values = numbers("p_values", p_values)
    outside = values[(values < 0) | (values > 1)]
    if outside.size:
        raise ParameterError.expected("p_values", "between 0 and 1", float(outside[0]))
    return values, np.argsort(values, kind="stable")


def _returned(steps: Floats, order: np.ndarray[tuple[int], np.dtype[np.intp]]) -> tuple[float, ...]:
    adjusted = np.empty(order.size)
    adjusted[order] = np.minimum(steps, 1.0)
    return tuple(float(value) for value in adjusted)
