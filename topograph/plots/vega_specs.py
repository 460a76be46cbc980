"""Panels as specifications of Vega-Lite, which draws them in the browser."""

from __future__ import annotations

from topograph.plots.records import Figure, Panel
from topograph.plots.vega_heat import heat_spec
from topograph.plots.vega_histogram import histogram_spec
from topograph.plots.vega_lines import lines_spec
from topograph.plots.vega_parts import Spec, axis, data

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
_TALLEST_OF_MANY = 260
_SILENT = {"aria": False}


def vega_spec(panel: Panel) -> Spec:
    """Return a panel as a Vega-Lite specification that holds its own data.

    Colours are named, not chosen: those of light and dark are in the page's configuration.
    Marks, axes and legends are silent to what reads a page aloud: the description speaks.
    """
    drawn = {
        "histogram": histogram_spec,
        "heat": heat_spec,
        "lines": lines_spec,
        "bars": _bars,
    }[panel.kind]
    return {
        "$schema": SCHEMA,
        "description": panel.title,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": {
            **_SILENT,
            "mark": _SILENT,
            "axis": {**_SILENT, "labelOverlap": "greedy", "labelSeparation": 8},
            "legend": {**_SILENT, "layout": {"bottom": {"direction": "vertical", "margin": 6}}},
        },
        **drawn(panel),
    }


def figure_specs(figure: Figure) -> list[Spec]:
    """Return the specifications of all panels of a figure: of one height, and described."""
    specs = [vega_spec(panel) for panel in figure.panels]
    height = max((spec["height"] for spec in specs), default=0)
    if len(specs) > 1 and figure.panels[0].kind == "heat":
        height = min(height, _TALLEST_OF_MANY)
    said = [panel_description(figure, panel) for panel in figure.panels]
    return [
        {**spec, "height": height, "description": words}
        for spec, words in zip(specs, said, strict=True)
    ]


def panel_description(figure: Figure, panel: Panel) -> str:
    """Return the words that stand in for a panel: its titles, and what is seen."""
    title = f"{figure.title}, {panel.title}" if panel.title else figure.title
    if panel.kind == "bars":
        return f"{title}. " + " ".join(f"{row['label']}: {row['text']}." for row in panel.rows)
    return f"{title}. {figure.summary}"


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
    tooltip = [
        {"field": "label", "title": "mask"},
        *([{"field": "name", "title": "file"}] if any("name" in row for row in rows) else []),
        {"field": "text", "title": panel.title},
    ]
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
