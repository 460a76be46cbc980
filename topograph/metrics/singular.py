"""The two largest singular values of a layer, multiplicity counted."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse.linalg

from topograph.biadjacency import Identity, Kronecker
from topograph.graph import Layer
from topograph.metrics.components import layer_components
from topograph.radix import kronecker_singular_values
from topograph.sharing import shared

_DENSE_ENTRIES = 1 << 24  # matrices up to this size are decomposed densely


@shared
def two_largest(layer: Layer) -> tuple[float, float]:
    """Return ``s1 >= s2``, the largest singular values of the 0/1 biadjacency.

    The layer is split into its connected components first, because a single-vector
    Lanczos iteration does not see the multiplicity of ``s1``: inside a component ``s1`` is
    simple. Complete components have the closed form ``(sqrt(edges), 0)``, the others are
    decomposed in the order of the bound ``s1 <= sqrt(max fan-out * max fan-in)`` until no
    remaining one can matter. Missing singular values count as 0.
    """
    operator = layer.biadjacency
    if isinstance(operator, Kronecker):
        first, second, *_ = [*kronecker_singular_values(operator)[:2].tolist(), 0.0]
        return first, second
    if isinstance(operator, Identity):
        return 1.0, float(operator.n_in > 1)
    return _of_components(operator.to_csr(), *layer_components(layer))


def _of_components(
    matrix: Any, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]
) -> tuple[float, float]:
    if not matrix.nnz:
        return 0.0, 0.0
    count = 1 + int(max(rows.max(), columns.max()))
    fan_out = np.diff(matrix.indptr)
    fan_in = np.bincount(matrix.indices, minlength=matrix.shape[1])
    edges = np.bincount(rows, weights=fan_out, minlength=count)
    cells = np.bincount(rows, minlength=count) * np.bincount(columns, minlength=count)
    widest_out, widest_in = np.zeros(count), np.zeros(count)
    np.maximum.at(widest_out, rows, fan_out)
    np.maximum.at(widest_in, columns, fan_in)
    complete = (edges > 0) & (edges == cells)
    top = np.sort(np.sqrt(edges[complete]))[::-1][:2].tolist()
    best = sorted([*top, 0.0, 0.0], reverse=True)[:2]
    bound = np.where(complete, 0.0, np.sqrt(widest_out * widest_in))
    for component in np.argsort(-bound, kind="stable"):
        if bound[component] <= best[1]:
            break
        part = matrix[rows == component][:, columns == component]
        best = sorted([*best, *_of_connected(part)], reverse=True)[:2]
    return best[0], best[1]


def _of_connected(matrix: Any) -> list[float]:
    fan_out = np.diff(matrix.indptr)
    if min(matrix.shape) <= 2 or matrix.shape[0] * matrix.shape[1] <= _DENSE_ENTRIES:
        dense = np.linalg.svd(matrix.toarray().astype(np.float64), compute_uv=False)
        return [float(value) for value in dense[:2]]
    start = np.random.default_rng(0).standard_normal(min(matrix.shape))
    found = scipy.sparse.linalg.svds(
        matrix.astype(np.float64), k=2, v0=start + fan_out.mean(), return_singular_vectors=False
    )
    return [float(value) for value in np.sort(found)[::-1]]
