"""How many inputs and outputs do the units of each layer have?"""

from __future__ import annotations

from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.plots.layer_histograms import Spread, layer_histograms
from topograph.plots.records import Figure

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


def _figure(graph: LayeredGraph, way: str) -> Figure:
    n_units = sum(layer.shape[way == "in"] for layer in graph.layers)
    if n_units > _MOST_UNITS:
        raise Undefined(
            f"the degrees of up to {_MOST_UNITS:,} units are held, and there are {n_units:,}"
        )
    values = [layer.fan_in() if way == "in" else layer.fan_out() for layer in graph.layers]
    titles = [layer.name for layer in graph.layers]
    panels, notes = layer_histograms(Spread(f"fan-{way}", "layer", 1, True), titles, values)
    regular = sum(bool(held.min() == held.max()) for held in values)
    empty = sum(int((held == 0).sum()) for held in values)
    ends = "from the level before" if way == "in" else "to the level behind"
    idle = f"{empty:,} unit{' has' if empty == 1 else 's have'}" if empty else "no unit has"
    return Figure(
        f"fan-{way}",
        f"Fan-{way}",
        f"How many edges a unit has {ends}, layer by layer. One bar means that all units have "
        "as many.",
        panels,
        f"In {regular} of {len(values)} layers all units have the same fan-{way}; "
        f"{idle} a fan-{way} of 0.",
        notes,
    )
