"""Which inputs are joined to which outputs by more paths than others?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.counting import log10_paths
from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.plots.binning import MOST_CELLS, blocks
from topograph.plots.records import Figure, Panel, Row
from topograph.propagation import SCALED, arrive

_MOST_WORK = 2e10
_FEWEST_CELLS = 8
_MANY = 4  # nets, beyond which cells are larger
_EVEN = 1e-9  # relative: shares this near to 1 are 1


def path_matrix_figure(graph: LayeredGraph) -> Figure:
    """Return the path matrix in cells, each beside what an even share would be.

    Raises
    ------
    Undefined
        If there is no path, or the sweep would take too long.
    """
    return path_matrix_of_nets({"": graph})


def path_matrix_of_nets(graphs: Mapping[str, LayeredGraph]) -> Figure:
    """Return the same of several nets, a panel each."""
    panels, notes, said = [], [], []
    cells: dict[str, list[str]] = {}
    gaps = False
    most = MOST_CELLS if len(graphs) <= _MANY else MOST_CELLS // 2
    for name, graph in graphs.items():
        try:
            shares, tall, wide = path_shares(graph, most)
        except Undefined as reason:
            if len(graphs) == 1:
                raise
            notes.append(f"{name}: {reason.message}.")
            continue
        panels.append(
            Panel(
                "heat",
                name,
                "input",
                "output",
                _rows(shares, tall, wide),
                value="paths per pair, over the mean",
                is_ratio=True,
                integers=True,
                nothing="no path",
            )
        )
        before = f"{name}: " if name else ""
        one, other = tall[0][1], wide[0][1]
        if one * other > 1:
            size = f"{one} input{_s(one)} by {other} output{_s(other)}"
            cells.setdefault(size, []).append(name)
        seen = _seen(shares)
        said.append(before + (seen if before else seen[:1].upper() + seen[1:]))
        gaps = gaps or bool((shares == 0).any())
    if not panels:
        raise Undefined(" ".join(notes))
    for size, names in cells.items():
        of = "" if len(cells) == 1 else f" of {', '.join(names)}"
        notes.append(f"A cell{of} stands for {size}, summed exactly.")
    return Figure(
        "path-matrix",
        "Path matrix",
        "How many paths join each input to each output, beside the mean over all pairs: 1 is an "
        "even share, 2 twice as many. A net that is one colour serves every pair alike."
        + (" Cells marked as no path have none at all." if gaps else ""),
        tuple(panels),
        " ".join(said),
        tuple(notes),
    )


def path_shares(
    graph: LayeredGraph, most: int = MOST_CELLS
) -> tuple[Values, list[tuple[int, int]], list[tuple[int, int]]]:
    """Mean number of paths a pair in each cell of the path matrix, over the mean of all pairs.

    One sweep of the sums over the outputs of each cell: no pair is looked at alone, and none
    is left out.

    Parameters
    ----------
    graph : LayeredGraph
    most : int
        Cells a side at most.

    Returns
    -------
    shares : ndarray of float64, shape (n_blocks_of_inputs, n_blocks_of_outputs)
    inputs, outputs : list of (int, int)
        First unit of each block, and the one behind its last.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> path_shares(broken_bridge())[0].tolist()
    [[2.0, 2.0], [0.0, 2.0], [0.0, 0.0]]
    """
    while graph.work * min(most, graph.n_outputs) > _MOST_WORK and most > _FEWEST_CELLS:
        most //= 2
    if graph.work * min(most, graph.n_outputs) > _MOST_WORK:
        raise Undefined(f"{most} sweeps of {graph.work:,} steps would take too long")
    tall, wide = blocks(graph.n_inputs, most), blocks(graph.n_outputs, most)
    start = np.zeros((graph.n_outputs, len(wide)))
    for column, (first, end) in enumerate(wide):
        start[first:end, column] = 1.0
    swept = arrive(graph, start, SCALED, "backward")
    if swept.lost:
        raise Undefined("path counts inside one level differ by more than floats can hold")
    total = float(swept.values.sum())
    if total == 0.0 or not np.isfinite(log10_paths(graph)):
        raise Undefined("there is no input-output path")
    sums = np.add.reduceat(swept.values / total, [first for first, _ in tall], axis=0)
    pairs = np.outer(np.diff(_ends(tall)), np.diff(_ends(wide)))
    shares = sums / pairs * (graph.n_inputs * graph.n_outputs)
    shares[np.abs(shares - 1.0) < _EVEN] = 1.0
    return shares, tall, wide


def _ends(cut: list[tuple[int, int]]) -> list[int]:
    return [0, *(end for _, end in cut)]


def _rows(
    shares: Values, tall: list[tuple[int, int]], wide: list[tuple[int, int]]
) -> tuple[Row, ...]:
    return tuple(
        {
            "x_low": left,
            "x_high": right,
            "y_low": bottom,
            "y_high": top,
            "value": float(f"{shares[i, j]:.4g}") if shares[i, j] > 0 else None,
        }
        for i, (left, right) in enumerate(tall)
        for j, (bottom, top) in enumerate(wide)
    )


def _seen(shares: Values) -> str:
    low, high = float(shares.min()), float(shares.max())
    if low == high == 1.0:
        return "every cell has its even share."
    empty = int((shares == 0).sum())
    gone = f"; {empty:,} of {shares.size:,} cells have no path" if empty else ""
    return f"the share of a cell runs from {low:.3g} to {high:.3g} of the mean{gone}."


def _s(count: int) -> str:
    return "" if count == 1 else "s"
