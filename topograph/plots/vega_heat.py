"""Heat maps as specifications of Vega-Lite."""

from __future__ import annotations

from topograph.plots.records import Panel, Row
from topograph.plots.vega_parts import GAP, Spec, axis, data


def heat_spec(panel: Panel) -> Spec:
    """Return what is particular to a heat map."""
    rows = [row for row in panel.rows if row["x_low"] is not None]
    left = min((row["x_low"] for row in rows), default=0.0)
    right = max((row["x_high"] for row in rows), default=1.0)
    width = (right - left) * 2 * GAP or 1.0
    shift = 0.5 if panel.integers and not panel.is_ratio else 0.0
    spare = max(0.0, 4 - (right - left)) / 2 if shift else 0.0
    values = []
    for row in panel.rows:
        gone = row["x_low"] is None
        made = {
            "a": left - 1.5 * width if gone else row["x_low"] - shift,
            "b": left - 0.5 * width if gone else row["x_high"] - shift,
            "c": row["y_low"],
            "d": row["y_high"],
            "v": row["value"],
        }
        values.append({**made, "gone": True} if gone else made)
    highest = max((row["d"] for row in values), default=1)
    lowest = min((row["c"] for row in values), default=0)
    least = min((row["a"] for row in values), default=0.0)
    step = "datum.b - 1 > datum.a ? datum.a + ' to ' + (datum.b - 1) : '' + datum.a"
    if not panel.is_ratio:
        step = f"datum.gone ? '{panel.nothing or 'no value'}' : format(datum.a + {shift}, '.4~g')"
        step += " + ' to ' + " + (
            f"format(datum.b + {shift} - 1, '.4~g')"
            if panel.integers
            else "format(datum.b, '.4~g')"
        )
    rises = "datum.d - 1 > datum.c ? datum.c + ' to ' + (datum.d - 1) : '' + datum.c"
    shade = "datum.v > 0 ? log(datum.v) / LN2 : null" if panel.is_ratio else "datum.v"
    said = "datum.v > 0 ? format(datum.v, '.4~g') : 'no path'" if panel.is_ratio else "datum.v"
    return {
        "height": min(420, max(150, 16 * (highest - lowest))) if panel.is_ratio else 320,
        "data": data(values),
        "transform": [
            {"calculate": step, "as": "across"},
            {"calculate": rises, "as": "up"},
            {"calculate": shade, "as": "shade"},
            {"calculate": said, "as": "said"},
        ],
        "mark": {"type": "rect", "style": "cell", "stroke": None, "invalid": None},
        "encoding": {
            "x": axis(
                "a",
                panel.x,
                scale={
                    "domain": [least - spare, right - shift + spare],
                    "nice": False,
                    "zero": False,
                },
                axis={
                    "tickCount": 8,
                    "grid": False,
                    **({"tickMinStep": 1} if panel.integers else {}),
                },
            ),
            "x2": {"field": "b"},
            "y": axis(
                "c",
                panel.y,
                scale={"domain": [lowest, highest], "nice": False, "reverse": True},
                axis={"tickMinStep": 1, "tickCount": 8, "grid": False},
            ),
            "y2": {"field": "d"},
            "color": _ratio_colour(values) if panel.is_ratio else _count_colour(panel),
            "tooltip": [
                {"field": "across", "title": panel.x},
                {"field": "up", "title": panel.y},
                {"field": "said", "title": panel.value},
            ],
        },
    }


def _ratio_colour(values: list[Row]) -> Spec:
    colour: Spec = {
        "field": "shade",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [-3, 0, 3], "range": "diverging", "interpolate": "rgb", "clamp": True},
        "legend": {
            "orient": "bottom",
            "direction": "horizontal",
            "gradientLength": 180,
            "values": [-3, -2, -1, 0, 1, 2, 3],
            "labelExpr": "datum.value <= -3 ? '≤ 1/8' : datum.value >= 3 ? '≥ 8' : "
            "datum.value < 0 ? '1/' + pow(2, -datum.value) : '' + pow(2, datum.value)",
        },
    }
    if any(row["v"] is None for row in values):
        return {"condition": {"test": "!isValid(datum.shade)", "value": "void"}, **colour}
    return colour


def _count_colour(panel: Panel) -> Spec:
    return {
        "field": "shade",
        "type": "quantitative",
        "title": panel.value,
        "scale": {"type": "sqrt", "range": "heatmap", "domainMin": 0},
        "legend": {"orient": "bottom", "direction": "horizontal", "gradientLength": 180},
    }
