"""The edges of a layer as numbers: cell ``i n_out + j`` is the edge from unit i to unit j."""

from __future__ import annotations

import numpy as np

from topograph.biadjacency import Biadjacency, Sparse
from topograph.biadjacency.operator import Values

_UINT32 = 2**32


def cells_of(operator: Biadjacency) -> Values:
    """Cells of the edges of a layer, ascending, in a `narrowed` array of its own.

    Examples
    --------
    >>> cells_of(Sparse.from_edges([0, 1, 1], [2, 0, 1], shape=(2, 3))).tolist()
    [2, 3, 4]
    """
    n_in, n_out = operator.shape
    matrix = operator.to_csr()
    rows = np.repeat(np.arange(n_in, dtype=np.int64) * n_out, np.diff(matrix.indptr))
    rows += matrix.indices
    return narrowed(rows, operator.shape)


def narrowed(cells: Values, shape: tuple[int, int]) -> Values:
    """Cells as ``uint32`` where all of the layer's fit: sorting takes half the time then.

    Examples
    --------
    >>> narrowed(np.array([3, 1]), (2, 3)).dtype.name
    'uint32'
    """
    n_in, n_out = shape
    fits = max(n_in * n_out - 1, n_out) < _UINT32
    return cells.astype(np.uint32 if fits else np.int64, copy=False)


def layer_from_cells(cells: Values, shape: tuple[int, int]) -> Sparse:
    """Layer whose edges are these cells, given in any order but each once.

    Examples
    --------
    >>> layer_from_cells(np.array([4, 2, 3]), (2, 3)).to_csr().toarray()
    array([[0, 0, 1],
           [1, 1, 0]])
    """
    n_in, n_out = shape
    ordered = cells if (cells[1:] > cells[:-1]).all() else np.sort(cells)
    return Sparse(
        np.searchsorted(ordered, np.arange(n_in + 1, dtype=np.int64) * n_out),
        ordered % n_out,
        shape,
    )


def other_cells(cells: Values, total: int) -> Values:
    """Cells from 0 to ``total - 1`` that are not given, ascending.

    Examples
    --------
    >>> other_cells(np.array([4, 2, 3]), 6).tolist()
    [0, 1, 5]
    """
    free = np.ones(total, dtype=np.bool_)
    free[cells] = False
    return np.flatnonzero(free).astype(cells.dtype)
