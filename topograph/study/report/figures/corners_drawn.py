"""How do nets fare under every combination of the factors, stratum by stratum?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from topograph.errors import Undefined
from topograph.study.report.figures.drawing import drawing
from topograph.study.statistics import ApportionedCauses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST_FACTORS = 5
_DARK = 0.55  # share of the colour scale beyond which letters are white


def combinations(causes: ApportionedCauses, outcome: str) -> Figure:
    """Draw the mean outcome of every stratum under every combination of the factors.

    A row a stratum, a column a combination, with a dot under it for each factor that is mended.

    Parameters
    ----------
    causes : ApportionedCauses
    outcome : str
        What the numbers are, in percent.

    Raises
    ------
    Undefined
        If no stratum has all combinations, or there are more than five factors.
    """
    parts = [one for one in causes.strata if one.corners]
    if not parts:
        raise Undefined("no stratum has all combinations of the factors")
    names = [one.name for one in parts[0].causes]
    if len(names) > _MOST_FACTORS:
        raise Undefined(f"{len(names)} factors have more combinations than a figure can show")
    corners = [one.mended for one in parts[0].corners]
    values = 100 * np.array([[one.outcome.value for one in part.corners] for part in parts])
    with drawing():
        from matplotlib.figure import Figure

        height = 0.3 * (len(parts) + len(names)) + 1.2
        figure = Figure(figsize=(0.48 * len(corners) + 3.6, height), layout="constrained")
        above, below = figure.subplots(
            2, 1, sharex=True, height_ratios=[max(len(parts), 2), len(names)]
        )
        image = above.imshow(values, vmin=0, vmax=100, cmap="cividis_r", aspect="auto")
        for row, column in np.ndindex(*values.shape):
            above.text(
                column,
                row,
                f"{values[row, column]:.0f}",
                ha="center",
                va="center",
                fontsize=8,
                color="white" if values[row, column] > 100 * _DARK else "black",
            )
        above.set_yticks(range(len(parts)), [str(one.stratum) for one in parts])
        above.tick_params(length=0, labelbottom=False)
        mended = np.array([[name in one for one in corners] for name in names])
        for row, column in np.ndindex(*mended.shape):
            below.plot(
                column,
                row,
                marker="o",
                markersize=6,
                color="black" if mended[row, column] else "0.85",
            )
        below.set_yticks(range(len(names)), names)
        below.set_ylim(len(names) - 0.5, -0.5)
        below.set_xticks([])
        below.tick_params(length=0)
        below.set_xlabel("mended: black")
        for side in ("left", "bottom"):
            above.spines[side].set_visible(False)
            below.spines[side].set_visible(False)
        figure.colorbar(image, ax=above, label=outcome, shrink=0.9)
    return figure
