"""Which figures does a report of one net have?"""

from __future__ import annotations

from collections.abc import Callable

from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.plots.density_figure import density_figure
from topograph.plots.fan_figures import fan_in_figure, fan_out_figure
from topograph.plots.path_matrix_figure import path_matrix_figure
from topograph.plots.reach_figure import reach_figure
from topograph.plots.records import Figure
from topograph.plots.spectrum_figure import spectrum_figure
from topograph.plots.unit_path_figure import unit_path_figure

Made = Callable[[LayeredGraph], Figure]


def figure_data(graph: LayeredGraph, *, seed: int = 0) -> tuple[Figure, ...]:
    """Return what the figures of a net show, as plain records.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the inputs drawn where there are too many.

    Returns
    -------
    tuple of Figure
        Path matrix, reach by depth, paths per unit, density by layer, fan-in, fan-out and
        singular values. A figure that has no value, or would take too long, has no panel and
        the reason in its notes.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> [figure.name for figure in figure_data(butterfly())][:3]
    ['path-matrix', 'reachability', 'density']
    >>> {row["value"] for row in figure_data(butterfly())[0].panels[0].rows}
    {1.0}
    """
    makers: tuple[tuple[str, str, Made], ...] = (
        ("path-matrix", "Path matrix", path_matrix_figure),
        ("reachability", "Reach by depth", lambda net: reach_figure(net, seed)),
        ("density", "Density by layer", density_figure),
        ("paths-per-unit", "Paths per unit", unit_path_figure),
        ("fan-in", "Fan-in", fan_in_figure),
        ("fan-out", "Fan-out", fan_out_figure),
        ("singular-values", "Singular values", spectrum_figure),
    )
    return tuple(made_or_said(name, title, maker, graph) for name, title, maker in makers)


def made_or_said(name: str, title: str, maker: Made, graph: LayeredGraph) -> Figure:
    """Return a figure, or one without panels that says why."""
    try:
        return maker(graph)
    except Undefined as reason:
        said = reason.message
        return Figure(name, title, "", notes=(f"Not drawn: {said.rstrip('.')}.",))
