"""Accuracy against density, family by family."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from topograph.errors import Undefined
from topograph.study.report.figures.drawing import GREY, Look, drawing, looks, panels
from topograph.study.report.observations import (
    FamilyCell,
    Row,
    environments,
    family_cells,
    grouped,
    topology_means,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def accuracy_against_density(rows: Sequence[Row]) -> Figure:
    """Draw the mean accuracy of each family against density, a panel an environment.

    Large marks are means over topologies, bars their standard deviation, small dots topologies.
    Families of one stratum are set side by side: their density is the same.

    Parameters
    ----------
    rows : sequence of mapping

    Raises
    ------
    Undefined
        If no net has a design density: all belong to dose series.
    """
    cells = family_cells(rows)
    if not cells:
        raise Undefined("all nets belong to dose series")
    with drawing():
        from matplotlib.ticker import LogLocator, NullFormatter, PercentFormatter

        families = list(dict.fromkeys(sorted(one.family for one in cells)))
        places = list(dict.fromkeys(one.environment for one in cells))
        figure, axes = panels(len(places), width=3.6, height=3.2, legend=1.6)
        look = looks(families)
        chance = {
            place: 1 / int(nets[0]["n_classes"])
            for place, nets in grouped(rows, environments(rows)).items()
        }
        shifts = _shifts(cells, families)
        dots = _dots(rows)
        for axis, place in zip(axes, places, strict=True):
            axis.axhline(chance[place], color=GREY, linestyle=":", linewidth=1)
            for family in families:
                mine = [c for c in cells if (c.environment, c.family) == (place, family)]
                _draw_family(axis, mine, look[family], shifts[family], dots)
            axis.set_title(place)
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axis.xaxis.set_minor_formatter(NullFormatter())
            axis.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
            axis.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axis.grid(color="0.92")
        low, high = _ends(cells, shifts)
        axes[0].set_xlim(low, high)
        figure.supxlabel("density (share of possible edges, logarithmic)", fontsize=10)
        figure.supylabel("accuracy on test images", fontsize=10)
        handles, names = axes[0].get_legend_handles_labels()
        known = dict(zip(names, handles, strict=True))
        for axis in axes[1:]:
            known |= dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
        order = [family for family in families if family in known]
        figure.legend(
            [known[name] for name in order],
            order,
            loc="outside right upper",
            frameon=False,
            title="family",
        )
    return figure


def _draw_family(
    axis: Axes,
    cells: Sequence[FamilyCell],
    look: Look,
    shift: float,
    dots: dict[tuple[str, str, str], list[float]],
) -> None:
    if not cells:
        return
    for one in cells:
        values = dots[one.environment, one.stratum, one.family]
        axis.plot(
            [one.density * shift] * len(values),
            values,
            linestyle="none",
            marker=".",
            markersize=3,
            color=look.colour,
            alpha=0.35,
            zorder=2,
        )
    axis.errorbar(
        [one.density * shift for one in cells],
        [one.mean for one in cells],
        yerr=[one.spread or 0.0 for one in cells],
        color=look.colour,
        marker=look.marker,
        markersize=5,
        linewidth=0.8,
        elinewidth=1.3,
        capsize=0,
        label=cells[0].family,
        zorder=3,
    )


def _dots(rows: Sequence[Row]) -> dict[tuple[str, str, str], list[float]]:
    kept = [
        (row, (place, str(row["stratum"]), str(row["family"])))
        for row, place in zip(rows, environments(rows), strict=True)
        if row["role"] != "dose"
    ]
    by_family = grouped((row for row, _ in kept), (key for _, key in kept))
    return {key: list(topology_means(nets).values()) for key, nets in by_family.items()}


def _shifts(cells: Sequence[FamilyCell], families: Sequence[str]) -> dict[str, float]:
    """Return a factor on density for each family, so that families stand side by side."""
    strata = grouped_densities(cells)
    gaps = [math.log(b / a) for a, b in zip(strata, strata[1:], strict=False) if b > 1.02 * a]
    room = 0.6 * min([*gaps, math.log(2)])
    middle = (len(families) - 1) / 2
    step = room / max(len(families), 1)
    return {family: math.exp((at - middle) * step) for at, family in enumerate(families)}


def grouped_densities(cells: Sequence[FamilyCell]) -> list[float]:
    """Return the mean density of each stratum, in order."""
    found: dict[str, list[float]] = {}
    for one in cells:
        found.setdefault(one.stratum, []).append(one.density)
    return sorted(fmean(values) for values in found.values())


def _ends(cells: Sequence[FamilyCell], shifts: dict[str, float]) -> tuple[float, float]:
    all_of_them = [one.density * shifts[one.family] for one in cells]
    return min(all_of_them) / 1.25, max(all_of_them) * 1.25
