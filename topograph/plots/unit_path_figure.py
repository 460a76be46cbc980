"""How are the input-output paths spread over the units of each level?"""

from __future__ import annotations

import numpy as np

from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.metrics import log10_paths_through_units
from topograph.plots.layer_histograms import Spread, layer_histograms
from topograph.plots.records import Figure

_MOST_UNITS = 20_000_000  # whose counts are held at once
_SAME = 1 + 1e-6  # a factor below is rounding
_PLAIN, _LARGE = 1e3, 1e9  # factors written as whole numbers


def unit_path_figure(graph: LayeredGraph) -> Figure:
    """Return the distribution of the number of paths through the units of each level.

    Raises
    ------
    Undefined
        If there are too many units to hold the counts of all.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> figure = unit_path_figure(broken_bridge())
    >>> [sum(row["count"] for row in panel.rows) for panel in figure.panels]
    [3, 3, 2]
    """
    n_units = sum(graph.widths)
    if n_units > _MOST_UNITS:
        raise Undefined(
            f"the path counts of up to {_MOST_UNITS:,} units are held, and there are {n_units:,}"
        )
    levels = log10_paths_through_units(graph)
    titles = [_title(level, len(levels)) for level in range(len(levels))]
    spread = Spread("log10 of the paths through a unit", "level", 0, False, "no path")
    panels, notes = layer_histograms(spread, titles, levels)
    dead = sum(int((~np.isfinite(level)).sum()) for level in levels)
    wide = max((float(np.ptp(live)) for live in map(_live, levels) if live.size), default=0.0)
    return Figure(
        "paths-per-unit",
        "Paths per unit",
        "On how many input-output paths a unit lies, as a power of ten. In a chain the sum over "
        "every level is the number of all paths, so a narrow peak means that the units share them "
        "evenly." + (" Units without a path, in red, are dead." if dead else ""),
        panels,
        _seen(dead, n_units, 10 ** min(wide, 300.0)),
        notes,
    )


def _seen(dead: int, n_units: int, factor: float) -> str:
    if dead == n_units:
        return "No unit lies on a path."
    on = (
        "Every unit lies on a path" if not dead else f"{dead:,} of {n_units:,} units lie on no path"
    )
    others = " of the others" if dead else ""
    if factor < _SAME:
        return f"{on}; within a level the counts{others} are the same."
    written = f"{factor:,.0f}" if factor >= _PLAIN else f"{factor:.3g}"
    written = f"{factor:.2g}" if factor >= _LARGE else written
    return f"{on}; within a level the counts{others} differ by a factor of up to {written}."


def _live(
    level: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return level[np.isfinite(level)]


def _title(level: int, count: int) -> str:
    name = "inputs" if level == 0 else "outputs" if level == count - 1 else "hidden"
    return f"level {level}, {name}"
