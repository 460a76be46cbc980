"""Matrices of layers that are too large to draw, in cells that hold every edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import BitPacked, made
from topograph.biadjacency.operator import Biadjacency
from topograph.biadjacency.row_listing import is_unrolled, list_rows
from topograph.graph import Layer, LayeredGraph
from topograph.plots.binning import blocks, span

_CELLS = 256  # a side
_MOST_PANELS = 16
_EDGES_A_UNIT = 64  # to which listing the edges that an operator implies costs less than sweeps
Blocks: TypeAlias = list[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class AdjacencyCells:
    """The matrix of a layer, or the mean of those of several, in cells.

    Parameters
    ----------
    title : str
    said : str
        What a cell stands for, in words.
    shape : (int, int)
        In units.
    shares : ndarray of float64
        The share of the pairs of each cell that are edges.
    """

    title: str
    said: str
    shape: tuple[int, int]
    shares: npt.NDArray[np.float64]


def adjacency_cells(graph: LayeredGraph) -> list[AdjacencyCells]:
    """Return the matrices of all layers in cells; means of like layers where there are many.

    In nets of more than 16 layers those of one shape that follow each other share a panel; a
    skip connection is not of the same kind as a layer with parameters.
    """
    panels = []
    for run in _runs(graph):
        layers = [graph.layers[place] for place in run]
        shares = np.zeros(())
        for layer in layers:
            shares = shares + layer_cells(layer) / len(run)
        first = layers[0]
        panels.append(AdjacencyCells(_title(layers, run), _said(layers), first.shape, shares))
    return panels


def layer_cells(layer: Layer) -> npt.NDArray[np.float64]:
    """Return the share of each cell's pairs that are edges; no edge is left out.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> layer_cells(broken_bridge().layers[1]).tolist()
    [[1.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    """
    tall, wide = _blocks(layer)
    operator = made(layer.biadjacency)
    count = _listed if _is_listed(operator) else _applied
    edges = count(operator, tall, wide)
    heights = np.array([high - low for low, high in tall])
    widths = np.array([high - low for low, high in wide])
    return np.asarray(edges / np.outer(heights, widths), dtype=np.float64)


def _is_listed(operator: Biadjacency) -> bool:
    """Whether edges one by one are cheaper than a sweep for every column of cells."""
    is_held = operator.work >= operator.n_edges and not is_unrolled(operator)
    few = operator.n_edges <= _EDGES_A_UNIT * sum(operator.shape)
    return is_held or few or isinstance(operator, BitPacked)


def _listed(operator: Biadjacency, tall: Blocks, wide: Blocks) -> npt.NDArray[np.int64]:
    """Count the edges of each cell, one block of the list of edges at a time."""
    starts, parts = list_rows(operator)
    bounds = np.asarray(starts, dtype=np.int64)[[0, *(high for _, high in tall)]]
    width = wide[0][1] - wide[0][0]
    counts = np.zeros((len(tall), len(wide)), dtype=np.int64)
    seen = 0
    for part in parts:
        ends = np.clip(bounds - seen, 0, part.size)
        columns = part // width
        for row in np.flatnonzero(np.diff(ends)):
            found = columns[ends[row] : ends[row + 1]]
            counts[row] += np.bincount(found, minlength=len(wide))
        seen += part.size
    return counts


def _applied(operator: Biadjacency, tall: Blocks, wide: Blocks) -> npt.NDArray[np.int64]:
    """Count the edges of each cell by sweeps of the sums over its columns."""
    n_out = operator.shape[1]
    columns = []
    for first in range(0, len(wide), 64):
        chosen = wide[first : first + 64]
        start = np.zeros((n_out, len(chosen)), dtype=np.int64)
        for column, (low, high) in enumerate(chosen):
            start[low:high, column] = 1
        counts = operator.backward(start)
        columns.append(np.add.reduceat(counts, [low for low, _ in tall], axis=0))
    return np.concatenate(columns, axis=1)


def _runs(graph: LayeredGraph) -> list[list[int]]:
    """Return the places of layers that share a panel, each behind the one before it."""
    size = -(-len(graph.layers) // _MOST_PANELS)
    runs: list[list[int]] = []
    open_runs: dict[tuple[int, tuple[int, int], bool], list[int]] = {}
    for place, layer in enumerate(graph.layers):
        kind = (layer.shape, layer.is_structural)
        run = open_runs.pop((layer.source, *kind), None)
        if run is None:
            run = []
            runs.append(run)
        run.append(place)
        if len(run) < size:
            open_runs.setdefault((layer.target, *kind), run)
    return runs


def _title(layers: list[Layer], run: list[int]) -> str:
    if len(run) == 1:
        name = layers[0].name
    elif run[-1] - run[0] == len(run) - 1:
        name = f"layers {span(run[0] + 1, run[-1] + 1)}"
    else:
        numbers = [str(place + 1) for place in run]
        name = f"layers {', '.join(numbers if len(run) <= 4 else [*numbers[:2], '…', numbers[-1]])}"
    if not layers[0].is_structural:
        return name
    skips = layers[0].target - layers[0].source > 1
    return f"{name} ({'skip, ' if skips else ''}no parameters)"


def _said(layers: list[Layer]) -> str:
    tall, wide = _blocks(layers[0])
    height, width = layers[0].shape
    parts = [f"{height:,} x {width:,}"]
    if tall[0][1] * wide[0][1] > 1:
        parts.append(f"a cell is {tall[0][1]} x {wide[0][1]} units")
    if len(layers) > 1:
        parts.append(f"mean of {len(layers)} layers")
    return "; ".join(parts)


def _blocks(layer: Layer) -> tuple[Blocks, Blocks]:
    return blocks(layer.shape[0], _CELLS), blocks(layer.shape[1], _CELLS)
