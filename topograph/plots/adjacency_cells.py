"""Matrices of layers that are too large to draw, in cells that hold every edge."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.graph import Layer, LayeredGraph
from topograph.plots.binning import blocks, span

_CELLS = 256  # a side
_MOST_PANELS = 16


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

    Consecutive layers of one shape share a panel in nets of more than 16 layers.
    """
    runs: list[list[int]] = []
    most = _MOST_PANELS if len(graph.layers) > _MOST_PANELS else len(graph.layers)
    size = -(-len(graph.layers) // most)
    for place, layer in enumerate(graph.layers):
        last = runs[-1] if runs else None
        if last and len(last) < size and graph.layers[last[0]].shape == layer.shape:
            last.append(place)
        else:
            runs.append([place])
    found = []
    for run in runs:
        made = [layer_cells(graph.layers[place]) for place in run]
        tall, wide = _blocks(graph.layers[run[0]])
        parts = []
        if tall[0][1] * wide[0][1] > 1:
            parts.append(f"a cell is {tall[0][1]} x {wide[0][1]} units")
        if len(run) > 1:
            parts.append(f"mean of {len(run)} layers")
        name = (
            graph.layers[run[0]].name
            if len(run) == 1
            else f"layers {span(run[0] + 1, run[-1] + 1)}"
        )
        shape = graph.layers[run[0]].shape
        shares = np.mean(made, axis=0)
        size_said = f"{shape[0]:,} x {shape[1]:,}"
        found.append(AdjacencyCells(name, "; ".join([size_said, *parts]), shape, shares))
    return found


def layer_cells(layer: Layer) -> npt.NDArray[np.float64]:
    """Return the share of each cell's pairs that are edges.

    One application of the layer to the sums of blocks of units: no edge is left out.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> layer_cells(broken_bridge().layers[1]).tolist()
    [[1.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    """
    tall, wide = _blocks(layer)
    n_out = layer.shape[1]
    columns = []
    for first in range(0, len(wide), 64):
        chosen = wide[first : first + 64]
        start = np.zeros((n_out, len(chosen)), dtype=np.int64)
        for column, (low, high) in enumerate(chosen):
            start[low:high, column] = 1
        counts = layer.biadjacency.backward(start)
        columns.append(np.add.reduceat(counts, [low for low, _ in tall], axis=0))
    edges = np.concatenate(columns, axis=1)
    heights = np.array([high - low for low, high in tall])
    widths = np.array([high - low for low, high in wide])
    return np.asarray(edges / np.outer(heights, widths), dtype=np.float64)


def _blocks(layer: Layer) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    return blocks(layer.shape[0], _CELLS), blocks(layer.shape[1], _CELLS)
