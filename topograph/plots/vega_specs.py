"""Panels as specifications of Vega-Lite, which draws them in the browser."""

from __future__ import annotations

from topograph.plots.records import Panel, Row
from topograph.plots.vega_heat import heat_spec
from topograph.plots.vega_parts import GAP, Spec, axis, data

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_FEW_TICKS = 8
_LONG_NAME = 8


def vega_spec(panel: Panel) -> Spec:
    """Return a panel as a Vega-Lite specification that holds its own data.

    Colours are named, not chosen: those of light and dark are in the page's configuration.
    """
    drawn = {"histogram": _histogram, "heat": heat_spec, "lines": _lines, "bars": _bars}[panel.kind]
    return {
        "$schema": SCHEMA,
        "width": "container",
        "autosize": {"type": "fit", "contains": "padding"},
        **drawn(panel),
    }


def _histogram(panel: Panel) -> Spec:
    rows, nothing = [], []
    held = [row for row in panel.rows if row["low"] is not None]
    low = held[0]["low"] if held else 0.0
    high = max(held[-1]["high"] if held else 1.0, *(rule["x"] for rule in panel.rules), low + 1e-9)
    width = held[0]["high"] - held[0]["low"] if held else 1.0
    shift = 0.5 if panel.integers else 0.0
    for row in panel.rows:
        if row["low"] is None:
            left = low - shift - GAP * (high - low) - 2 * width
            nothing.append(
                {"a": left, "b": left + width, "n": row["count"], "t": panel.nothing or "no value"}
            )
            continue
        rows.append(
            {
                "a": row["low"] - shift,
                "b": row["high"] - shift,
                "n": row["count"],
                "t": _bin_name(row, panel.integers),
            }
        )
    tooltip = [
        {"field": "t", "title": panel.x},
        {"field": "n", "title": panel.y, "format": ","},
    ]
    padding = max(0.0, 4 - (high - low)) / 2 if panel.integers else 0.0
    least = min([row["a"] for row in (*nothing, *rows)], default=0.0) - padding
    domain = [least, max(high - shift, rows[-1]["b"] if rows else high) + padding]
    tick = {"tickCount": 6, **({"tickMinStep": 1} if panel.integers else {})}
    x = axis("a", panel.x, scale={"domain": domain, "nice": False, "zero": False}, axis=tick)
    y = axis("n", panel.y, axis={"tickMinStep": 1, "tickCount": 5})
    layers: list[Spec] = []
    for values, colour in ((rows, "series-0"), (nothing, "no-path")):
        if values:
            layers.append(
                {
                    "data": data(values),
                    "mark": {"type": "rect", "style": "bin", "color": colour},
                    "encoding": {
                        "x": x,
                        "x2": {"field": "b"},
                        "y": y,
                        "y2": {"datum": 0},
                        "tooltip": tooltip,
                    },
                }
            )
    if panel.curve:
        layers.append(
            {
                "data": data([dict(row) for row in panel.curve]),
                "mark": {"type": "line", "style": "theory"},
                "encoding": {
                    "x": axis("x", panel.x),
                    "y": axis("y", panel.y),
                    "color": _series([row["series"] for row in panel.curve], 2),
                },
            }
        )
    for rule in panel.rules:
        right = rule["x"] > 0.6 * high
        layers.append(
            {
                "data": data([{"x": rule["x"], "name": f"{rule['name']} {rule['x']:.4g}"}]),
                "encoding": {"x": axis("x", panel.x), "tooltip": {"field": "name"}},
                "layer": [
                    {"mark": {"type": "rule", "style": "rule", "color": "theme-ink"}},
                    {
                        "mark": {
                            "type": "text",
                            "style": "rule-name",
                            "color": "theme-ink",
                            "align": "right" if right else "left",
                            "dx": -4 if right else 4,
                            "dy": 8 + 14 * panel.rules.index(rule),
                            "y": 0,
                        },
                        "encoding": {"text": {"field": "name"}},
                    },
                ],
            }
        )
    return {"height": 180, "layer": layers}


