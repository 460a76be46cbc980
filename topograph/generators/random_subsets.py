"""Random subsets of given sizes, drawn for all rows of a layer at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from topograph.biadjacency.operator import Values

_TABLE = 16  # rows are drawn in a table of bytes if it has at most so many an element


def random_subsets(sizes: npt.ArrayLike, width: int, rng: np.random.Generator) -> Values:
    """One subset of ``0 .. width - 1`` for each size, independent and each uniformly random.

    Elements are drawn with replacement until enough of them differ, which favours no element
    over another; for more than half of a row those left out are drawn. Time and memory are
    proportional to the number of elements returned, however wide the rows are.

    Parameters
    ----------
    sizes : array_like of int, shape (n,)
        From 0 to ``width``.
    width : int
        Elements to choose from; ``n * width`` must be below 2^63.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int64, shape (sum of sizes,)
        ``row * width + element``, ascending.

    Examples
    --------
    >>> found = random_subsets([2, 0, 3], 4, np.random.default_rng(0))
    >>> (found // 4).tolist()
    [0, 0, 2, 2, 2]
    >>> random_subsets([4], 4, np.random.default_rng(0)).tolist()
    [0, 1, 2, 3]
    """
    wanted = np.asarray(sizes, dtype=np.int64)
    dense = _TABLE * wanted > width
    found = _by_sorting(np.where(dense, 0, wanted), width, rng)
    if not dense.any():
        return found
    rows = np.flatnonzero(dense)
    marked = np.flatnonzero(_by_table(wanted[rows], width, rng))
    if rows.size < wanted.size:
        marked += (rows - np.arange(rows.size))[marked // width] * width
    return np.sort(np.concatenate((found, marked))) if found.size else marked


def _by_sorting(sizes: Values, width: int, rng: np.random.Generator) -> Values:
    bounds = np.arange(sizes.size + 1, dtype=np.int64) * width
    found = np.empty(0, dtype=np.int64)
    missing = sizes
    while missing.any():
        fresh = np.repeat(bounds[:-1], missing)
        fresh += rng.integers(width, size=fresh.size)
        fresh.sort()
        if found.size:
            fresh = np.concatenate((found, fresh))
            fresh.sort(kind="stable")  # two ascending runs: a merge
        found = fresh[np.concatenate(([True], fresh[1:] != fresh[:-1]))]
        missing = sizes - np.diff(np.searchsorted(found, bounds))
    return found


def _by_table(sizes: Values, width: int, rng: np.random.Generator) -> Values:
    marks = np.zeros((sizes.size, width), dtype=np.bool_)
    large = 2 * sizes > width
    drawn = np.where(large, width - sizes, sizes)
    missing = drawn
    while missing.any():
        fresh = np.repeat(np.arange(sizes.size) * width, missing)
        fresh += rng.integers(width, size=fresh.size)
        marks.reshape(-1)[fresh] = True
        missing = drawn - np.count_nonzero(marks, axis=1)
    np.logical_not(marks, out=marks, where=large[:, None])
    return marks
