"""How much of a change does each cause have?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from topograph.errors import Undefined
from topograph.study.report.figures.drawing import COLOURS, drawing, looks
from topograph.study.statistics import ApportionedCauses, CausesWithin

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_STRATA = 20


def cause_shares(causes: ApportionedCauses, outcome: str) -> Figure:
    """Draw the Shapley value of each factor, in all strata together and in each.

    Values of one stratum sum to the difference between all factors mended and none.

    Parameters
    ----------
    causes : ApportionedCauses
    outcome : str
        Label of the axis: what changes, in percentage points.

    Raises
    ------
    Undefined
        If no stratum has all combinations of the factors, or mending changes nothing.
    """
    parts = [one for one in (causes.overall, *causes.strata[:_MOST_STRATA]) if one.causes]
    if len(parts) == 2:
        parts = parts[:1]  # one stratum is all
    if not parts:
        raise Undefined("no stratum has all combinations of the factors")
    if not any(cause.shapley.value for one in parts for cause in one.causes):
        raise Undefined("mending changes nothing")
    names = [one.name for one in parts[0].causes]
    with drawing():
        from matplotlib.figure import Figure

        height = 0.2 * len(names) * len(parts) + 0.12 * len(parts) + 1.3
        figure = Figure(figsize=(7.5, max(2.2, height)), layout="constrained")
        axes = figure.subplots()
        for at, part in enumerate(reversed(parts)):
            _draw_part(axes, at, part, len(names))
        axes.axvline(0, color="black", linewidth=0.8)
        axes.set_yticks(range(len(parts)), [one.stratum or "all strata" for one in reversed(parts)])
        axes.set_ylim(-0.6, len(parts) - 0.4)
        axes.set_xlabel(outcome)
        axes.grid(axis="x", color="0.9")
        axes.tick_params(axis="y", length=0)
        handles, known = axes.get_legend_handles_labels()
        once = dict(zip(known, handles, strict=True))
        figure.legend(
            list(once.values()),
            list(once),
            loc="outside upper center",
            ncols=min(4, len(once)),
            frameon=False,
        )
    return figure


def _draw_part(axes: Axes, at: int, part: CausesWithin, n_causes: int) -> None:
    look = looks([one.name for one in part.causes])
    step = 0.8 / n_causes
    for number, cause in enumerate(part.causes):
        height = at + 0.4 - step * (number + 0.5)
        axes.barh(
            height,
            100 * cause.shapley.value,
            height=0.85 * step,
            color=look[cause.name].colour,
            label=cause.name,
        )
        interval = cause.shapley.interval
        if interval is not None:
            axes.plot(
                [100 * interval.low, 100 * interval.high],
                [height, height],
                color="black" if look[cause.name].colour != COLOURS[6] else "0.6",
                linewidth=1.2,
            )
