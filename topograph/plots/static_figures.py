"""Figures for print: the same records, drawn by matplotlib."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from topograph.errors import MissingExtraError
from topograph.io.replacing import replacing
from topograph.plots.records import Figure
from topograph.plots.static_panels import draw_panel
from topograph.plots.words import SMALL, fitted, plain, text_height, wrapped

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

_GREY = "#4A525B"
_TITLE = 10.0
_SIDE = 0.1  # inches
_BESIDE = 0.9  # of a panel: its vertical axis
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
        columns = min(3, len(figure.panels))
        rows = math.ceil(len(figure.panels) / columns)
        width = 3.2 * columns if columns > 1 else 5.0
        drawing = Drawing(figsize=(width, 3.0))
        axes = drawing.subplots(rows, columns, squeeze=False).ravel()
        room = width / columns - _BESIDE
        heights = [0.0] * rows
        for place, (at, panel) in enumerate(zip(axes, figure.panels, strict=False)):
            tall = 0.7 + 0.22 * len(panel.rows) if panel.kind == "bars" else 2.6
            found = tall + draw_panel(at, panel, room)
            heights[place // columns] = max(heights[place // columns], found)
        for at in axes[len(figure.panels) :]:
            at.set_axis_off()
        _add_words(drawing, figure, width, sum(heights))
    return drawing


def _add_words(drawing: Drawing, figure: Figure, width: float, height: float) -> None:
    """Size the drawing for its panels, the title above and the words below them."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    title = fitted(figure.title, width - 2 * _SIDE, _TITLE, 2, bold=True)
    above = text_height(title.count("\n") + 1, _TITLE) + 2 * _SIDE
    said = " ".join([figure.caption, *figure.notes])
    lines = [fitted(f"{name}: {source}", width - 2 * _SIDE, SMALL) for name, source in figure.key]
    lines += [""] if lines else []
    lines += wrapped(said, width - 2 * _SIDE, SMALL)
    below = text_height(len(lines), SMALL) + 2 * _SIDE if lines else 0.0
    whole = above + height + below
    drawing.set_size_inches(width, whole)
    drawing.set_layout_engine(
        ConstrainedLayoutEngine(rect=(0.0, below / whole, 1.0, height / whole))
    )
    left = _SIDE / width
    drawing.text(left, 1 - _SIDE / whole, plain(title), va="top", size=_TITLE, weight="bold")
    if lines:
        words = plain("\n".join(lines))
        drawing.text(left, (below - _SIDE) / whole, words, va="top", size=SMALL, color=_GREY)


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
    with replacing(path) as file, mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a letter that the font lacks is a box
        drawing.savefig(file, format=suffix, metadata=dates)
