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

_DENSE_ENTRIES = 1 << 19  # matrices up to this size are decomposed densely, faster so


@shared
def two_largest(layer: Layer) -> tuple[float, float]:
    """Return ``s1 >= s2``, the largest singular values of the 0/1 biadjacency.

    The layer is split into its connected components first, because a single-vector
    Lanczos iteration does not see the multiplicity of ``s1``: inside a component ``s1`` is
    simple. ``s1 <= sqrt(max fan-out * max fan-in)``, with equality for biregular components,
    and complete ones have ``s2 = 0``; the others are decomposed in the order of the bound
    until no remaining one can matter. Missing singular values count as 0.
    """
    operator = layer.biadjacency
    if isinstance(operator, Kronecker):
        values = kronecker_singular_values(operator)
        return float(values[0]), float(values[1]) if values.size > 1 else 0.0
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
    bound = np.sqrt(widest_out * widest_in)
    biregular = complete | (
        (edges > 0)
        & (edges == widest_out * np.bincount(rows, minlength=count))
        & (edges == widest_in * np.bincount(columns, minlength=count))
    )
    best = sorted([*np.sort(bound[biregular])[-2:].tolist(), 0.0, 0.0], reverse=True)[:2]
    for component in np.argsort(-bound, kind="stable"):
        if bound[component] <= best[1]:
            break
        if not complete[component]:
            found = _of_connected(matrix[rows == component][:, columns == component])
            unknown = found[1:] if biregular[component] else found
            best = sorted([*best, *unknown], reverse=True)[:2]
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
