"""Dose and response: accuracy along the series in which one property was moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topograph.errors import Undefined
from topograph.study.design import Specification
from topograph.study.report.figures.drawing import (
    Look,
    add_legend,
    drawing,
    looks,
    percentages,
    titled,
)
from topograph.study.report.observations import grouped, topology_means
from topograph.study.views import Rows, environment_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_COLUMNS = 6


def dose_and_response(rows: Rows, specification: Specification) -> Figure:
    """Draw the mean accuracy of each topology of a dose series against its dose.

    A line of panels a property that was moved, a column an environment, a line a series in the
    colour of its stratum.

    Parameters
    ----------
    rows : list of dict
        Of one rate: fixed or tuned.
    specification : Specification

    Raises
    ------
    Undefined
        If no net belongs to a dose series, or there are more environments than can be drawn.
    """
    kept = [row for row in rows if row["role"] == "dose" and row["dose"] is not None]
    if not kept:
        raise Undefined("the study has no dose series")
    moved = sorted({str(row["moved"]) for row in kept})
    by_panel = grouped(
        kept, ((str(row["moved"]), environment_of(row, specification)) for row in kept)
    )
    places = sorted({place for _, place in by_panel})
    if len(places) > _MOST_COLUMNS:
        raise Undefined(f"{len(places)} environments are more than {_MOST_COLUMNS} columns")
    kept.sort(key=lambda row: (float(row["density"]), str(row["stratum"])))
    look = looks(list(dict.fromkeys(str(row["stratum"]) for row in kept)))
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(
            figsize=(2.9 * len(places) + 2.2, 2.5 * len(moved) + 0.5), layout="constrained"
        )
        grid = figure.subplots(len(moved), len(places), sharex="row", sharey=True, squeeze=False)
        for line, name in enumerate(moved):
            for column, place in enumerate(places):
                axes = grid[line, column]
                _draw_series(axes, by_panel.get((name, place), []), look)
                axes.set_xlabel(f"{name} (dose)")
                axes.grid(color="0.92")
                percentages(axes.yaxis)
                if line == 0:
                    titled(axes, place)
        figure.supylabel("accuracy on test images", fontsize=10)
        add_legend(figure, look, "stratum")
    return figure


def _draw_series(axes: Axes, rows: Rows, look: dict[str, Look]) -> None:
    by_series = grouped(rows, ((str(row["stratum"]), str(row["series"])) for row in rows))
    for (stratum, _), nets in by_series.items():
        doses = {str(row["topology"]): float(row["dose"]) for row in nets}
        curve = sorted((doses[name], mean) for name, mean in topology_means(nets).items())
        axes.plot(
            [dose for dose, _ in curve],
            [mean for _, mean in curve],
            color=look[stratum].colour,
            marker=look[stratum].marker,
            markersize=4,
            linewidth=1.1,
            alpha=0.8,
        )
