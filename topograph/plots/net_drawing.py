"""The net itself: its units and edges if it is small, its matrices in cells if it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.counting import liveness
from topograph.errors import MissingExtraError
from topograph.graph import LayeredGraph
from topograph.plots.adjacency_cells import adjacency_cells
from topograph.plots.highlights import counterexample_story, edge_ends, live_edges
from topograph.plots.static_figures import BAD, COLOURS, STYLE
from topograph.report import Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

MOST_UNITS = 160  # of a level
MOST_LEVELS = 24
MOST_EDGES = 4000
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
        from matplotlib.figure import Figure as Drawing
    except ImportError as error:
        raise MissingExtraError.of("matplotlib", "pictures") from error
    with mpl.rc_context(STYLE):
        if is_drawn_by_units(graph):
            tallest = max(graph.widths)
            size = (1.5 + 1.55 * (graph.n_levels - 1), min(16.0, 2.0 + 0.22 * tallest))
            drawing = Drawing(figsize=(max(5.0, size[0]), size[1]), layout="constrained")
            axes = drawing.subplots()
            _draw_units(axes, graph, verdicts)
        else:
            drawing = _draw_cells(graph)
        if title:
            drawing.suptitle(title.replace("$", r"\$"), x=0.01, ha="left", weight="bold")
    return drawing


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


def _draw_units(axes: Axes, graph: LayeredGraph, verdicts: Sequence[Verdict]) -> None:
    from matplotlib.collections import LineCollection

    places = unit_places(graph)
    live, ends = live_edges(graph), edge_ends(graph)
    story = counterexample_story(graph, verdicts)
    thin = 1.0 if graph.n_edges <= 200 else 0.5

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
        alpha=0.25 if story else 0.7,
        zorder=1,
    )
    if story:
        for place, (name, flags) in enumerate(story.groups):
            add(flags, name, colors=COLOURS[place], linewidths=2.6 - place, zorder=2 + place)
    _draw_levels(axes, graph, places, set(story.ends) if story else set())
    if story:
        axes.set_title(story.statement.replace("$", r"\$"), loc="left", wrap=True, pad=30)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=2, fontsize=7, frameon=False)
    axes.set_axis_off()


def _bent(layer: Any, start: float, end: float) -> list[tuple[float, float]]:
    """Return an edge as a line; one that skips levels as an arc above the units between."""
    span = layer.target - layer.source
    if span == 1:
        return [(layer.source, start), (layer.target, end)]
    along = np.linspace(0.0, 1.0, 24)
    rise = 0.08 * span * np.sin(np.pi * along)
    heights = start + (end - start) * along + rise
    return list(zip(layer.source + span * along, heights, strict=True))


def _draw_levels(
    axes: Axes,
    graph: LayeredGraph,
    places: list[Values],
    told: set[tuple[int, int]],
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
        for unit, height in enumerate(heights):
            if (level, unit) in told or graph.widths[level] <= 20:
                axes.annotate(
                    str(unit),
                    (level, height),
                    (0, 6),
                    textcoords="offset points",
                    ha="center",
                    va="bottom",
                    fontsize=6,
                    weight="bold" if (level, unit) in told else "normal",
                    zorder=6,
                )
        name = "inputs" if level == 0 else "outputs" if level == graph.n_levels - 1 else "level"
        said = f"{name} {level}" if name == "level" else name
        axes.annotate(
            f"{said}\n{graph.widths[level]:,}",
            (level, 1.0),
            (0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=8,
        )
    axes.set_xlim(-0.4, graph.n_levels - 0.6)
    axes.set_ylim(-0.02, 1.0)


def _draw_cells(graph: LayeredGraph) -> Drawing:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure as Drawing

    panels = adjacency_cells(graph)
    columns = min(4, len(panels))
    rows = -(-len(panels) // columns)
    drawing = Drawing(figsize=(3.1 * columns + 0.8, 3.0 * rows + 0.6), layout="constrained")
    axes = drawing.subplots(rows, columns, squeeze=False).ravel()
    shades = LinearSegmentedColormap.from_list("share", ["#FFFFFF", "#5B9BC9", "#0B3C66"])
    highest = max(float(panel.shares.max()) for panel in panels) or 1.0
    for at, panel in zip(axes, panels, strict=False):
        shown = at.imshow(
            panel.shares,
            cmap=shades,
            vmin=0.0,
            vmax=highest,
            aspect="auto",
            interpolation="nearest",
            extent=(0, panel.shape[1], panel.shape[0], 0),
        )
        at.set_title(f"{panel.title}\n{panel.said}".replace("$", r"\$"), loc="left", fontsize=7)
        at.set(xlabel="target unit", ylabel="source unit")
        at.tick_params(labelsize=7)
    for at in axes[len(panels) :]:
        at.set_axis_off()
    bar = drawing.colorbar(shown, ax=list(axes[: len(panels)]), shrink=0.8, aspect=40)
    bar.set_label("share of the possible edges", fontsize=8)
    return drawing
