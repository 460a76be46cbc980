"""How many of the edges of each layer lie on a path?"""

from __future__ import annotations

from collections.abc import Mapping

from topograph.graph import LayeredGraph
from topograph.metrics import effective_edges
from topograph.plots.binning import blocks, span
from topograph.plots.records import Figure, Panel, Row

_MOST_POINTS = 600
_WIDE_RANGE = 20.0  # greatest over least, from which the axis is logarithmic


def density_figure(graph: LayeredGraph) -> Figure:
    """Return the nominal and the effective density of each layer with parameters."""
    return density_of_nets({"": graph})


def density_of_nets(graphs: Mapping[str, LayeredGraph]) -> Figure:
    """Return the same of several nets: effective, and nominal where it differs.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> rows = density_of_nets({"": broken_bridge()}).panels[0].rows
    >>> [(row["series"], row["x"], round(row["y"], 3)) for row in rows]
    [('nominal', 1, 0.222), ('effective', 1, 0.222), ('nominal', 2, 0.667), ('effective', 2, 0.5)]
    """
    rows: list[Row] = []
    notes: list[str] = []
    said = []
    for net, graph in graphs.items():
        of = f" of {net}" if net else ""
        groups = blocks(len(graph.layers), _MOST_POINTS)
        if groups[0][1] > 1:
            notes.append(f"A point stands for {groups[0][1]} layers{of}.")
        total = live = 0
        for first, end in groups:
            held = [layer for layer in graph.layers[first:end] if not layer.is_structural]
            if not held:
                continue
            possible = sum(layer.n_possible_edges for layer in held)
            edges = sum(layer.n_edges for layer in held)
            effective = sum(int(effective_edges(graph, layer)) for layer in held)
            total, live = total + edges, live + effective
            name = held[0].name if end - first == 1 else f"layers {span(first + 1, end)}"
            series = [("nominal", edges), ("effective", effective)]
            if net:
                series = [(net, effective)]
            rows += [
                {"x": first + 1, "y": count / possible, "series": word, "name": name}
                for word, count in series
            ]
        share = f"{100 * live / total:.4g} %" if total else "none"
        said.append(f"{share} of the edges{of} lie on an input-output path")
    caption = "The share of the possible edges that are there"
    if len(graphs) == 1:
        caption += " (nominal), and of those that lie on an input-output path (effective)"
    else:
        caption += " and lie on an input-output path"
    axis = "density" if len(graphs) == 1 else "effective density"
    above = [row["y"] for row in rows if row["y"] > 0]
    logarithmic = bool(above) and len(above) == len(rows) and max(above) > _WIDE_RANGE * min(above)
    panel = Panel("lines", "", "layer", axis, tuple(rows), log_y=logarithmic)
    if not rows:
        notes.append("Not drawn: no layer has parameters.")
    summary = "; ".join(said)
    return Figure(
        "density",
        "Density by layer" if len(graphs) == 1 else "Effective density by layer",
        f"{caption}.",
        (panel,) if rows else (),
        f"{summary[:1].upper()}{summary[1:]}.",
        tuple(notes),
    )
