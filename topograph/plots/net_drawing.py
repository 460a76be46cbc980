"""The net itself: its units and edges if it is small, its matrices in cells if it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.counting import liveness
from topograph.errors import MissingExtraError
from topograph.graph import Layer, LayeredGraph
from topograph.plots.adjacency_cells import adjacency_cells
from topograph.plots.highlights import counterexample_story, edge_ends, live_edges
from topograph.plots.matrix_drawing import draw_matrices
from topograph.plots.static_figures import STYLE
from topograph.plots.static_panels import BAD, COLOURS
from topograph.plots.words import SMALL, fitted, plain, text_height, text_width, wrapped
from topograph.report import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

MOST_UNITS = 160  # of a level
MOST_LEVELS = 24
MOST_EDGES = 4000
_MOST_NUMBERED = 20  # units of a level whose numbers are written
_SIDE = 0.1  # inches
_LEVEL_NAMES = 0.5
_DEAD_EDGE = "#B9BEC4"
_EDGE = "#5A6470"


def is_drawn_by_units(graph: LayeredGraph) -> bool:
    """Whether the net is small enough to draw every unit and every edge."""
    return (
        max(graph.widths) <= MOST_UNITS
        and graph.n_levels <= MOST_LEVELS
        and graph.n_edges <= MOST_EDGES
    )


def draw_net(graph: LayeredGraph, verdicts: Sequence[Verdict] = (), title: str = "") -> Drawing:
    """Draw a net: units and edges if it is small, else its layers' matrices in cells.

    Dead units are hollow and red, dead edges grey and dashed. Of a counterexample the edges
    are highlighted that it is about. In a cell the shade is the share of its edges that are
    there; the title of a panel says how many units a cell stands for.

    Parameters
    ----------
    graph : LayeredGraph
    verdicts : sequence of Verdict, optional
        Of which the first counterexample on paths is shown, in small nets.
    title : str, optional

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
    except ImportError as error:
        raise MissingExtraError.of("matplotlib", "pictures") from error
    with mpl.rc_context(STYLE):
        if is_drawn_by_units(graph):
            return _draw_units(graph, verdicts, title)
        return draw_matrices(adjacency_cells(graph), title)


def unit_places(graph: LayeredGraph) -> list[Values]:
    """Return the height of every unit, each level spread over 0 to 1, unit 0 on top.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> [level.round(2).tolist() for level in unit_places(broken_bridge())]
    [[0.83, 0.5, 0.17], [0.83, 0.5, 0.17], [0.67, 0.33]]
    """
    tallest = max(graph.widths)
    places = []
    for width in graph.widths:
        step = 1.0 / tallest if tallest <= 3 * width else 1.0 / (3 * width)
        places.append(0.5 + step * ((width - 1) / 2 - np.arange(width)))
    return places


def _draw_units(graph: LayeredGraph, verdicts: Sequence[Verdict], title: str) -> Drawing:
    """Draw units and edges; every distance is in inches, so that words have their place."""
    from matplotlib.collections import LineCollection
    from matplotlib.figure import Figure as Drawing

    places = unit_places(graph)
    live, ends = live_edges(graph), edge_ends(graph)
    story = counterexample_story(graph, verdicts)
    thin = 1.0 if graph.n_edges <= 200 else 0.5
    size = (
        max(5.0, 1.5 + 1.55 * (graph.n_levels - 1)),
        min(16.0, max(1.6, 0.3 * max(graph.widths))),
    )
    drawing = Drawing(figsize=size)
    axes = drawing.add_axes((0.0, 0.0, 1.0, 1.0))

    def add(flags: Sequence[Any], name: str, **look: Any) -> None:
        segments = [
            segment
            for layer, (tails, heads), chosen in zip(graph.layers, ends, flags, strict=True)
            for tail, head in zip(tails[chosen], heads[chosen], strict=True)
            for segment in [_bent(layer, places[layer.source][tail], places[layer.target][head])]
        ]
        if segments:
            axes.add_collection(LineCollection(segments, label=name, **look))

    add(
        [~one for one in live],
        "edge on no path",
        colors=_DEAD_EDGE,
        linewidths=thin,
        linestyles="dashed",
        zorder=1,
    )
    add(
        live,
        "edge on a path",
        colors=_EDGE,
        linewidths=thin,
        alpha=0.25 if story and story.groups else 0.7,
        zorder=1,
    )
    if story:
        for place, (name, flags) in enumerate(story.groups):
            add(flags, name, colors=COLOURS[place], linewidths=2.6 - place, zorder=2 + place)
    peak = max([1.0, *(_top(layer) for layer in graph.layers)])
    _draw_levels(axes, graph, places, story.ends if story else (), peak)
    axes.set(xlim=(-0.4, graph.n_levels - 0.6), ylim=(-0.02, peak))
    axes.set_axis_off()
    room = size[0] - 2 * _SIDE
    heading = [(fitted(title, room, 10.0, 2, bold=True), 10.0)] if title else []
    if story:
        heading.append(("\n".join(wrapped(story.statement, room, 9.0)), 9.0))
    _with_words(drawing, axes, heading, size[1] * (peak + 0.02))
    return drawing


