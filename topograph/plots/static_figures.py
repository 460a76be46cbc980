"""Figures for print: the same records, drawn by matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topograph.errors import MissingExtraError
from topograph.plots.records import Figure, Panel

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8A6D00", "#56B4E9", "#7A4A1D", "#58636E")
BAD = "#B3261E"
_VOID = "#2B2B2B"
_MARKERS = "osD^vXP*"
STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.dpi": 200,
    "savefig.dpi": 200,
    "svg.hashsalt": "topograph",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


def draw_figure(figure: Figure) -> Drawing:
    """Draw a figure that has panels with matplotlib; nothing is shown.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure as Drawing
    except ImportError as error:
        raise MissingExtraError.of("matplotlib", "pictures") from error
    with mpl.rc_context(STYLE):
        bars = figure.panels[0].kind == "bars"
        columns = min(3, len(figure.panels))
        rows = math.ceil(len(figure.panels) / columns)
        tall = 0.7 + 0.22 * len(figure.panels[0].rows) if bars else 2.6
        width = 3.2 * columns if columns > 1 else 5.0
        drawing = Drawing(figsize=(width, tall * rows + 0.35), layout="constrained")
        axes = drawing.subplots(rows, columns, squeeze=False).ravel()
        for at, panel in zip(axes, figure.panels, strict=False):
            {"histogram": _histogram, "heat": _heat, "lines": _lines, "bars": _bars}[panel.kind](
                at, panel
            )
            at.set_title(_plain(panel.title), loc="left")
        for at in axes[len(figure.panels) :]:
            at.set_axis_off()
        drawing.suptitle(_plain(figure.title), x=0.01, ha="left", weight="bold")
    return drawing


def write_figures(figures: Iterable[Figure], folder: str | Path, suffix: str = "pdf") -> list[Path]:
    """Draw every figure that has panels into a file of its own; return the files.

    Parameters
    ----------
    figures : iterable of Figure
    folder : str or Path
        Made if it is not there.
    suffix : {"pdf", "svg", "png"}
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    written = []
    for figure in figures:
        if figure.panels:
            path = place / f"{figure.name}.{suffix}"
            save_drawing(draw_figure(figure), path)
            written.append(path)
    return written


def save_drawing(drawing: Drawing, path: Path) -> None:
    """Write a drawing in one step; the same drawing gives the same bytes."""
    import matplotlib as mpl

    suffix = path.suffix.lower().lstrip(".")
    dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(suffix, {})
    half = path.with_name(f".{path.name}.part")
    try:
        with mpl.rc_context(STYLE):
            drawing.savefig(half, format=suffix, metadata=dates)
        half.replace(path)
    finally:
        half.unlink(missing_ok=True)


def _plain(text: str) -> str:
    return text.replace("$", r"\$")


def _histogram(axes: Axes, panel: Panel) -> None:
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
    gone = [row for row in panel.rows if row["low"] is None]
    if gone:
        low, high = (held[0]["low"], held[-1]["high"]) if held else (0.0, 1.0)
        width = (high - low) / 25
        axes.bar(
            low - 3 * width,
            gone[0]["count"],
            width=width,
            align="edge",
            color=BAD,
            label=panel.nothing or "no value",
        )
    for place, name in enumerate(dict.fromkeys(row["series"] for row in panel.curve)):
        points = [row for row in panel.curve if row["series"] == name]
        axes.plot(
            [row["x"] for row in points],
            [row["y"] for row in points],
            color=COLOURS[2 + place],
            linestyle="-" if place == 0 else "--",
            label=name,
        )
    for rule in panel.rules:
        axes.axvline(
            rule["x"],
            color="black",
            linewidth=0.9,
            linestyle=":" if rule["name"] == "largest" else "-.",
            label=f"{rule['name']}, {rule['x']:.4g}",
        )
    if panel.integers:
        from matplotlib.ticker import MaxNLocator

        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        low, high = axes.get_xlim()
        if high - low < 4:
            axes.set_xlim((low + high) / 2 - 2.5, (low + high) / 2 + 2.5)
    axes.set(xlabel=panel.x, ylabel=panel.y)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7, frameon=False)


def _heat(axes: Axes, panel: Panel) -> None:
    import numpy as np
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import LinearSegmentedColormap

    held = [row for row in panel.rows if row["x_low"] is not None]
    left = min((row["x_low"] for row in held), default=0.0)
    right = max((row["x_high"] for row in held), default=1.0)
    gap = (right - left) / 25 or 0.04
    corners, values = [], []
    for row in panel.rows:
        gone = row["x_low"] is None
        a = left - 2.0 * gap if gone else row["x_low"]
        b = left - 1.0 * gap if gone else row["x_high"]
        c, d = row["y_low"], row["y_high"]
        corners.append([(a, c), (b, c), (b, d), (a, d)])
        value = row["value"]
        if panel.is_ratio:
            value = math.log2(value) if value else math.nan
        values.append(math.nan if value is None else value)
    if panel.is_ratio:
        shades = LinearSegmentedColormap.from_list("share", ["#C8622D", "#ECEEF0", "#1F6FB2"])
    else:
        shades = LinearSegmentedColormap.from_list("count", ["#E4EEF6", "#5B9BC9", "#0B3C66"])
    cells = PolyCollection(
        corners, cmap=shades.with_extremes(bad=_VOID), edgecolors="face", linewidths=0.2
    )
    cells.set_array(np.ma.masked_invalid(values))
    if panel.is_ratio:
        cells.set_clim(-3, 3)
    else:
        cells.set_clim(0, max([row["value"] for row in panel.rows], default=1))
    cells.set_rasterized(len(values) > 5000)
    axes.add_collection(cells)
    axes.autoscale_view()
    axes.margins(0)
    axes.invert_yaxis()
    axes.set(xlabel=panel.x, ylabel=panel.y)
    figure = axes.get_figure()
    if figure is not None:
        bar = figure.colorbar(cells, ax=axes, shrink=0.9, pad=0.02)
        bar.set_label(panel.value, fontsize=7)
        if panel.is_ratio:
            bar.set_ticks(
                [-3, -2, -1, 0, 1, 2, 3], labels=["≤1/8", "1/4", "1/2", "1", "2", "4", "≥8"]
            )


def _lines(axes: Axes, panel: Panel) -> None:
    from matplotlib.ticker import MaxNLocator

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
        axes.plot(
            x,
            [row["y"] for row in rows],
            color=colour,
            marker=_MARKERS[place % len(_MARKERS)] if len(x) <= 40 else "",
            markersize=4,
            label=_plain(name),
        )
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    if panel.log_y:
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set(xlabel=panel.x, ylabel=panel.y)
    axes.legend(fontsize=7, frameon=False)


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
    axes.set_yticks(range(len(panel.rows)), [_plain(row["label"]) for row in panel.rows])
    axes.invert_yaxis()
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.margins(x=0.35)
    axes.set_xlim(left=0.0)
