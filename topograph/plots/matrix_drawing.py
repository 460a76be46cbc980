"""Matrices of layers in cells, drawn side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from topograph.plots.adjacency_cells import AdjacencyCells
from topograph.plots.ticks import integer_ticks
from topograph.plots.words import SMALL, fitted, plain, text_height, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as Drawing

_SIDE = 0.1  # inches, as all below
_WIDTH, _HEIGHT = 2.2, 2.1  # of a matrix
_LEFT, _BELOW = 0.75, 0.5  # its axes
_GAP = 0.2
_BAR, _BESIDE_BAR = 0.12, 1.0
_TITLE = 10.0


def draw_matrices(panels: Sequence[AdjacencyCells], title: str = "") -> Drawing:
    """Draw a panel each, all with the same shades, and a bar that says what these mean."""
    from matplotlib.figure import Figure as Drawing

    columns = min(len(panels), max(4, math.ceil(math.sqrt(len(panels)))))
    rows = -(-len(panels) // columns)
    said = [_words(panel) for panel in panels]
    above = text_height(max(len(lines) for lines in said), SMALL) + 0.1
    wide, tall = _LEFT + _WIDTH + _GAP, above + _HEIGHT + _BELOW
    width = wide * columns + _BESIDE_BAR
    heading = fitted(title, width - 2 * _SIDE, _TITLE, 2, bold=True)
    top = (text_height(heading.count("\n") + 1, _TITLE) if heading else 0.0) + 2 * _SIDE
    height = top + tall * rows
    drawing = Drawing(figsize=(width, height))
    highest = max(float(panel.shares.max()) for panel in panels) or 1.0
    for place, (panel, lines) in enumerate(zip(panels, said, strict=True)):
        row, column = divmod(place, columns)
        left, low = wide * column + _LEFT, height - top - tall * row - above - _HEIGHT
        axes = drawing.add_axes(
            (left / width, low / height, _WIDTH / width, _HEIGHT / height),
        )
        shown = _draw(axes, panel, highest)
        axes.set_title(plain("\n".join(lines)), loc="left", fontsize=SMALL, pad=3)
    long = min(4.0, tall * rows - above - _BELOW)
    bar = drawing.add_axes(
        (
            (wide * columns + 0.1) / width,
            (height - top - above - long) / height,
            _BAR / width,
            long / height,
        )
    )
    drawing.colorbar(shown, cax=bar).set_label("share of the possible edges", fontsize=8)
    bar.tick_params(labelsize=SMALL)
    if heading:
        left = _SIDE / width
        drawing.text(left, 1 - _SIDE / height, plain(heading), va="top", size=_TITLE, weight="bold")
    return drawing


def _words(panel: AdjacencyCells) -> list[str]:
    room = _WIDTH + _GAP
    return [*fitted(panel.title, room, SMALL, 2).split("\n"), *wrapped(panel.said, room, SMALL)]


def _draw(axes: Axes, panel: AdjacencyCells, highest: float) -> Any:
    """Draw one matrix; every unit is centred on its number."""
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("share", ["#FFFFFF", "#5B9BC9", "#0B3C66"])
    height, width = panel.shape
    # the last cell of a row may stand for fewer units: it is cut where the axes end
    rows, columns = panel.shares.shape
    tall, wide = -(-height // rows) * rows, -(-width // columns) * columns
    shown = axes.imshow(
        panel.shares,
        cmap=shades,
        vmin=0.0,
        vmax=highest,
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, wide - 0.5, tall - 0.5, -0.5),
    )
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.set_xticks(integer_ticks(0, width - 1, 5))
    axes.set_yticks(integer_ticks(0, height - 1, 7))
    axes.set_xlabel("target unit", fontsize=8)
    axes.set_ylabel("source unit", fontsize=8)
    axes.tick_params(labelsize=SMALL)
    return shown
