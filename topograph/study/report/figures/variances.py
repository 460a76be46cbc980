"""Whose is the variance of the accuracy: the topology's, the labelling's or the seed's?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from topograph.errors import Undefined
from topograph.study.report.figures.drawing import COLOURS, drawing, percentages
from topograph.study.report.observations import cell_name
from topograph.study.statistics import StudyFindings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SHARES = (
    ("topology_share", "topology", COLOURS[0], ""),
    ("labelling_share", "labelling", COLOURS[4], "///"),
    ("seed_share", "seed", "#D0D0D0", ""),
)


def variance_decomposition(findings: StudyFindings) -> Figure:
    """Draw the shares of topology, labelling and seed in each cell as stacked bars.

    The dashed line is the share of the topology below which a cell is not tested; a black line
    is the interval of that share.

    Parameters
    ----------
    findings : StudyFindings

    Raises
    ------
    Undefined
        If the shares are unknown in every cell.
    """
    cells = [one for one in reversed(findings.cells) if one.components is not None]
    if not cells:
        raise Undefined("the shares are unknown in every cell")
    with drawing():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.5, 0.34 * len(cells) + 1.5), layout="constrained")
        axes = figure.subplots()
        left = [0.0] * len(cells)
        for key, name, colour, hatch in _SHARES:
            widths = [float(getattr(one.components, key) or 0.0) for one in cells]
            if any(widths):
                axes.barh(
                    range(len(cells)),
                    widths,
                    left=left,
                    height=0.72,
                    color=colour,
                    hatch=hatch,
                    edgecolor="white",
                    label=name,
                )
            left = [one + other for one, other in zip(left, widths, strict=True)]
        for at, one in enumerate(cells):
            interval = one.components and one.components.interval
            if interval:
                axes.plot([interval.low, interval.high], [at, at], color="black", linewidth=1.4)
        least = float(findings.settings["least_class_share"])
        axes.axvline(
            least, color="black", linestyle="--", linewidth=1, label="least share to be tested"
        )
        axes.set_yticks(
            range(len(cells)),
            [
                cell_name(one.environment, one.stratum) + ("" if one.tested else "  (not tested)")
                for one in cells
            ],
        )
        axes.set_xlim(0, 1)
        axes.set_ylim(-0.6, len(cells) - 0.4)
        percentages(axes.xaxis)
        axes.set_xlabel("share of the variance of accuracy within a cell")
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside upper center", ncols=4, frameon=False)
    return figure
