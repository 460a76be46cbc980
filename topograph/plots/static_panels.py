"""The four kinds of panels, drawn by matplotlib."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from topograph.plots.records import Panel, Row
from topograph.plots.ticks import integer_ticks
from topograph.plots.words import SMALL, fitted, plain, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8A6D00", "#56B4E9", "#7A4A1D", "#58636E")
BAD = "#B3261E"
_VOID = "#2B2B2B"
_MARKERS = "osD^vXP*"
_DASHES = ("-", "--", ":")  # of nets beyond the eighth and the sixteenth
_BELOW = 0.46  # inches from the axis to the legend: marks and the title of the axis
_LEGEND_ROW = 0.155
_PLACE, _EDGE = 0.21, 0.33  # where what has no value stands before the axis, shares of its length
_WIDEST_LABEL = 0.9


def draw_panel(axes: Axes, panel: Panel, room: float) -> float:
    """Draw a panel; return the height of the legend below it in inches.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    panel : Panel
    room : float
        Width in inches for its title and its legend.
    """
    keys: list[tuple[Any, str]] = []
    if panel.kind == "bars":
        _bars(axes, panel)
    else:
        draw = {"histogram": _histogram, "heat": _heat, "lines": _lines}[panel.kind]
        keys = draw(axes, panel, 5 if room < 3 else 8)
    axes.set_title(plain(fitted(panel.title, room, 9.0, 2)), loc="left")
    return _legend(axes, keys, room)


def _legend(axes: Axes, keys: Sequence[tuple[Any, str]], room: float) -> float:
    """Put the legend below the axes, where it hides nothing."""
    from matplotlib.transforms import ScaledTranslation

    figure = axes.get_figure()
    if not keys or figure is None:
        return 0.0
    labels = [fitted(label, room - 0.45, SMALL) for _, label in keys]
    widest = max(text_width(label, SMALL) for label in labels) + 0.5
    columns = max(1, min(len(labels), int(room // widest)))
    below = ScaledTranslation(0.0, -_BELOW, figure.dpi_scale_trans)
    axes.legend(
        [handle for handle, _ in keys],
        list(map(plain, labels)),
        ncols=columns,
        loc="upper left",
        bbox_to_anchor=(0.0, 0.0),
        bbox_transform=axes.transAxes + below,
        borderaxespad=0.0,
        borderpad=0.2,
        columnspacing=1.0,
        fontsize=SMALL,
        frameon=False,
    )
    return _LEGEND_ROW * math.ceil(len(labels) / columns) + 0.1


def _histogram(axes: Axes, panel: Panel, most: int) -> list[tuple[Any, str]]:
    from matplotlib.ticker import MaxNLocator

    shift = 0.5 if panel.integers else 0.0
    held = [row for row in panel.rows if row["low"] is not None]
    for row in held:
        axes.bar(
            row["low"] - shift,
            row["count"],
            width=row["high"] - row["low"],
            align="edge",
            color=COLOURS[0],
            edgecolor="white",
            linewidth=0.4,
        )
    keys: list[tuple[Any, str]] = []
    for place, name in enumerate(dict.fromkeys(row["series"] for row in panel.curve)):
        points = [row for row in panel.curve if row["series"] == name]
        (line,) = axes.plot(
            [row["x"] for row in points],
            [row["y"] for row in points],
            color=COLOURS[2 + place],
            linestyle="-" if place == 0 else "--",
        )
        keys.append((line, name))
    for rule in panel.rules:
        line = axes.axvline(
            rule["x"],
            color="black",
            linewidth=0.9,
            linestyle=":" if rule["name"] == "largest" else "-.",
        )
        keys.append((line, f"{rule['name']}, {rule['x']:.4g}"))
    axes.set(xlabel=panel.x, ylabel=panel.y)
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    if not any(row["count"] for row in held):
        held = []
    _mark_values(axes, panel, [(row["low"], row["high"]) for row in held], most)
    gone = [row for row in panel.rows if row["low"] is None]
    if gone:
        apart, width = _place_apart(axes, panel, has_values=bool(held))
        axes.bar(apart, gone[0]["count"], width=width, color=BAD)
    return keys


def _mark_values(axes: Axes, panel: Panel, bins: list[tuple[float, float]], most: int) -> None:
    """Limit and mark the x axis of values; nothing is marked where there are none."""
    from matplotlib.ticker import MaxNLocator

    if not bins:
        axes.set_xlim(0.0, 1.0)
        axes.set_xticks([])
        return
    low, high = min(low for low, _ in bins), max(high for _, high in bins)
    if panel.integers:
        spare = max(0.0, 5.0 - (high - low)) / 2.0
        axes.set_xticks(integer_ticks(int(low), int(high) - 1, most))
        axes.set_xlim(low - 0.5 - spare, high - 0.5 + spare)
        return
    places = [low, high, *(rule["x"] for rule in panel.rules)]
    left, right = min(places), max(places)
    edge = 0.04 * (right - left)
    marks = MaxNLocator(most - 1, steps=[1, 2, 5, 10]).tick_values(left, right)
    axes.set_xticks([mark for mark in marks if left - edge <= mark <= right + edge])
    axes.set_xlim(left - edge, right + edge)


def _place_apart(axes: Axes, panel: Panel, *, has_values: bool) -> tuple[float, float]:
    """Make room before the axis for what has no value; return its place and width."""
    left, right = axes.get_xlim()
    length = right - left
    place = left - _PLACE * length if has_values else left + length / 2
    if not has_values:
        axes.xaxis.labelpad = 16.0  # there are no marks to keep its title off
    else:
        axes.set_xlim(left - _EDGE * length, right)
        axes.spines["bottom"].set_bounds(left, right)
    axes.annotate(
        panel.nothing or "no value",
        (place, 0.0),
        (0, -5),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        ha="center",
        va="top",
        fontsize=8,
        color=BAD,
    )
    return place, 0.06 * length


def _heat(axes: Axes, panel: Panel, most: int) -> list[tuple[Any, str]]:
    from matplotlib.colors import LinearSegmentedColormap

    across = 0.5 if panel.integers else 0.0
    held = [row for row in panel.rows if row["x_low"] is not None]
    gone = [row for row in panel.rows if row["x_low"] is None]
    axes.set(xlabel=panel.x, ylabel=panel.y)
    _mark_values(axes, panel, [(row["x_low"], row["x_high"]) for row in held], most)
    if panel.is_ratio and held:  # without spare units around it
        axes.set_xlim(min(row["x_low"] for row in held) - across, max(_ends(held, "x")) - across)
    if panel.is_ratio:
        shades = LinearSegmentedColormap.from_list("share", ["#C8622D", "#ECEEF0", "#1F6FB2"])
    else:
        shades = LinearSegmentedColormap.from_list("count", ["#E4EEF6", "#5B9BC9", "#0B3C66"])
    top = max([row["value"] or 0 for row in panel.rows], default=1) or 1
    limits = (-3.0, 3.0) if panel.is_ratio else (0.0, float(top))
    corners = [(row["x_low"] - across, row["x_high"] - across) for row in held]
    cells = _cells(axes, held, corners, shades, limits, panel.is_ratio)
    if gone:
        place, width = _place_apart(axes, panel, has_values=bool(held))
        reds = LinearSegmentedColormap.from_list("gone", ["#F3D6D3", BAD])
        sides = [(place - width / 2, place + width / 2)] * len(gone)
        _cells(axes, gone, sides, reds, limits, False)
    first = min((row["y_low"] for row in panel.rows), default=0)
    last = max(_ends(panel.rows, "y"), default=1)
    axes.set_ylim(last - 0.5, first - 0.5)
    axes.set_yticks(integer_ticks(int(first), int(last) - 1, 7))
    figure = axes.get_figure()
    if figure is not None:
        bar = figure.colorbar(cells, cax=axes.inset_axes((1.03, 0.05, 0.04, 0.9)))
        bar.set_label(panel.value, fontsize=SMALL)
        if panel.is_ratio:
            bar.set_ticks(
                [-3, -2, -1, 0, 1, 2, 3], labels=["≤1/8", "1/4", "1/2", "1", "2", "4", "≥8"]
            )
    return []


def _ends(rows: Sequence[Row], axis: str) -> list[float]:
    return [row[f"{axis}_high"] for row in rows]


def _cells(
    axes: Axes,
    rows: Sequence[Row],
    sides: Sequence[tuple[float, float]],
    shades: Any,
    limits: tuple[float, float],
    is_ratio: bool,
) -> Any:
    """Draw cells, each of which is centred on its whole numbers."""
    import numpy as np
    from matplotlib.collections import PolyCollection

    corners, values = [], []
    for row, (a, b) in zip(rows, sides, strict=True):
        c, d = row["y_low"] - 0.5, row["y_high"] - 0.5
        corners.append([(a, c), (b, c), (b, d), (a, d)])
        value = row["value"]
        if is_ratio:
            value = math.log2(value) if value else math.nan
        values.append(math.nan if value is None else value)
    cells = PolyCollection(
        corners, cmap=shades.with_extremes(bad=_VOID), edgecolors="face", linewidths=0.2
    )
    cells.set_array(np.ma.masked_invalid(np.array(values, dtype=np.float64)))
    cells.set_clim(*limits)
    cells.set_rasterized(len(values) > 5000)
    axes.add_collection(cells, autolim=False)
    return cells


def _lines(axes: Axes, panel: Panel, most: int) -> list[tuple[Any, str]]:
    keys: list[tuple[Any, str]] = []
    for place, name in enumerate(dict.fromkeys(row["series"] for row in panel.rows)):
        rows = [row for row in panel.rows if row["series"] == name]
        x = [row["x"] for row in rows]
        colour = COLOURS[place % len(COLOURS)]
        if "low" in rows[0]:
            axes.fill_between(
                x,
                [row["low"] for row in rows],
                [row["high"] for row in rows],
                color=colour,
                alpha=0.15,
                linewidth=0,
            )
        (line,) = axes.plot(
            x,
            [row["y"] for row in rows],
            color=colour,
            linestyle=_DASHES[place // len(COLOURS) % len(_DASHES)],
            marker=_MARKERS[place % len(_MARKERS)] if len(x) <= 40 else "",
            markersize=4,
        )
        keys.append((line, name))
    places = [row["x"] for row in panel.rows] or [0]
    first, last = min(places), max(places)
    spare = max(0.25, 0.04 * (last - first))
    axes.set_xlim(first - spare, last + spare)
    axes.set_xticks(integer_ticks(int(first), int(last), most))
    if panel.log_y:
        axes.set_yscale("log")
    else:
        highest = max((float(row.get("high") or row["y"]) for row in panel.rows), default=0.0)
        axes.set_ylim(0.0, 1.05 * (highest or 1.0))
    axes.set(xlabel=panel.x, ylabel=panel.y)
    return keys


def _bars(axes: Axes, panel: Panel) -> None:
    for place, row in enumerate(panel.rows):
        axes.barh(place, row["value"] or 0.0, color=COLOURS[place % len(COLOURS)], height=0.65)
        axes.annotate(
            row["text"],
            (row["value"] or 0.0, place),
            (3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    names = [plain(fitted(row["label"], _WIDEST_LABEL, 9.0)) for row in panel.rows]
    axes.set_yticks(range(len(panel.rows)), names)
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.margins(x=0.35)
    axes.set_xlim(left=0.0)
