"""How many inputs and outputs do the units of each layer have?"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np

from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.plots.layer_histograms import Spread, layer_histograms
from topograph.plots.records import Figure
from topograph.wording import counted

Way: TypeAlias = Literal["in", "out"]
_MOST_UNITS = 50_000_000  # whose degrees are held at once


def fan_in_figure(graph: LayeredGraph) -> Figure:
    """Return the distribution of the fan-ins of each layer's target units.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> [panel.rows for panel in fan_in_figure(broken_bridge()).panels][1]
    ({'low': 1.0, 'high': 2.0, 'count': 1}, {'low': 2.0, 'high': 3.0, 'count': 0}, \
{'low': 3.0, 'high': 4.0, 'count': 1})
    """
    return _figure(graph, "in")


def fan_out_figure(graph: LayeredGraph) -> Figure:
    """Return the distribution of the fan-outs of each layer's source units."""
    return _figure(graph, "out")


def _figure(graph: LayeredGraph, way: Way) -> Figure:
    layers = graph.weighted_layers
    if not layers:
        raise Undefined("no layer has parameters")
    n_units = sum(layer.shape[way == "in"] for layer in layers)
    if n_units > _MOST_UNITS:
        raise Undefined(
            f"the degrees of up to {_MOST_UNITS:,} units are held, and there are {n_units:,}"
        )
    values = [layer.fan_in() if way == "in" else layer.fan_out() for layer in layers]
    titles = [layer.name for layer in layers]
    panels, notes = layer_histograms(Spread(f"fan-{way}", "layer", 1, True), titles, values)
    if len(layers) < len(graph.layers):
        without = counted(len(graph.layers) - len(layers), "layer")
        notes = (
            *notes,
            f"Of layers with parameters, in their order; {without} without are not shown.",
        )
    regular = sum(bool(held.min() == held.max()) for held in values)
    ends = "from the level before" if way == "in" else "to the level behind"
    return Figure(
        f"fan-{way}",
        f"Fan-{way}",
        f"How many edges a unit has {ends}, layer by layer. One bar means that all units have "
        "as many.",
        panels,
        f"In {regular} of {counted(len(values), 'layer')} all units have the same fan-{way}; "
        f"{_without_edges(graph, way)}.",
        notes,
    )


def _without_edges(graph: LayeredGraph, way: Way) -> str:
    """Say how many units have no edge in or out at all, inputs or outputs apart."""
    degrees = [np.zeros(width, dtype=np.int64) for width in graph.widths]
    for layer in graph.layers:
        if way == "in":
            degrees[layer.target] += layer.fan_in()
        else:
            degrees[layer.source] += layer.fan_out()
    counts = [int((held == 0).sum()) for held in degrees]
    if way == "in":
        empty, apart = sum(counts[1:]), "inputs"
    else:
        empty, apart = sum(counts[:-1]), "outputs"
    have = "no unit has" if not empty else "1 unit has" if empty == 1 else f"{empty:,} units have"
    return f"{have} no edge {way} at all, {apart} apart"
