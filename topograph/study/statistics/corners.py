"""What do the corners of a factorial say of each factor?

Corner c of k factors is the set of factors mended there: factor j is in it if bit j of c is 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from topograph.study.statistics.columns import Floats


def main_effect_contrasts(n_factors: int) -> Floats:
    """Weights of the corners in each main effect, ``2 / 2^k`` where mended, else ``-2 / 2^k``.

    Returns
    -------
    ndarray of shape (factors, corners)

    Examples
    --------
    >>> main_effect_contrasts(2).tolist()
    [[-0.5, 0.5, -0.5, 0.5], [-0.5, -0.5, 0.5, 0.5]]
    """
    mended = mended_in(n_factors)
    contrasts: Floats = (2 * mended - 1) / 2 ** (n_factors - 1)
    return contrasts


def shapley_contrasts(n_factors: int) -> Floats:
    """Weights of the corners in each Shapley value (Shapley 1953).

    ``phi_j = sum over S without j of |S|! (k - |S| - 1)! / k! (v(S + j) - v(S))``: the mean over
    all orders of mending one factor after another of what the step of factor j changes. The values
    sum to ``v(all) - v(none)``.

    Returns
    -------
    ndarray of shape (factors, corners)

    Examples
    --------
    >>> shapley_contrasts(2).tolist()
    [[-0.5, 0.5, -0.5, 0.5], [-0.5, -0.5, 0.5, 0.5]]
    """
    mended = mended_in(n_factors)
    others = mended.sum(axis=0) - mended  # how many other factors are mended in the corner
    weights = 1 / (n_factors * np.array([math.comb(n_factors - 1, s) for s in range(n_factors)]))
    contrasts: Floats = (2 * mended - 1) * weights[others]
    return contrasts


def mended_in(n_factors: int) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    """Return for each factor and corner whether it is mended there, as 0 and 1.

    Examples
    --------
    >>> mended_in(2).tolist()
    [[0, 1, 0, 1], [0, 0, 1, 1]]
    """
    return np.arange(2**n_factors)[None] >> np.arange(n_factors)[:, None] & 1


def corner_names(factors: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the factors that are mended in each corner.

    Examples
    --------
    >>> corner_names(["logits", "decay"])
    [(), ('logits',), ('decay',), ('logits', 'decay')]
    """
    return [
        tuple(name for name, here in zip(factors, column, strict=True) if here)
        for column in mended_in(len(factors)).T
    ]
