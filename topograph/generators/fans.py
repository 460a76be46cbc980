"""How many edges does each unit of a level get?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Fans = npt.NDArray[np.int64]

_HALVINGS = 200  # of the search for a scale: float64 has no finer one


def even_fans(n_units: int, n_edges: int) -> Fans:
    r"""Edges shared out as evenly as whole numbers allow, spread evenly over the units.

    Unit ``j`` gets ``floor((j + 1) E / n) - floor(j E / n)`` edges: the floor or the ceiling
    of ``E / n``.

    Parameters
    ----------
    n_units : int
        ``n``, at least 1.
    n_edges : int
        ``E``, at least 0.

    Examples
    --------
    >>> even_fans(4, 10).tolist()
    [2, 3, 2, 3]
    """
    return np.diff(np.arange(n_units + 1, dtype=np.int64) * n_edges // n_units)


def tailed_fans(n_units: int, n_edges: int, highest: int, tail: float) -> Fans:
    r"""Edges shared out as the quantiles of a Pareto distribution, largest share first.

    Unit ``k`` gets about ``c ((k + 1/2) / n)^(-tail)`` edges, at least 1 if there are as many
    edges as units, and at most ``highest``; ``c`` is such that the total is met, exactly, by
    largest remainder. The shares of a tail ``t`` above 0 are those of a distribution of
    degrees with the exponent ``1 + 1 / t``; a tail of 0 gives equal shares.

    Parameters
    ----------
    n_units : int
        ``n``, at least 1.
    n_edges : int
        From 0 to ``n_units * highest``.
    highest : int
        Most edges that a unit can have: the units of the other level.
    tail : float
        At least 0.

    Examples
    --------
    >>> tailed_fans(5, 20, 12, 0.0).tolist()
    [4, 4, 4, 4, 4]
    >>> tailed_fans(5, 20, 12, 1.0).tolist()
    [11, 4, 2, 2, 1]
    """
    lowest = 1 if n_edges >= n_units else 0
    shares = ((np.arange(n_units) + 0.5) / n_units) ** -tail

    def scaled(log_scale: float) -> npt.NDArray[np.float64]:
        return np.asarray(np.clip(np.exp(log_scale) * shares, lowest, highest))

    below, above = -100.0, np.log(max(highest, 1)) + 1.0  # the smallest share is about 1
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        if middle in (below, above):  # no number lies between them
            break
        if scaled(middle).sum() > n_edges:
            above = middle
        else:
            below = middle
    wanted = scaled(below)
    fans = np.floor(wanted).astype(np.int64)
    missing = n_edges - int(fans.sum())
    open_units = np.flatnonzero(fans < highest)
    order = np.argsort(fans[open_units] - wanted[open_units], kind="stable")
    fans[open_units[order[:missing]]] += 1
    return np.sort(fans)[::-1]


def places(fans: Fans) -> tuple[Fans, Fans]:
    """Every edge's unit, and its place among the edges of that unit, counted from 0.

    Examples
    --------
    >>> units, place = places(np.array([2, 0, 3]))
    >>> units.tolist(), place.tolist()
    ([0, 0, 2, 2, 2], [0, 1, 0, 1, 2])
    """
    units = np.repeat(np.arange(fans.size, dtype=np.int64), fans)
    firsts = np.cumsum(fans) - fans
    return units, np.arange(units.size, dtype=np.int64) - firsts[units]
