"""How the numbers of a study are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from topograph.study.statistics import Interval

NONE = "-"


def share(value: float | None, digits: int = 1) -> str:
    """Write a share as a percentage.

    Examples
    --------
    >>> share(0.8765), share(0.8765, 0), share(None)
    ('87.6 %', '88 %', '-')
    """
    return NONE if value is None else f"{100 * value:.{digits}f} %"


def signed(value: float | None, digits: int = 2) -> str:
    """Write a correlation or a difference with its sign; what rounds to zero has none.

    Examples
    --------
    >>> signed(0.341), signed(-0.5), signed(-0.001), signed(None)
    ('+0.34', '-0.50', '0.00', '-')
    """
    if value is None:
        return NONE
    text = f"{value:+.{digits}f}"
    return text[1:] if not text.strip("+-0.") else text


def points(value: float | None, interval: Interval | None = None) -> str:
    """Write a difference of shares in percentage points.

    Examples
    --------
    >>> points(-0.012), points(0.012, Interval(-0.001, 0.025, 0.95, 9, "Welch"))
    ('-1.2 points', '+1.2 points (-0.1 to +2.5)')
    """
    if value is None:
        return NONE
    ends = "" if interval is None else f" ({ends_in_points(interval)})"
    return f"{signed(100 * value, 1)} points{ends}"


def ends_in_points(interval: Interval | None, digits: int = 1) -> str:
    """Write the ends of an interval of a difference of shares in percentage points.

    Examples
    --------
    >>> ends_in_points(Interval(-0.001, 0.025, 0.95, 9, "Welch"), 2)
    '-0.10 to +2.50'
    """
    if interval is None:
        return NONE
    return f"{signed(100 * interval.low, digits)} to {signed(100 * interval.high, digits)}"


def probability(value: float | None) -> str:
    """Write a p-value with its relation sign.

    Examples
    --------
    >>> probability(0.00009), probability(0.0412), probability(0.2), probability(None)
    ('< 0.001', '= 0.041', '= 0.20', '-')
    """
    if value is None:
        return NONE
    if value < 0.001:
        return "< 0.001"
    return f"= {value:.3f}" if value < 0.1 else f"= {value:.2f}"


def bare_probability(value: float | None) -> str:
    """Write a p-value for a column that is called p.

    Examples
    --------
    >>> bare_probability(0.00009), bare_probability(0.0412)
    ('< 0.001', '0.041')
    """
    return probability(value).removeprefix("= ")


def between(interval: Interval | None) -> str:
    """Write the ends of an interval of a correlation.

    Examples
    --------
    >>> between(Interval(-0.1, 0.25, 0.95, 100, "percentile bootstrap"))
    '-0.10 to +0.25'
    """
    return NONE if interval is None else f"{signed(interval.low)} to {signed(interval.high)}"


def joined(names: Sequence[Any], last: str = "and") -> str:
    """Write names one after the other.

    Examples
    --------
    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    texts = [str(name) for name in names]
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} {last} {texts[-1]}"
