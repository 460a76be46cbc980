"""How often does a family fail?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from topograph.errors import Undefined
from topograph.study.design import Specification
from topograph.study.report.figures.drawing import (
    COLOURS,
    drawing,
    panels,
    percentages,
    titled,
)
from topograph.study.report.observations import FamilyCell, cell_name, family_cells, grouped
from topograph.study.views import Rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 12


def failure_rates(rows: Rows, specification: Specification, *, level: float = 0.95) -> Figure:
    """Draw for each family the share of topologies with a net that failed, a panel a cell.

    A net fails if it diverges or gives no test image to one of the classes. Bars are Wilson's
    intervals over topologies, which are independent; hollow marks are shares of nets. Cells in
    which no net failed are left out; of more than 12 those with the fewest failures too.

    Parameters
    ----------
    rows : list of dict
        Of one rate: fixed or tuned.
    specification : Specification
    level : float
        Of the intervals.

    Raises
    ------
    Undefined
        If no net failed.
    """
    cells = family_cells(rows, specification, level=level)
    by_place = grouped(cells, (cell_name(one.environment, one.stratum) for one in cells))
    failures = {place: sum(one.n_failed for one in found) for place, found in by_place.items()}
    worst = sorted(failures, key=lambda place: -failures[place])[:MOST_PANELS]
    drawn = {
        place: found for place, found in by_place.items() if failures[place] and place in worst
    }
    if not drawn:
        raise Undefined("no net diverged or left out a class")
    most = max(len(found) for found in drawn.values())
    with drawing():
        figure, panel_axes = panels(len(drawn), height=0.24 * most + 0.8, width=3.9, share_y=False)
        for axes, (place, found) in zip(panel_axes, drawn.items(), strict=True):
            families = sorted({one.family for one in found}, reverse=True)
            for one in found:
                _draw_family(axes, families.index(one.family), one)
            titled(axes, place, 28)
            axes.set_yticks(range(len(families)), families)
            axes.set_ylim(-0.6, len(families) - 0.4)
            axes.set_xlim(-0.03, 1.03)
            axes.set_xticks([0, 0.5, 1])
            percentages(axes.xaxis)
            axes.grid(axis="x", color="0.92")
            axes.tick_params(axis="y", length=0)
        figure.supxlabel("share that failed", fontsize=10)
        handles, names = panel_axes[0].get_legend_handles_labels()
        once = dict(zip(names, handles, strict=True))
        figure.legend(
            list(once.values()), list(once), loc="outside upper center", ncols=1, frameon=False
        )
    return figure


def _draw_family(axes: Axes, height: int, one: FamilyCell) -> None:
    axes.plot(one.interval, [height, height], color=COLOURS[0], linewidth=1.6)
    axes.plot(
        [one.n_topologies_failed / one.n_topologies],
        [height],
        linestyle="none",
        marker="o",
        markersize=5.5,
        color=COLOURS[0],
        label="topologies with a net that failed, and its interval",
        zorder=3,
    )
    axes.plot(
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
