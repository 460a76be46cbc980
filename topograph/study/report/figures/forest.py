"""Forest plot: tau of every property with its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topograph.errors import Undefined
from topograph.study.report.figures.drawing import COLOURS, GREY, drawing
from topograph.study.report.numbers_in_words import bare_probability, signed
from topograph.study.statistics import PropertyFinding, StudyFindings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN_EXPLORATORY = 30


def forest_plot(findings: StudyFindings) -> Figure:
    """Draw tau within strata of each property, its interval, its sign in each environment.

    Primaries are filled, exploratory properties hollow and in the order of ``|tau|``; small ticks
    are the environments; dashed lines are the noise ceiling.

    Parameters
    ----------
    findings : StudyFindings

    Raises
    ------
    Undefined
        If no property has a tau.
    """
    with drawing():
        from matplotlib.figure import Figure

        drawn = shown_properties(findings)
        if not drawn:
            raise Undefined("no property has a tau")
        figure = Figure(figsize=(7.5, 0.3 * len(drawn) + 1.5), layout="constrained")
        axes = figure.subplots()
        for at, one in enumerate(drawn):
            _draw_property(axes, len(drawn) - 1 - at, one)
        axes.axvline(0, color="black", linewidth=0.8)
        ceiling = findings.ceiling.ceiling if findings.ceiling else None
        if ceiling:
            for side in (-1, 1):
                label = "noise ceiling" if side == 1 else None
                axes.axvline(side * ceiling, color=GREY, linestyle="--", linewidth=1, label=label)
        axes.set_xlim(*_limits(drawn, ceiling))
        axes.set_ylim(-0.6, len(drawn) - 0.4)
        axes.set_yticks(range(len(drawn)), [one.name for one in reversed(drawn)])
        axes.set_xlabel("Kendall's tau within cells of equal density")
        axes.grid(axis="x", color="0.9")
        axes.tick_params(axis="y", length=0)
        _write_numbers(axes, drawn)
        _add_legend(figure, axes)
    return figure


def shown_properties(findings: StudyFindings) -> list[PropertyFinding]:
    """Return the primaries, and the exploratory properties with the largest ``|tau|``."""
    exploratory = sorted(
        (one for one in findings.exploratory if one.test.tau is not None),
        key=lambda one: -abs(one.test.tau or 0.0),
    )
    primaries = [one for one in findings.primaries if one.test.tau is not None]
    return primaries + exploratory[:SHOWN_EXPLORATORY]


def _draw_property(axes: Axes, height: int, one: PropertyFinding) -> None:
    primary = one.role == "primary"
    colour = COLOURS[0] if primary else COLOURS[1]
    if one.interval is not None:
        axes.plot([one.interval.low, one.interval.high], [height] * 2, color=colour, linewidth=1.6)
    places = [place.tau for place in one.environments if place.tau is not None]
    if len(one.environments) > 1:
        axes.plot(
            places,
            [height] * len(places),
            linestyle="none",
            marker="|",
            markersize=9,
            color=GREY,
            label="one environment",
        )
    axes.plot(
        [one.test.tau or 0.0],
        [height],
        linestyle="none",
        marker="o" if primary else "s",
        markersize=6.5 if primary else 5.5,
        color=colour,
        markerfacecolor=colour if primary else "white",
        label=one.role,
        zorder=3,
    )


def _limits(drawn: list[PropertyFinding], ceiling: float | None) -> tuple[float, float]:
    """Return symmetric limits around all that is drawn, at most -1.05 to 1.05."""
    ends = [abs(one.test.tau or 0.0) for one in drawn]
    ends += [
        abs(end) for one in drawn if one.interval for end in (one.interval.low, one.interval.high)
    ]
    ends += [abs(place.tau) for one in drawn for place in one.environments if place.tau is not None]
    widest = min(1.05, 1.08 * max([*ends, ceiling or 0.0, 0.1]))
    return -widest, widest


def _write_numbers(axes: Axes, drawn: list[PropertyFinding]) -> None:
    """Write tau and the adjusted p-value at the right edge."""
    beside = axes.secondary_yaxis("right")
    beside.set_yticks(
        range(len(drawn)),
        [
            f"{_wide(signed(one.test.tau))}    {bare_probability(one.adjusted_p)}"
            for one in reversed(drawn)
        ],
    )
    beside.tick_params(axis="y", length=0)
    beside.spines["right"].set_visible(False)
    axes.annotate(
        "tau      adj. p",
        (1, 1),
        xycoords="axes fraction",
        xytext=(4, 4),
        textcoords="offset points",
        fontsize=9,
        color=GREY,
    )


def _wide(text: str) -> str:
    """Return a number whose minus is as wide as a plus."""
    return text.replace("-", "\N{MINUS SIGN}")


def _add_legend(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    once = dict(zip(names, handles, strict=True))
    order = [
        name
        for name in ("primary", "exploratory", "one environment", "noise ceiling")
        if name in once
    ]
    figure.legend(
        [once[name] for name in order],
        order,
        loc="outside lower center",
        ncols=len(order),
        frameon=False,
    )
