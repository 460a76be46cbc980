"""Into which bins is what is too long to draw put? Nothing is ever left out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from topograph.biadjacency.operator import Values
from topograph.plots.records import Row

MOST_BINS = 40  # of a histogram
MOST_GROUPS = 60  # rows of a heat map of layers
MOST_CELLS = 64  # a side of a heat map of units


def blocks(count: int, most: int) -> list[tuple[int, int]]:
    """Cut ``range(count)`` into at most ``most`` blocks of one size but for the last.

    Examples
    --------
    >>> blocks(7, 3)
    [(0, 3), (3, 6), (6, 7)]
    """
    size = -(-count // most)
    return [(first, min(first + size, count)) for first in range(0, count, size)]


def integer_edges(low: int, high: int, most: int = MOST_BINS) -> npt.NDArray[np.float64]:
    """Return edges of bins of one whole width that hold the integers from low to high.

    Examples
    --------
    >>> integer_edges(3, 8, most=3).tolist()
    [3.0, 5.0, 7.0, 9.0]
    """
    width = -(-(high - low + 1) // most)
    count = -(-(high - low + 1) // width)
    return low + width * np.arange(count + 1, dtype=np.float64)


def even_edges(low: float, high: float, most: int = MOST_BINS) -> npt.NDArray[np.float64]:
    """Return edges of at most ``most`` bins of one width from low to high.

    If they are equal, the bins are those of a neighbourhood, and the one in the middle holds
    the value.

    Examples
    --------
    >>> even_edges(0.0, 2.0, 4).tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0]
    >>> even_edges(3.0, 3.0, 4).round(3).tolist()
    [2.5, 2.833, 3.167, 3.5]
    """
    if high - low <= 1e-9 * max(1.0, abs(low), abs(high)):
        half = max(0.5, 0.05 * abs(low))
        middle = (low + high) / 2
        return np.linspace(middle - half, middle + half, (most - 1) // 2 * 2 + 2)
    return np.linspace(low, high, most + 1)


def histogram_rows(values: Values, edges: npt.NDArray[np.float64]) -> list[Row]:
    """Count finite values in bins, the last of which is closed; those that are not, apart.

    Examples
    --------
    >>> histogram_rows(np.array([0.0, 0.5, 2.0, -np.inf]), np.array([0.0, 1.0, 2.0]))
    ... # doctest: +NORMALIZE_WHITESPACE
    [{'low': None, 'high': None, 'count': 1}, {'low': 0.0, 'high': 1.0, 'count': 2},
     {'low': 1.0, 'high': 2.0, 'count': 1}]
    """
    held = np.asarray(values, dtype=np.float64)
    finite = np.isfinite(held)
    counts, _ = np.histogram(held[finite], edges)
    rows: list[Row] = []
    if not finite.all():
        rows.append({"low": None, "high": None, "count": int((~finite).sum())})
    rows += [
        {"low": float(low), "high": float(high), "count": int(count)}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    return rows


def span(first: int, last: int) -> str:
    """Name the units or layers from first to last, both included.

    Examples
    --------
    >>> span(3, 3), span(3, 7)
    ('3', '3-7')
    """
    return str(first) if first == last else f"{first}-{last}"
