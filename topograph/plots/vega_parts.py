"""What all specifications of Vega-Lite are made of."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from topograph.plots.records import Row

Spec: TypeAlias = dict[str, Any]
DASHES: tuple[tuple[int, ...], ...] = ((1, 0), (7, 4), (2, 3), (9, 3, 2, 3), (4, 2), (12, 4))
APART = 0.16  # of the axis, from the least value to the place of what has no value
_LEAST_SPAN = 7  # integers
_MOST_DRAWN = 300  # pixels that all names of a legend may take to stand in one row
_LETTER, _SYMBOL = 6.6, 32


def data(rows: list[Row]) -> Spec:
    """Return rows as the data of a specification."""
    return {"values": rows}


def axis(field: str, title: str, **more: Any) -> Spec:
    """Return a numeric axis; ``more`` overrides what Vega-Lite would choose."""
    return {"field": field, "type": "quantitative", "title": title or None, **more}


def ticks(low: float, high: float, most: int = 6, *, integers: bool = False) -> Spec:
    """Return the round values from low to high, at most ``most`` steps, and how to write them.

    Examples
    --------
    >>> ticks(0.03, 1.2, 3)
    {'values': [0.5, 1.0], 'format': ',.1f'}
    >>> ticks(-2, 2, integers=True)["values"]
    [-2, -1, 0, 1, 2]
    """
    least = max(high - low, 1e-12) / most
    power = math.floor(math.log10(least))
    step = next(n * 10.0**power for n in (1, 2, 5, 10) if n * 10.0**power >= least * (1 - 1e-9))
    if integers:
        step = max(1.0, step)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    found = [place * step for place in range(first, last + 1)]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    values = [round(at) for at in found] if not decimals else [round(at, decimals) for at in found]
    return {"values": values, "format": f",.{decimals}f"}


def widened(low: float, high: float) -> tuple[float, float]:
    """Return the ends of an axis of integers with room beside a single one, but none below 0.

    Examples
    --------
    >>> widened(9.5, 10.5), widened(-0.5, 0.5)
    ((6.5, 13.5), (-0.5, 6.5))
    """
    spare = max(0.0, _LEAST_SPAN - (high - low))
    least = max(low - spare / 2, min(low, -0.5))
    return least, max(high, least + _LEAST_SPAN)


def with_nothing(axis_of: Spec, place: float, name: str) -> Spec:
    """Return the ticks of an axis with a name, but no tick, at the place of what has no value."""
    left = {"test": f"datum.value <= {place!r}", "value": 0}
    return {
        **axis_of,
        "values": [place, *axis_of["values"]],
        "labelExpr": f"datum.value <= {place!r} ? {json.dumps(name)} : datum.label",
        "labelColor": {"condition": {**left, "value": "no-path"}, "value": "theme-soft"},
        "tickOpacity": {"condition": left, "value": 1},
        "gridOpacity": {"condition": left, "value": 0.6},
    }


def legend(names: Sequence[str]) -> Spec:
    """Return a legend below the plot: in one row if its names are short, else one a row."""
    drawn = sum(_LETTER * len(name) + _SYMBOL for name in names)
    longest = max((_LETTER * len(name) + _SYMBOL for name in names), default=_SYMBOL)
    fit = max(1, len(names)) if drawn <= _MOST_DRAWN else max(1, int(_MOST_DRAWN // longest))
    return {"orient": "bottom", "direction": "horizontal", "columns": fit, "labelLimit": 300}


def nominal(field: str, names: Sequence[str], drawn: Sequence[Any], **more: Any) -> Spec:
    """Return an encoding of names, in their order, by what they are drawn as."""
    return {
        "field": field,
        "type": "nominal",
        "title": None,
        "sort": None,
        "scale": {"domain": list(names), "range": list(drawn)},
        "legend": legend(names),
        **more,
    }


def colours(names: Sequence[str], first: int = 0) -> list[str]:
    """Return the names of the colours of series."""
    return [f"series-{first + place}" for place in range(len(names))]


def dashes(names: Sequence[str]) -> list[list[int]]:
    """Return how the lines of series are dashed, so that those that coincide can be seen."""
    return [list(DASHES[place % len(DASHES)]) for place in range(len(names))]