def _with_words(drawing: Drawing, axes: Axes, heading: list[tuple[str, float]], net: float) -> None:
    """Size the drawing for the words above the net and the legend below it."""
    width = drawing.get_size_inches()[0]
    handles, labels = axes.get_legend_handles_labels()
    widest = max(text_width(label, SMALL) for label in labels) + 0.55
    columns = max(1, min(4, len(labels), int((width - 2 * _SIDE) // widest)))
    below = 0.16 * -(-len(labels) // columns) + 3 * _SIDE
    spoken = [text_height(text.count("\n") + 1, size) + 0.05 for text, size in heading]
    height = below + net + _LEVEL_NAMES + sum(spoken) + _SIDE
    drawing.set_size_inches(width, height)
    axes.set_position((0.0, below / height, 1.0, net / height))
    drawing.legend(
        handles,
        labels,
        ncols=columns,
        loc="lower center",
        bbox_to_anchor=(0.5, _SIDE / height),
        borderaxespad=0.0,
        fontsize=SMALL,
        markerscale=0.7,
        frameon=False,
    )
    at = height - _SIDE
    for (text, size), tall in zip(heading, spoken, strict=True):
        weight = "bold" if size >= 10.0 else "normal"
        drawing.text(_SIDE / width, at / height, plain(text), va="top", size=size, weight=weight)
        at -= tall


def _top(layer: Layer) -> float:
    return 1.0 + _rise(layer) if layer.target - layer.source > 1 else 1.0


def _rise(layer: Layer) -> float:
    return min(0.4, 0.08 * (layer.target - layer.source))


def _bent(layer: Layer, start: float, end: float) -> list[tuple[float, float]]:
    """Return an edge as a line; one that skips levels as an arc above the units between."""
    span = layer.target - layer.source
    if span == 1:
        return [(layer.source, start), (layer.target, end)]
    along = np.linspace(0.0, 1.0, 24)
    rise = _rise(layer) * np.sin(np.pi * along)
    heights = start + (end - start) * along + rise
    return list(zip(layer.source + span * along, heights, strict=True))


def _draw_levels(
    axes: Axes,
    graph: LayeredGraph,
    places: list[Values],
    told: Sequence[tuple[int, int]],
    peak: float,
) -> None:
    found = liveness(graph)
    size = max(6.0, min(90.0, 2400.0 / max(graph.widths)))
    named = {"live unit": False, "dead unit": False}
    for level, heights in enumerate(places):
        alive = found.live[level]
        for chosen, name, face, rim in (
            (alive, "live unit", COLOURS[0], COLOURS[0]),
            (~alive, "dead unit", "white", BAD),
        ):
            if chosen.any():
                label = name if not named[name] else None
                named[name] = True
                axes.scatter(
                    np.full(int(chosen.sum()), level),
                    heights[chosen],
                    s=size,
                    zorder=5,
                    linewidths=1.2,
                    label=label,
                    facecolor=face,
                    edgecolor=rim,
                )
        aside = {0: (-9, 0, "right"), graph.n_levels - 1: (9, 0, "left")}
        across, up, side = aside.get(level, (0, 6, "center"))
        for unit, height in enumerate(heights):
            if (level, unit) in told or graph.widths[level] <= _MOST_NUMBERED:
                axes.annotate(
                    str(unit),
                    (level, height),
                    (across, up),
                    textcoords="offset points",
                    ha=side,
                    va="center" if level in aside else "bottom",
                    fontsize=6,
                    weight="bold" if (level, unit) in told else "normal",
                    zorder=6,
                )
        name = "inputs" if level == 0 else "outputs" if level == graph.n_levels - 1 else "level"
        said = f"{name} {level}" if name == "level" else name
        axes.annotate(
            f"{said}\n{graph.widths[level]:,}",
            (level, peak),
            (0, 10),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
        )
    if told:
        axes.scatter(
            [level for level, _ in told],
            [places[level][unit] for level, unit in told],
            s=1.6 * size + 16.0,
            zorder=4,
            linewidths=1.0,
            label="unit of the counterexample",
            facecolor="none",
            edgecolor="black",
        )
