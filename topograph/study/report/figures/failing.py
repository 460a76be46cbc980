"""How often does a family fail?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from topograph.errors import Undefined
from topograph.study.report.figures.drawing import COLOURS, drawing, panels
from topograph.study.report.observations import FamilyCell, Row, family_cells

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def failure_rates(rows: Sequence[Row], *, level: float = 0.95) -> Figure:
    """Draw for each family the share of topologies with a net that failed, a panel a cell.

    A net fails if it diverges or gives no test image to one of the classes. Bars are Wilson's
    intervals over topologies, which are independent; hollow marks are shares of nets. Cells in
    which no net failed are left out.

    Parameters
    ----------
    rows : sequence of mapping
    level : float
        Of the intervals.

    Raises
    ------
    Undefined
        If no net failed.
    """
    cells = family_cells(rows, level=level)
    by_place: dict[str, list[FamilyCell]] = {}
    for one in cells:
        by_place.setdefault(f"{one.environment}, {one.stratum}", []).append(one)
    drawn = {
        place: found for place, found in by_place.items() if any(one.n_failed for one in found)
    }
    if not drawn:
        raise Undefined("no net diverged or left out a class")
    families = sorted({one.family for found in drawn.values() for one in found}, reverse=True)
    with drawing():
        from matplotlib.ticker import PercentFormatter

        figure, axes = panels(len(drawn), height=0.24 * len(families) + 0.7, width=2.6)
        for axis, (place, found) in zip(axes, drawn.items(), strict=True):
            for one in found:
                _draw_family(axis, families.index(one.family), one)
            axis.set_title(place)
            axis.set_yticks(range(len(families)), families)
            axis.set_ylim(-0.6, len(families) - 0.4)
            axis.set_xlim(-0.03, 1.03)
            axis.set_xticks([0, 0.5, 1])
            axis.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axis.grid(axis="x", color="0.92")
            axis.tick_params(axis="y", length=0)
        figure.supxlabel("share that failed", fontsize=10)
        handles, names = axes[0].get_legend_handles_labels()
        once = dict(zip(names, handles, strict=True))
        figure.legend(
            list(once.values()), list(once), loc="outside upper center", ncols=2, frameon=False
        )
    return figure


def _draw_family(axis: Axes, height: int, one: FamilyCell) -> None:
    axis.plot(one.interval, [height, height], color=COLOURS[0], linewidth=1.6)
    axis.plot(
        [one.n_topologies_failed / one.n_topologies],
        [height],
        linestyle="none",
        marker="o",
        markersize=5.5,
        color=COLOURS[0],
        label="topologies with a net that failed, and interval",
        zorder=3,
    )
    axis.plot(
        [one.n_failed / one.n_nets],
        [height],
        linestyle="none",
        marker="D",
        markersize=4.5,
        color=COLOURS[1],
        markerfacecolor="none",
        label="nets that failed",
        zorder=4,
    )
