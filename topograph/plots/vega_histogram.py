"""Histograms as specifications of Vega-Lite."""

from __future__ import annotations

from topograph.plots.records import Panel, Row
from topograph.plots.vega_parts import (
    APART,
    Spec,
    axis,
    colours,
    dashes,
    data,
    nominal,
    ticks,
    widened,
    with_nothing,
)

_HEIGHT = 145
_RULES = ([2, 2], [7, 3])


def histogram_spec(panel: Panel) -> Spec:
    """Return what is particular to a histogram."""
    shift = 0.5 if panel.integers else 0.0
    held = [row for row in panel.rows if row["low"] is not None]
    low = held[0]["low"] - shift if held else 0.0
    high = held[-1]["high"] - shift if held else 1.0
    high = max(high, *(1.01 * rule["x"] for rule in panel.rules), low + 1e-9)
    if panel.integers:
        low, high = widened(low, high)
    bars = [
        {
            "a": row["low"] - shift,
            "b": row["high"] - shift,
            "n": row["count"],
            "t": _bin_name(row, panel.integers),
        }
        for row in held
        if row["count"]
    ]
    drawn = ticks(low, high, integers=panel.integers)
    if not bars:
        drawn["values"] = []
    nothing, least, layers = [row for row in panel.rows if row["low"] is None], low, []
    if nothing:
        name, wide = panel.nothing or "none", high - low
        place, least = low - APART * wide, low - 1.4 * APART * wide
        drawn = with_nothing(drawn, place, name)
        ends = {"a": place - 0.02 * wide, "b": place + 0.02 * wide}
        gone = [{**ends, "n": row["count"], "t": name} for row in nothing]
        layers.append(_apart(low - 0.4 * APART * wide, panel))
        layers.append(_bars(gone, "no-path", panel))
    if bars or not nothing:
        layers.append(_bars(bars, "series-0", panel))
    if panel.curve:
        layers.append(_curves(panel))
    if panel.rules:
        layers.append(_rules(panel))
    top = max([row["count"] for row in panel.rows] + [row["y"] for row in panel.curve], default=1)
    counts = ticks(0, top, 5, integers=True)
    step = counts["values"][1] if len(counts["values"]) > 1 else 1
    ceiling = step * -(-top // step) or 1
    if ceiling > counts["values"][-1]:
        counts["values"].append(round(ceiling))
    x = axis(
        "a",
        panel.x,
        scale={"domain": [least, high], "nice": False, "zero": False},
        axis=drawn,
    )
    y = axis("n", panel.y, scale={"domain": [0, ceiling], "nice": False}, axis=counts)
    first = next(layer for layer in layers if "y" in layer.get("encoding", {}))
    first["encoding"]["x"], first["encoding"]["y"] = x, y
    alone = {"color": "independent", "strokeDash": "independent"}
    resolve = {"scale": alone, "legend": alone}
    return {"height": _HEIGHT, "layer": layers, "resolve": resolve}


def _bars(values: list[Row], colour: str, panel: Panel) -> Spec:
    tooltip = [
        {"field": "t", "title": panel.x},
        {"field": "n", "title": panel.y, "format": ","},
    ]
    return {
        "data": data(values),
        "mark": {"type": "rect", "style": "bin", "color": colour},
        "encoding": {
            "x": axis("a", panel.x),
            "x2": {"field": "b"},
            "y": axis("n", panel.y),
            "y2": {"datum": 0},
            "tooltip": tooltip,
        },
    }


def _apart(place: float, panel: Panel) -> Spec:
    """Return the line between what has no value and the axis of values."""
    return {
        "data": data([{"a": place}]),
        "mark": {"type": "rule", "style": "apart", "color": "theme-soft"},
        "encoding": {"x": axis("a", panel.x)},
    }


def _curves(panel: Panel) -> Spec:
    names = list(dict.fromkeys(row["series"] for row in panel.curve))
    return {
        "data": data([dict(row) for row in panel.curve]),
        "mark": {"type": "line", "style": "theory"},
        "encoding": {
            "x": axis("x", panel.x),
            "y": axis("y", panel.y),
            "color": nominal("series", names, colours(names, 2)),
            "strokeDash": nominal("series", names, dashes(names)),
        },
    }


def _rules(panel: Panel) -> Spec:
    """Return values of interest as lines whose names are in a legend: there they hide nothing."""
    values = [{"x": rule["x"], "name": f"{rule['name']} {rule['x']:.4g}"} for rule in panel.rules]
    names = [value["name"] for value in values]
    return {
        "data": data(values),
        "mark": {"type": "rule", "style": "rule", "color": "theme-ink"},
        "encoding": {
            "x": axis("x", panel.x),
            "strokeDash": nominal("name", names, _RULES[: len(names)]),
            "tooltip": {"field": "name"},
        },
    }


def _bin_name(row: Row, integers: bool) -> str:
    low, high = row["low"], row["high"]
    if integers:
        return f"{low:.0f}" if high - low == 1 else f"{low:.0f} to {high - 1:.0f}"
    return f"{low:.4g} to {high:.4g}"
