"""Which pairs of columns of two 0/1 matrices have most in common, all in all?"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.optimize
import scipy.sparse
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from topograph.errors import Undefined

Units: TypeAlias = npt.NDArray[np.int64]

MOST_UNITS = 1 << 14  # of which all pairs have a cost: 2 GiB
_SPARSE_SHARE = 0.15  # of pairs that overlap, below which the others are never looked at
_DENSE_STEP = 1 / 64  # the time of a step of a dense product, that of a sparse one being 1
_DENSE_ENTRIES = 1 << 27  # of a factor that is multiplied densely
_MOVED = 1e-9  # what a unit that changes its number costs besides: it decides ties alone


def assign(mine: Any, theirs: Any, names: Units, others: Units) -> tuple[Units, float]:
    """Match the columns of two matrices at the least total cost.

    Parameters
    ----------
    mine, theirs : csc_array
        Of ones, of one shape; the cost of two columns is 1 - |common| / |either|.
    names, others : ndarray of int64
        The numbers of the columns: of matchings of equal cost one is taken in which many numbers
        stay, but for a billionth of a unit's cost.

    Returns
    -------
    columns : ndarray of int64
        Column ``columns[i]`` of the other matrix answers to column ``i``.
    cost : float

    Raises
    ------
    Undefined
        If there are more than 16384 columns with many overlaps.
    """
    overlap = _overlaps(mine, theirs)
    fans, fans_of_others = (np.diff(each.indptr).astype(np.int64) for each in (mine, theirs))
    n_units = fans.size
    if scipy.sparse.issparse(overlap) and overlap.nnz <= _SPARSE_SHARE * n_units**2:
        pairs = overlap.tocoo()
        either = fans[pairs.row] + fans_of_others[pairs.col] - pairs.data
        shares = pairs.data / either
        moved = names[pairs.row] != others[pairs.col]
        columns = _sparse_assignment(pairs.row, pairs.col, shares - _MOVED * moved, n_units)
        columns = _filled(columns, names, others)
    else:
        if scipy.sparse.issparse(overlap):
            overlap = overlap.toarray()
        gains = overlap / np.maximum(fans[:, None] + fans_of_others - overlap, 1)
        gains -= _MOVED * (names[:, None] != others)
        columns = scipy.optimize.linear_sum_assignment(gains, maximize=True)[1]
    return columns, _cost(mine, theirs[:, columns], fans, fans_of_others[columns])


def _cost(mine: Any, theirs: Any, fans: Units, fans_of_others: Units) -> float:
    common = np.asarray(mine.multiply(theirs).sum(axis=0)).ravel()
    either = np.maximum(fans + fans_of_others - common, 1)
    empty = fans + fans_of_others == 0
    return float(np.where(empty, 0.0, 1.0 - common / either).sum())


def _overlaps(mine: Any, theirs: Any) -> Any:
    """Return the numbers of common entries: sparse, or dense where that is faster."""
    (n_rows, n_columns), n_others = mine.shape, theirs.shape[1]
    into = (np.bincount(each.indices, minlength=n_rows) for each in (mine, theirs))
    steps = int(np.dot(*into))
    dense = n_rows * n_columns * n_others * _DENSE_STEP
    if steps <= dense or n_rows * n_columns > _DENSE_ENTRIES:
        found = (mine.T.tocsr().astype(np.int32) @ theirs.tocsr().astype(np.int32)).tocsr()
        if found.nnz > _SPARSE_SHARE * n_columns**2:
            _check_dense(n_columns)
        return found
    _check_dense(n_columns)
    ours, yours = (each.toarray().astype(np.float32) for each in (mine, theirs))
    return (ours.T @ yours).astype(np.float64)


def _check_dense(n_units: int) -> None:
    if n_units > MOST_UNITS:
        raise Undefined(
            f"units are matched up to {MOST_UNITS:,} of a level that differ, but {n_units:,} do"
        )


def _sparse_assignment(rows: Units, columns: Units, gains: Any, n_units: int) -> Units:
    """Match rows and columns at the largest gain, by their pairs alone; -1 where unmatched.

    A full matching of twice as many nodes: row ``i`` may be matched with its own stand-in, and so
    may column ``j``; two stand-ins may be matched if row and column are a pair. (Weights must not
    be 0.) A pair then costs 3 less its gain, a row and a column alone 3 together.
    """
    units = np.arange(n_units)
    ends = (
        np.concatenate([rows, units, units + n_units, columns + n_units]),
        np.concatenate([columns, units + n_units, units, rows + n_units]),
    )
    alone = np.full(2 * n_units, 1.5)
    weights = np.concatenate([2.0 - gains, alone, np.ones(gains.size)])
    problem = scipy.sparse.csr_array((weights, ends), shape=(2 * n_units, 2 * n_units))
    partners = min_weight_full_bipartite_matching(problem)[1][:n_units]
    return np.where(partners < n_units, partners, -1).astype(np.int64)


def _filled(columns: Units, names: Units, others: Units) -> Units:
    """Match what is left, which has nothing in common: the same numbers first, then in order."""
    left = np.flatnonzero(columns < 0)
    free = np.ones(columns.size, dtype=np.bool_)
    free[columns[columns >= 0]] = False
    same = np.searchsorted(others, names[left]).clip(max=others.size - 1)
    stays = (others[same] == names[left]) & free[same]
    columns[left[stays]] = same[stays]
    free[same[stays]] = False
    columns[left[~stays]] = np.flatnonzero(free)
    return columns
