"""Do two columns order the rows of a stratum alike?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.errors import Undefined
from topograph.study.statistics.columns import Floats, labels, numbers
from topograph.study.statistics.units import grouped

Signs = npt.NDArray[np.float32]


@dataclass(frozen=True)
class StratumTau:
    """Kendall's tau-b in one stratum.

    Parameters
    ----------
    stratum : str
    n : int
        Rows (or topologies) compared.
    tau : float or None
        None where it has no value.
    weight : float
        ``sqrt((n0 - n1) (n0 - n2))``, the comparable pairs.
    undefined : str or None
        Why tau has no value.
    """

    stratum: str
    n: int
    tau: float | None
    weight: float
    undefined: str | None = None


@dataclass(frozen=True)
class WithinStrata:
    """Kendall's tau-b over all strata, and in each.

    Parameters
    ----------
    tau : float
    strata : tuple of StratumTau
    """

    tau: float
    strata: tuple[StratumTau, ...]


def kendall_within_strata(
    property: npt.ArrayLike,  # noqa: A002  the field's word; the built-in is not needed here
    outcome: npt.ArrayLike,
    strata: npt.ArrayLike,
) -> WithinStrata:
    """Kendall's tau-b of two columns within strata, weighted by comparable pairs.

    In a stratum ``tau_b = (C - D) / w``, ``w = sqrt((n0 - n1) (n0 - n2))``, with C and D the
    concordant and discordant pairs, n0 all pairs, n1 and n2 the pairs tied in the property and in
    the outcome (Kendall 1945). Over strata ``tau = sum(C - D) / sum(w)``: the mean of the tau_b
    with weights w, the geometric mean of the numbers of pairs that each column tells apart. Without
    ties w is the number of pairs. From -1 to 1.

    Parameters
    ----------
    property, outcome : array_like
        One number a row. Rows are compared as they are; `permutation_test` first averages the
        rows of a topology.
    strata : array_like
        Only rows of one stratum are compared.

    Raises
    ------
    Undefined
        If in every stratum the property or the outcome is constant.

    Examples
    --------
    >>> found = kendall_within_strata([1, 2, 3, 1, 1], [4, 6, 5, 2, 3], list("aaabb"))
    >>> round(found.tau, 4), found.strata[1].undefined
    (0.3333, 'the property is constant in the stratum')
    """
    stratum, names = labels("strata", strata)
    first = numbers("property", property, stratum.size)
    second = numbers("outcome", outcome, stratum.size)
    found = []
    total = 0.0
    for name, rows in zip(names, grouped(stratum), strict=True):
        balance, untied_first, untied_second = pair_counts(first[rows], second[rows])
        weight = math.sqrt(untied_first * untied_second)
        total += balance
        reason = None if weight else _reason(rows.size, untied_first)
        tau = _bounded(balance / weight) if weight else None
        found.append(StratumTau(name, int(rows.size), tau, weight, reason))
    whole = math.fsum(one.weight for one in found)
    if not whole:
        raise Undefined("the property or the outcome is constant in every stratum")
    return WithinStrata(_bounded(total / whole), tuple(found))


def pair_counts(first: Floats, second: Floats) -> tuple[int, int, int]:
    """Return concordant less discordant pairs, and the pairs untied in each column.

    Examples
    --------
    >>> import numpy as np
    >>> pair_counts(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 3.0]))
    (2, 3, 2)
    """
    rows = (sign_rows(dense_ranks(column[None]).T) for column in (first, second))
    balance = sum(int((one * other).sum()) for one, other in zip(*rows, strict=True))
    return balance, untied_pairs(first), untied_pairs(second)


def untied_pairs(column: Floats) -> int:
    """Return the number of pairs of rows that a column tells apart."""
    counts = np.unique(column, return_counts=True)[1].astype(np.int64)
    return int(column.size * (column.size - 1) - (counts * (counts - 1)).sum()) // 2


def sign_rows(ranks: Signs) -> Iterator[Signs]:
    """Yield for each row i the signs of ``x_j - x_i``, j > i, in all columns at once.

    Parameters
    ----------
    ranks : ndarray of shape (rows, columns)
        Whole numbers.

    Yields
    ------
    ndarray of shape (rows - i - 1, columns)
        -1, 0 or 1, as float32, so that BLAS can sum them; overwritten by the next.
    """
    ranks = np.ascontiguousarray(ranks)
    buffer = np.empty_like(ranks)
    for row in range(ranks.shape[0] - 1):
        signs = np.subtract(ranks[row + 1 :], ranks[row], out=buffer[row + 1 :])
        yield np.clip(signs, -1, 1, out=signs)


def dense_ranks(columns: npt.NDArray[np.floating]) -> Signs:
    """Return ranks 0, 1, ... without gaps of each column; equal values have one rank.

    Examples
    --------
    >>> import numpy as np
    >>> dense_ranks(np.array([[0.5, 0.2, 0.5]])).tolist()
    [[1.0, 0.0, 1.0]]
    """
    ranks = [np.unique(column, return_inverse=True)[1] for column in columns]
    return np.array(ranks, dtype=np.float32).reshape(columns.shape)


def _bounded(tau: float) -> float:
    return max(-1.0, min(1.0, tau))  # rounding may pass 1 by a unit in the last place


def _reason(rows: int, untied_first: int) -> str:
    if rows < 2:
        return "the stratum has one row only"
    constant = "outcome" if untied_first else "property"
    return f"the {constant} is constant in the stratum"