def _bin_name(row: Row, integers: bool) -> str:
    low, high = row["low"], row["high"]
    if integers:
        return f"{low:.0f}" if high - low == 1 else f"{low:.0f} to {high - 1:.0f}"
    return f"{low:.4g} to {high:.4g}"


def _series(names: list[str], first: int = 0) -> Spec:
    order = list(dict.fromkeys(names))
    marks = [f"series-{first + place}" for place in range(len(order))]
    columns = 2 if max(map(len, order)) > _LONG_NAME else 6
    return {
        "field": "series",
        "type": "nominal",
        "title": None,
        "sort": None,
        "scale": {"domain": order, "range": marks},
        "legend": {
            "orient": "bottom",
            "direction": "horizontal",
            "columns": columns,
            "labelLimit": 240,
        },
    }


def _shapes(colour: Spec) -> Spec:
    shapes = ["circle", "square", "diamond", "triangle-up", "triangle-down", "cross"]
    order = colour["scale"]["domain"]
    drawn = [shapes[place % len(shapes)] for place in range(len(order))]
    return {**colour, "scale": {"domain": order, "range": drawn}}


def _lines(panel: Panel) -> Spec:
    rows = [dict(row) for row in panel.rows]
    colour = _series([row["series"] for row in rows])
    last = max((row["x"] for row in rows), default=1)
    first = min((row["x"] for row in rows), default=0)
    ticks = {"values": [*range(first, last + 1)]} if last - first <= _FEW_TICKS else {}
    x = axis(
        "x",
        panel.x,
        axis={"tickMinStep": 1, "tickCount": 8, "format": "d", **ticks},
        scale={"domain": [first, max(last, first + 1)], "nice": False, "padding": 8},
    )
    y = axis("y", panel.y, scale={"type": "log"} if panel.log_y else {"zero": True})
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
    dense = len({row["x"] for row in rows}) > 60
    layers.append(
        {
            "mark": {"type": "line", "style": "line", "point": False},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
            },
        }
    )
    layers.append(
        {
            "mark": {"type": "point", "style": "dot", "size": 16 if dense else 55, "filled": True},
            "encoding": {
                "x": x,
                "y": y,
                "color": colour,
                "shape": _shapes(colour),
                "tooltip": tooltip,
            },
        }
    )
    return {"height": 260, "data": data(rows), "layer": layers}


def _bars(panel: Panel) -> Spec:
    rows = [{**row, "value": row["value"] if row["value"] is not None else 0} for row in panel.rows]
    order = [row["label"] for row in rows]
    low = min(0.0, *(row["value"] for row in rows))
    high = max(0.0, *(row["value"] for row in rows))
    y: Spec = {
        "field": "label",
        "type": "nominal",
        "title": None,
        "sort": None,
        "axis": {"ticks": False, "domain": False, "grid": False},
    }
    x = axis(
        "value",
        "",
        axis=None,
        scale={"domain": [low, (high - low or 1.0) * 1.38 + low], "nice": False},
    )
    colour = {
        "field": "label",
        "type": "nominal",
        "legend": None,
        "sort": None,
        "scale": {"domain": order, "range": [f"series-{place}" for place in range(len(order))]},
    }
    tooltip = [{"field": "label", "title": "mask"}, {"field": "text", "title": panel.value}]
    return {
        "height": 24 * len(rows) + 4,
        "data": data(rows),
        "encoding": {"y": y, "tooltip": tooltip},
        "layer": [
            {"mark": {"type": "bar", "height": 14}, "encoding": {"x": x, "color": colour}},
            {
                "mark": {
                    "type": "text",
                    "style": "bar-text",
                    "color": "theme-ink",
                    "align": "left",
                    "dx": 5,
                },
                "encoding": {"x": x, "text": {"field": "text"}},
            },
        ],
    }
