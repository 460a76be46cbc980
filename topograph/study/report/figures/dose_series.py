"""Dose and response: accuracy along the series in which one property was moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from topograph.errors import Undefined
from topograph.study.report.figures.drawing import Look, drawing, looks
from topograph.study.report.observations import Row, environments, grouped, topology_means

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def dose_and_response(rows: Sequence[Row]) -> Figure:
    """Draw the mean accuracy of each topology of a dose series against its dose.

    A line of panels a property that was moved, a column an environment, a line a series in the
    colour of its stratum.

    Parameters
    ----------
    rows : sequence of mapping

    Raises
    ------
    Undefined
        If no net belongs to a dose series.
    """
    places = environments(rows)
    kept = [(row, place) for row, place in zip(rows, places, strict=True) if row["role"] == "dose"]
    if not kept:
        raise Undefined("the study has no dose series")
    moved = sorted({str(row["moved"]) for row, _ in kept})
    columns = sorted({place for _, place in kept})
    by_density = sorted(kept, key=lambda pair: (float(pair[0]["density"]), pair[0]["stratum"]))
    look = looks(list(dict.fromkeys(str(row["stratum"]) for row, _ in by_density)))
    with drawing():
        from matplotlib.figure import Figure
        from matplotlib.ticker import PercentFormatter

        figure = Figure(
            figsize=(3.0 * len(columns) + 2.2, 2.6 * len(moved) + 0.5), layout="constrained"
        )
        grid = figure.subplots(len(moved), len(columns), sharex="row", sharey=True, squeeze=False)
        drawn: dict[str, None] = {}
        for line, name in enumerate(moved):
            for column, place in enumerate(columns):
                axes = grid[line, column]
                mine = [row for row, where in kept if (row["moved"], where) == (name, place)]
                _draw_series(axes, mine, look)
                axes.set_xlabel(f"{name} (dose)")
                axes.grid(color="0.92")
                axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
                if line == 0:
                    axes.set_title(place)
                drawn |= dict.fromkeys(str(row["stratum"]) for row in mine)
        figure.supylabel("accuracy on test images", fontsize=10)
        _add_legend(figure, {stratum: look[stratum] for stratum in look if stratum in drawn})
    return figure


def _draw_series(axes: Axes, rows: Sequence[Row], look: dict[str, Look]) -> None:
    for (stratum, _), nets in grouped(
        rows, ((str(row["stratum"]), str(row["series"])) for row in rows)
    ).items():
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


def _add_legend(figure: Figure, look: dict[str, Look]) -> None:
    from matplotlib.lines import Line2D

    figure.legend(
        [
            Line2D([], [], color=one.colour, marker=one.marker, markersize=4, linewidth=1.1)
            for one in look.values()
        ],
        list(look),
        loc="outside right upper",
        frameon=False,
        title="stratum",
    )
