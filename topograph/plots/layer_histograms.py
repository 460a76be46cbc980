"""How is a value of units spread in each layer or level?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.biadjacency.operator import Values
from topograph.plots.binning import (
    MOST_GROUPS,
    blocks,
    even_edges,
    histogram_rows,
    integer_edges,
    span,
)
from topograph.plots.records import Panel, Row

MOST_PANELS = 6


@dataclass(frozen=True)
class Spread:
    """What is counted: the words of the axes.

    Parameters
    ----------
    value : str
        What the units have.
    place : {"layer", "level"}
    first : int
        The number of the first layer or level.
    integers : bool
    nothing : str, optional
        What a value that is not finite means.
    """

    value: str
    place: str
    first: int
    integers: bool
    nothing: str = ""


def layer_histograms(
    spread: Spread, titles: Sequence[str], values: Sequence[Values]
) -> tuple[tuple[Panel, ...], tuple[str, ...]]:
    """Return a histogram for each of a few layers, or one heat map of many, and its notes.

    Parameters
    ----------
    spread : Spread
    titles : sequence of str
        Of the panels, one a layer.
    values : sequence of ndarray
        Of the units of each layer; those that are not finite are counted apart.
    """
    if len(values) > MOST_PANELS:
        return _heat(spread, values)
    panels, notes = [], []
    for title, held in zip(titles, values, strict=True):
        edges = _edges(spread, [held])
        panels.append(
            Panel(
                "histogram",
                title,
                spread.value,
                "units",
                tuple(histogram_rows(held, edges)),
                integers=spread.integers,
                nothing=spread.nothing,
            )
        )
        if spread.integers and edges.size > 1 and edges[1] - edges[0] > 1:
            notes.append(f"{title}: bins of {edges[1] - edges[0]:.0f}.")
    if not spread.integers:
        notes.append("At most 40 bins of one width a panel, from the least value to the greatest.")
    return tuple(panels), tuple(notes)


def _edges(spread: Spread, values: Sequence[Values]) -> npt.NDArray[np.float64]:
    finite = [held[np.isfinite(held.astype(np.float64))] for held in values]
    ends = [end for held in finite if held.size for end in (held.min(), held.max())]
    if not ends:
        return np.array([0.0, 1.0])
    if spread.integers:
        return integer_edges(int(min(ends)), int(max(ends)))
    return even_edges(float(min(ends)), float(max(ends)))


def _heat(spread: Spread, values: Sequence[Values]) -> tuple[tuple[Panel, ...], tuple[str, ...]]:
    edges = _edges(spread, values)
    rows: list[Row] = []
    groups = blocks(len(values), MOST_GROUPS)
    for first, end in groups:
        held = np.concatenate([np.asarray(one, np.float64) for one in values[first:end]])
        rows += [
            {
                "x_low": row["low"],
                "x_high": row["high"],
                "y_low": spread.first + first,
                "y_high": spread.first + end,
                "value": row["count"],
            }
            for row in histogram_rows(held, edges)
            if row["count"]
        ]
    last = spread.first + len(values) - 1
    title = f"{spread.place}s {span(spread.first, last)}"
    width = edges[1] - edges[0]
    notes = [f"Bins of {width:.4g} in {spread.value}."]
    if groups[0][1] > 1:
        notes.append(f"A row stands for {groups[0][1]} {spread.place}s.")
    panel = Panel(
        "heat",
        title,
        spread.value,
        spread.place,
        tuple(rows),
        value="units",
        integers=spread.integers,
        nothing=spread.nothing,
    )
    return (panel,), tuple(notes)
