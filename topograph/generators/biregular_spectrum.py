"""How large is the second singular value of a biregular layer?"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy.linalg

from topograph.biadjacency import Sparse
from topograph.biadjacency.operator import Values

_DENSE_CELLS = 1 << 18  # layers up to this size are decomposed densely
_TOLERANCE = 1e-5  # relative, of the residual; the error of the value is about its square
_CHECKED = 10  # steps of the iteration between two looks at its residual
_ROUNDING = 1e-9  # relative to sigma_1^2: smaller values are rounding


def second_singular_value(layer: Sparse) -> float:
    """Second largest singular value of a biregular layer, multiplicity counted.

    The first singular vectors are constant and are taken out; the largest of what is left is
    found by Lanczos iteration, up to a relative error of about 1e-9.

    Examples
    --------
    >>> from topograph.toy import fano
    >>> round(second_singular_value(fano().layers[0].biadjacency) ** 2, 9)
    2.0
    """
    matrix = layer.to_csr().astype(np.float64)
    if matrix.shape[0] * matrix.shape[1] <= _DENSE_CELLS:
        return float(np.linalg.svd(matrix.toarray(), compute_uv=False)[1])
    if matrix.shape[0] > matrix.shape[1]:
        matrix = matrix.T.tocsr()
    turned = matrix.T.tocsr()
    width = matrix.shape[0]
    highest = layer.n_edges**2 / (layer.shape[0] * layer.shape[1])

    def without_first(values: Values) -> Values:
        return np.asarray(matrix @ (turned @ values) - highest * values.mean())

    return math.sqrt(max(_largest_eigenvalue(without_first, width, highest), 0.0))


def _largest_eigenvalue(product: Callable[[Values], Values], width: int, scale: float) -> float:
    """Of a symmetric operator, by Lanczos iteration from a fixed start.

    Vectors are not made orthogonal to all before them: that would bring copies of
    eigenvalues, but the largest stays what it is.
    """
    vector = np.random.default_rng(0).standard_normal(width)
    vector /= math.sqrt(float(vector @ vector))
    before = np.zeros(width)
    diagonal: list[float] = []
    beside: list[float] = []
    while True:
        following = product(vector)
        diagonal.append(float(vector @ following))
        following -= diagonal[-1] * vector
        following -= (beside[-1] if beside else 0.0) * before
        norm = math.sqrt(float(following @ following))
        if len(diagonal) % _CHECKED == 0 or norm <= _ROUNDING * scale:
            last = (len(diagonal) - 1,) * 2
            values, vectors = scipy.linalg.eigh_tridiagonal(
                diagonal, beside, select="i", select_range=last
            )
            if norm * abs(vectors[-1, 0]) <= max(_TOLERANCE * values[0], _ROUNDING * scale):
                return float(values[0])
        beside.append(norm)
        before, vector = vector, following / norm
