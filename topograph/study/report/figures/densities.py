"""Accuracy against density, family by family."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from topograph.errors import Undefined
from topograph.study.design import Specification
from topograph.study.report.figures.drawing import (
    GREY,
    Look,
    add_legend,
    drawing,
    looks,
    panels,
    percentages,
    titled,
)
from topograph.study.report.observations import (
    FamilyCell,
    family_cells,
    grouped,
    topology_means,
)
from topograph.study.views import Rows, environment_of, sampled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 24
_MOST_TICKS = 8


def accuracy_against_density(rows: Rows, specification: Specification) -> Figure:
    """Draw the mean accuracy of each family against density, a panel an environment.

    Large marks are means over topologies, bars their standard deviation, small dots topologies.
    Families of one stratum are set side by side: their density is the same.

    Parameters
    ----------
    rows : list of dict
        Of one rate: fixed or tuned.
    specification : Specification

    Raises
    ------
    Undefined
        If all nets belong to dose series, or there are more environments than can be drawn.
    """
    cells = family_cells(rows, specification)
    places = list(dict.fromkeys(one.environment for one in cells))
    if not cells:
        raise Undefined("all nets belong to dose series")
    if len(places) > MOST_PANELS:
        raise Undefined(f"{len(places)} environments are more than {MOST_PANELS} panels")
    families = sorted({one.family for one in cells})
    look, shifts = looks(families), _shifts(cells, families)
    with drawing():
        figure, panel_axes = panels(len(places), width=3.4, height=3.1, legend=1.6, share_x=False)
        dots = _dots(rows, specification)
        for axes, place in zip(panel_axes, places, strict=True):
            for family in families:
                mine = [c for c in cells if (c.environment, c.family) == (place, family)]
                if mine:
                    _draw_family(axes, mine, look[family], shifts[family], dots)
            titled(axes, place)
            _set_densities(axes, [one for one in cells if one.environment == place], shifts)
        _set_accuracies(panel_axes[0], cells, 1 / int(rows[0]["n_classes"]), dots)
        for axes in panel_axes:
            percentages(axes.xaxis)
            percentages(axes.yaxis)
            axes.axhline(1 / int(rows[0]["n_classes"]), color=GREY, linestyle=":", linewidth=1)
            axes.grid(color="0.92")
        figure.supxlabel("density (share of possible edges, logarithmic)", fontsize=10)
        figure.supylabel("accuracy on test images", fontsize=10)
        add_legend(figure, look, "family")
    return figure


def _draw_family(
    axes: Axes,
    cells: Sequence[FamilyCell],
    look: Look,
    shift: float,
    dots: dict[tuple[str, str, str], list[float]],
) -> None:
    for one in cells:
        values = dots[one.environment, one.stratum, one.family]
        axes.plot(
            [one.density * shift] * len(values),
            values,
            linestyle="none",
            marker=".",
            markersize=3,
            color=look.colour,
            alpha=0.4,
            zorder=2,
        )
    axes.errorbar(
        [one.density * shift for one in cells],
        [one.mean for one in cells],
        yerr=[one.spread or 0.0 for one in cells],
        color=look.colour,
        marker=look.marker,
        markersize=5,
        linewidth=0.7,
        elinewidth=1.3,
        zorder=3,
    )


def _set_densities(axes: Axes, cells: Sequence[FamilyCell], shifts: dict[str, float]) -> None:
    """Set the scale of density to that of one panel, its strata as ticks if they are few."""
    from matplotlib.ticker import FixedLocator, LogLocator, NullFormatter, NullLocator

    axes.set_xscale("log")
    ends = [one.density * shifts[one.family] for one in cells]
    strata = _apart(_densities(cells))
    if len(strata) <= _MOST_TICKS:
        axes.xaxis.set_major_locator(FixedLocator(strata))
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(min(ends) / 1.25, max(ends) * 1.25)


def _set_accuracies(
    axes: Axes,
    cells: Sequence[FamilyCell],
    chance: float,
    dots: dict[tuple[str, str, str], list[float]],
) -> None:
    """Set limits that hold chance only where nets come near it."""
    values = [one for part in dots.values() for one in part]
    values += [one.mean + side * (one.spread or 0.0) for one in cells for side in (-1, 1)]
    low, high = min(values), max(values)
    if low < 2 * chance:
        low = min(low, chance)
    margin = 0.05 * max(high - low, 0.01)
    axes.set_ylim(low - margin, high + margin)


def _dots(rows: Rows, specification: Specification) -> dict[tuple[str, str, str], list[float]]:
    kept = sampled(rows)
    keys = (
        (environment_of(row, specification), str(row["stratum"]), str(row["family"]))
        for row in kept
    )
    return {key: list(topology_means(nets).values()) for key, nets in grouped(kept, keys).items()}


def _shifts(cells: Sequence[FamilyCell], families: Sequence[str]) -> dict[str, float]:
    """Return a factor on density for each family, so that families stand side by side."""
    strata = _apart(_densities(cells))
    gaps = [math.log(b / a) for a, b in itertools.pairwise(strata)]
    step = 0.6 * min([*gaps, math.log(2)]) / len(families)
    middle = (len(families) - 1) / 2
    return {family: math.exp((at - middle) * step) for at, family in enumerate(families)}


def _apart(densities: Sequence[float]) -> list[float]:
    """Return those of the densities that are a tenth above the one before."""
    kept = list(densities[:1])
    for density in densities[1:]:
        if density > 1.1 * kept[-1]:
            kept.append(density)
    return kept


def _densities(cells: Sequence[FamilyCell]) -> list[float]:
    """Return the mean density of each stratum, in order."""
    found: dict[str, list[float]] = {}
    for one in cells:
        found.setdefault(one.stratum, []).append(one.density)
    return sorted(fmean(values) for values in found.values())
