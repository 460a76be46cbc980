"""How figures look, and how they are written: the same bytes for the same study."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from topograph.errors import MissingExtraError
from topograph.io.replacing import replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# The colours of Okabe & Ito (2008), told apart with every kind of colour blindness, but for their
# yellow, too pale on white: a dark red stands in its place.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#7A1F3D")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p", "<")
GREY = "#767676"
_STYLE = {
    "figure.dpi": 100,
    "savefig.dpi": 150,
    "figure.facecolor": "white",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # it comes with matplotlib
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "svg.fonttype": "path",
    "svg.hashsalt": "topograph",
}


@dataclass(frozen=True)
class Look:
    """Colour and marker of one series.

    Parameters
    ----------
    colour, marker : str
    """

    colour: str
    marker: str


def looks(names: Sequence[str]) -> dict[str, Look]:
    """Return a colour and a marker for each name, no two alike up to 72 names."""
    return {
        name: Look(COLOURS[at % len(COLOURS)], MARKERS[at % len(MARKERS)])
        for at, name in enumerate(names)
    }


@contextmanager
def drawing() -> Iterator[None]:
    """Set the look of figures for a while, whatever the user's own settings are.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    try:
        from matplotlib import style
    except ImportError as error:
        raise MissingExtraError.of("matplotlib", "study") from error
    with style.context(_STYLE, after_reset=True):
        yield


def panels(
    n_panels: int,
    *,
    width: float = 3.0,
    height: float = 2.6,
    legend: float = 0.0,
    share_x: bool = True,
    share_y: bool = True,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with panels, by default of the same axes, and room for a legend at the right.

    Parameters
    ----------
    n_panels : int
    width, height : float
        Of one panel, in inches.
    legend : float
        Inches for a legend.
    share_x, share_y : bool, default True
        Whether panels have the same axis.
    """
    from matplotlib.figure import Figure

    columns = 2 if n_panels == 4 else min(3, n_panels)
    lines = -(-n_panels // columns)
    figure = Figure(
        figsize=(width * columns + 0.7 + legend, height * lines + 0.6), layout="constrained"
    )
    grid = figure.subplots(lines, columns, sharex=share_x, sharey=share_y, squeeze=False)
    axes = list(grid.ravel())
    for spare in axes[n_panels:]:
        spare.remove()
    for axis in axes[max(0, n_panels - columns) : n_panels]:
        axis.tick_params(labelbottom=True)
    return figure, axes[:n_panels]


def add_legend(figure: Figure, look: dict[str, Look], title: str) -> None:
    """Put a legend of lines with markers at the right of a figure."""
    from matplotlib.lines import Line2D

    figure.legend(
        [
            Line2D([], [], color=one.colour, marker=one.marker, markersize=5, linewidth=1)
            for one in look.values()
        ],
        list(look),
        loc="outside right upper",
        frameon=False,
        title=title,
    )


def titled(axes: Axes, name: str, letters: int = 40) -> None:
    """Set the title of a panel, in lines of so many letters at most."""
    axes.set_title(textwrap.fill(name, letters))


def percentages(axis: Axis) -> None:
    """Write the values of an axis as percentages."""
    axis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")


def save_figure(figure: Figure, path: Path) -> tuple[Path, Path]:
    """Write a figure as SVG and PNG, without a date or a version in them.

    Parameters
    ----------
    figure : Figure
    path : Path
        Without a suffix.

    Returns
    -------
    tuple of Path
        The SVG, the PNG.
    """
    written = []
    with drawing():
        for suffix, metadata in (
            ("svg", {"Date": None, "Creator": None}),
            ("png", {"Software": None}),
        ):
            target = path.with_name(f"{path.name}.{suffix}")
            content = io.BytesIO()
            figure.savefig(content, format=suffix, metadata=metadata)
            with replacing(target) as file:
                file.write(content.getvalue())
            written.append(target)
    return written[0], written[1]
