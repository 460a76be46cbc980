"""Lines as specifications of Vega-Lite."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

from topograph.plots.records import Panel
from topograph.plots.vega_parts import Spec, axis, colours, dashes, data, nominal, ticks

_HEIGHT = 215
_SOME_POINTS, _MANY_POINTS = 20, 60
_SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross")
_LARGEST, _LEAST, _ALONE, _DENSE = 130, 22, 60, 16  # areas of points
_WIDEST, _THINNEST = 3.0, 1.6  # of lines
_MOST_POWERS = 8


def lines_spec(panel: Panel) -> Spec:
    """Return what is particular to lines.

    Of lines that coincide each is seen: later ones are dashed, and their points are smaller.
    """
    rows = [dict(row) for row in panel.rows]
    names = list(dict.fromkeys(row["series"] for row in rows))
    colour = nominal("series", names, colours(names))
    last = max((row["x"] for row in rows), default=1)
    first = min((row["x"] for row in rows), default=0)
    x = axis(
        "x",
        panel.x,
        axis=ticks(first, last, 8, integers=True),
        scale={"domain": [first, max(last, first + 1)], "nice": False, "padding": 10},
    )
    y = axis("y", panel.y, scale={"zero": True}, axis={"tickCount": 5})
    if panel.log_y:
        low, high = min(row["y"] for row in rows) / 1.3, max(row["y"] for row in rows) * 1.3
        y["scale"] = {"type": "log", "domain": [low, high], "nice": False}
        y["axis"] = _powers(low, high)
    tooltip: list[Spec] = [
        {"field": "series", "title": "what"},
        {"field": "x", "title": panel.x},
        {"field": "y", "title": panel.y, "format": ".4~g"},
    ]
    if any("name" in row for row in rows):
        tooltip.insert(1, {"field": "name", "title": "name"})
    layers: list[Spec] = []
    if any("low" in row for row in rows):
        layers.append(
            {
                "mark": {"type": "area", "style": "band"},
                "encoding": {
                    "x": x,
                    "y": axis("low", panel.y),
                    "y2": {"field": "high"},
                    "color": colour,
                },
            }
        )
    layers.append(
        {
            "mark": {"type": "line", "style": "line", "point": False},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "strokeDash": _by_series(names, dashes(names)),
                "strokeWidth": _by_series(names, _shrinking(len(names), _WIDEST, _THINNEST)),
            },
        }
    )
    crowd = len({row["x"] for row in rows})
    largest = _LARGEST if crowd <= _SOME_POINTS else _ALONE
    sizes = _shrinking(len(names), largest, _LEAST) if len(names) > 1 else [_ALONE]
    shapes = [_SHAPES[place % len(_SHAPES)] for place in range(len(names))]
    layers.append(
        {
            "mark": {"type": "point", "style": "dot", "filled": True},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "shape": nominal("series", names, shapes),
                "size": {"value": _DENSE} if crowd > _MANY_POINTS else _by_series(names, sizes),
                "tooltip": tooltip,
            },
        }
    )
    return {"height": _HEIGHT, "data": data(rows), "layer": layers}


def _by_series(names: Sequence[str], values: Sequence[Any]) -> Spec:
    """Return an encoding that has no part in the legend, which colours and shapes are for."""
    tests = [f"datum.series === {json.dumps(name)}" for name in names]
    conditions = [{"test": test, "value": value} for test, value in zip(tests, values, strict=True)]
    return {"condition": conditions[1:], "value": values[0]} if conditions[1:] else conditions[0]


def _shrinking(count: int, most: float, least: float) -> list[float]:
    step = (most - least) / max(1, count - 1)
    return [round(most - step * place, 2) for place in range(count)]


def _powers(low: float, high: float) -> Spec:
    """Return round values of a logarithmic axis."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        values = [n * 10.0**power for power in decades for n in digits]
        values = [value for value in values if low <= value <= high]
        if len(values) <= _MOST_POWERS:
            break
    return {"values": [float(f"{value:.1g}") for value in values], "format": ".3~g"}
