"""Heat maps as specifications of Vega-Lite."""

from __future__ import annotations

import json

from topograph.plots.records import Panel, Row
from topograph.plots.vega_parts import APART, Spec, axis, data, legend, ticks, widened, with_nothing

_BESIDE = 6  # widths of a single bin, to both sides of it
_HALF = 0.5  # a unit is drawn around its number


def heat_spec(panel: Panel) -> Spec:
    """Return what is particular to a heat map."""
    shift = _HALF if panel.integers else 0.0
    held = [row for row in panel.rows if row["x_low"] is not None]
    left = min((row["x_low"] for row in held), default=0.0) - shift
    right = max((row["x_high"] for row in held), default=1.0) - shift
    if panel.integers and not panel.is_ratio:
        left, right = widened(left, right)
    elif len({row["x_low"] for row in held}) == 1:
        left, right = left - _BESIDE * (right - left), right + _BESIDE * (right - left)
    across = ticks(left, right, 7, integers=panel.integers)
    if not held:
        across["values"] = []
    wide, least, name = right - left, left, panel.nothing or "none"
    place = left - APART * wide
    if len(held) < len(panel.rows):
        least = left - 1.4 * APART * wide
        across = with_nothing(across, place, name)
    values = [_cell(row, shift, (place - 0.04 * wide, place + 0.04 * wide)) for row in panel.rows]
    top = min((row["c"] for row in values), default=0)
    bottom = max((row["d"] for row in values), default=1)
    x = axis(
        "a",
        panel.x,
        scale={"domain": [least, right], "nice": False, "zero": False},
        axis={"grid": False, **across},
    )
    y = axis(
        "c",
        panel.y,
        scale={"domain": [top, bottom], "nice": False, "zero": False, "reverse": True},
        axis={"grid": False, **ticks(top, bottom - _HALF, 8, integers=True)},
    )
    empty = "!isValid(datum.v) || datum.v <= 0" if panel.is_ratio else "datum.gone"
    colour = _ratio_colour() if panel.is_ratio else _count_colour(panel)
    layers = [_layer(panel, f"!({empty})", {"color": colour}, x, y)]
    if any((row["v"] or 0) <= 0 if panel.is_ratio else "gone" in row for row in values):
        said = "void" if panel.is_ratio else "no-path"
        fill = {
            "datum": name,
            "type": "nominal",
            "title": None,
            "scale": {"domain": [name], "range": [said]},
            "legend": {**legend([name]), "symbolType": "square", "symbolSize": 140},
        }
        layers.append(_layer(panel, empty, {"fill": fill}, x, y))
    return {
        "height": min(360, max(110, 16 * round(bottom - top))) if panel.is_ratio else 270,
        "data": data(values),
        "transform": _words(panel, shift, name),
        "layer": layers,
    }


def _cell(row: Row, shift: float, nowhere: tuple[float, float]) -> Row:
    gone = row["x_low"] is None
    made = {
        "a": nowhere[0] if gone else row["x_low"] - shift,
        "b": nowhere[1] if gone else row["x_high"] - shift,
        "c": row["y_low"] - _HALF,
        "d": row["y_high"] - _HALF,
        "v": row["value"],
    }
    return {**made, "gone": True} if gone else made


def _words(panel: Panel, shift: float, name: str) -> list[Spec]:
    """Return what a tooltip says, and the shade of a cell, as formulas."""

    def between(low: str, high: str, apart: float) -> str:
        first, last = f"datum.{low} + {apart}", f"datum.{high} + {apart} - 1"
        ends = [f"format({end}, ',.0f')" for end in (first, last)]
        return f"{last} > {first} ? {ends[0]} + ' to ' + {ends[1]} : {ends[0]}"

    across = between("a", "b", shift)
    if not panel.integers:
        across = "format(datum.a, '.4~g') + ' to ' + format(datum.b, '.4~g')"
    shade, said = "datum.v", "format(datum.v, ',')"
    if panel.is_ratio:
        shade = "datum.v > 0 ? log(datum.v) / LN2 : null"
        said = f"datum.v > 0 ? format(datum.v, '.4~g') : {json.dumps(name)}"
    return [
        {"calculate": f"datum.gone ? {json.dumps(name)} : {across}", "as": "across"},
        {"calculate": between("c", "d", _HALF), "as": "up"},
        {"calculate": shade, "as": "shade"},
        {"calculate": said, "as": "said"},
    ]


def _layer(panel: Panel, shown: str, colour: Spec, x: Spec, y: Spec) -> Spec:
    return {
        "transform": [{"filter": shown}],
        "mark": {"type": "rect", "style": "cell", "stroke": None},
        "encoding": {
            "x": x,
            "x2": {"field": "b"},
            "y": y,
            "y2": {"field": "d"},
            "tooltip": [
                {"field": "across", "title": panel.x},
                {"field": "up", "title": panel.y},
                {"field": "said", "title": panel.value},
            ],
            **colour,
        },
    }


def _ratio_colour() -> Spec:
    return {
        "field": "shade",
        "type": "quantitative",
        "title": None,
        "scale": {"domain": [-3, 0, 3], "range": "diverging", "interpolate": "rgb", "clamp": True},
        "legend": {
            "orient": "bottom",
            "direction": "horizontal",
            "gradientLength": 220,
            "values": [-3, -1, 0, 1, 3],
            "labelOverlap": False,
            "labelExpr": "datum.value <= -3 ? '≤ 1/8' : datum.value >= 3 ? '≥ 8' : "
            "datum.value < 0 ? '1/' + pow(2, -datum.value) : '' + pow(2, datum.value)",
        },
    }


def _count_colour(panel: Panel) -> Spec:
    most = max((row["value"] for row in panel.rows if row["x_low"] is not None), default=1)
    return {
        "field": "shade",
        "type": "quantitative",
        "title": panel.value,
        "scale": {"type": "sqrt", "range": "heatmap", "domain": [0, most]},
        "legend": {
            "orient": "bottom",
            "direction": "horizontal",
            "gradientLength": 180,
            **ticks(0, most, 4, integers=True),
        },
    }
