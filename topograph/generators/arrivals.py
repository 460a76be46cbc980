"""Which items come first, when heavier ones tend to come sooner?

Drawing items one after another without replacement, each with a probability proportional to
its weight among those left, is the same as giving every item a clock that rings at random
with a rate of its weight, and taking items in the order of their first ring. So only clocks
that ring early have to be looked at: the work grows with what is drawn, not with the items.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_OFTEN = np.log(0.5)  # a clock of a higher log rate is looked at by itself
_BINS = 150  # of items whose weights are taken as equal, to guess how long the clocks must run
_HALVINGS = 60  # of the search for that, at most
_CLOSE = 0.01  # near enough, on a logarithmic scale
_BLOCK = 1 << 19  # items drawn at a time: their sorts stay in cache


def draw_by_weight(
    counts: Integers, log_weights: Floats, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Distinct items for each row, drawn one after another by their weights.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_rows,)
        How many each row draws; at most as many as there are items.
    log_weights : ndarray of float, shape (n_items,)
        Logarithms of the weights, the same for all rows, in descending order.
    rng : numpy.random.Generator

    Returns
    -------
    rows, items : ndarray of int64, shape (sum of counts,)
        Rows in ascending order, items of a row in the order in which they were drawn.

    Examples
    --------
    >>> weights = np.log([8.0, 1.0, 1.0])
    >>> rows, items = draw_by_weight(np.full(1000, 1), weights, np.random.default_rng(0))
    >>> np.bincount(items).tolist()
    [809, 92, 99]
    """
    scales = _log_horizons(counts, np.zeros(1), log_weights)
    firsts = np.searchsorted(np.cumsum(counts), np.arange(0, counts.sum(), _BLOCK), side="right")
    found = [(np.empty(0, dtype=np.int64),) * 2]
    for first, last in itertools.pairwise([*firsts, counts.size]):
        needs = counts[first:last]
        rows, items = _first_items(
            scales[first:last], log_weights, np.arange(needs.size), needs, rng
        )
        found.append((rows + first, items))
    rows, items = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return rows, items


def draw_pairs_by_weight(
    count: int, log_row_weights: Floats, log_weights: Floats, rng: np.random.Generator
) -> tuple[Integers, Integers]:
    """Distinct pairs of a row and an item, drawn by the product of their weights.

    Parameters
    ----------
    count : int
        How many; at most as many as there are pairs.
    log_row_weights, log_weights : ndarray of float, shapes (n_rows,) and (n_items,)
        Logarithms of the weights, in descending order.
    rng : numpy.random.Generator

    Returns
    -------
    rows, items : ndarray of int64, shape (count,)
        In the order in which they were drawn.

    Examples
    --------
    >>> rows, items = draw_pairs_by_weight(6, np.zeros(2), np.zeros(3), np.random.default_rng(0))
    >>> sorted(zip(rows.tolist(), items.tolist()))
    [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]
    """
    needs = np.array([count])
    log_time = _log_horizons(needs, log_row_weights, log_weights)
    groups = np.zeros(log_row_weights.size, dtype=np.int64)
    return _first_items(log_row_weights + log_time, log_weights, groups, needs, rng)


def _first_items(
    log_scales: Floats,
    log_weights: Floats,
    groups: Integers,
    needs: Integers,
    rng: np.random.Generator,
) -> tuple[Integers, Integers]:
    """Return the first ``needs[g]`` distinct arrivals of the rows of each group ``g``.

    The clocks run for a while, and on, longer each time, in groups that are still short.
    """
    rows, items = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    times = np.empty(0)
    period, sizes = 0, np.zeros_like(needs)
    open_rows = np.flatnonzero(needs[groups] > 0)
    while open_rows.size:
        more, more_items, log_times = _arrivals(log_scales[open_rows] + period, log_weights, rng)
        rows = np.concatenate((rows, open_rows[more]))
        items = np.concatenate((items, more_items))
        within = 1 / (1 - log_times)  # in order, and from 0 to 1 for any log time below 0
        times = np.concatenate((times, period + within))
        period += 1
        order = np.argsort(groups[rows] * float(period) + times)
        order = order[_is_first(rows[order] * log_weights.size + items[order])]
        rows, items, times = rows[order], items[order], times[order]
        sizes = np.bincount(groups[rows], minlength=needs.size)
        open_rows = np.flatnonzero((sizes < needs)[groups])
    place = np.arange(rows.size) - (np.cumsum(sizes) - sizes)[groups[rows]]
    early = place < needs[groups[rows]]
    return rows[early], items[early]


def _arrivals(
    log_scales: Floats, log_weights: Floats, rng: np.random.Generator
) -> tuple[Integers, Integers, Floats]:
    """Return rows, items and logarithms of the times of all rings of the clocks before time 1.

    The clock of item ``k`` in row ``r`` has the log rate ``log_scales[r] + log_weights[k]``.
    First rings of fast clocks are drawn one by one; for the slow ones, which are the last of
    each row, the number of all their rings is drawn, and then which clock each came from.
    """
    n_items = log_weights.size
    n_fast = np.searchsorted(-log_weights, log_scales - _OFTEN)
    fast_rows = np.repeat(np.arange(log_scales.size), n_fast)
    fast = np.arange(fast_rows.size) - (np.cumsum(n_fast) - n_fast)[fast_rows]
    fast_times = np.log(rng.standard_exponential(fast.size))
    fast_times -= log_scales[fast_rows] + log_weights[fast]
    early = fast_times < 0

    log_rest = np.append(np.logaddexp.accumulate(log_weights[::-1])[::-1], -np.inf)
    n_rings = rng.poisson(np.exp(log_scales + log_rest[n_fast]))
    slow_rows = np.repeat(np.arange(log_scales.size), n_rings)
    first = n_fast[slow_rows]
    points = log_rest[first] - rng.standard_exponential(first.size)
    slow = np.searchsorted(-log_rest, -points, side="right") - 1
    slow = np.clip(slow, first, n_items - 1)  # rounding
    slow_times = -rng.standard_exponential(slow.size)
    return (
        np.concatenate((fast_rows[early], slow_rows)),
        np.concatenate((fast[early], slow)),
        np.concatenate((fast_times[early], slow_times)),
    )


def _is_first(cells: Integers) -> npt.NDArray[np.bool_]:
    """Whether each cell is the first of its kind."""
    order = np.argsort(cells, kind="stable")
    first = np.empty(cells.size, dtype=np.bool_)
    first[order] = np.diff(cells[order], prepend=-1) > 0
    return first


def _log_horizons(counts: Integers, log_row_weights: Floats, log_weights: Floats) -> Floats:
    """Logarithms of times by which a bit more than ``counts`` pairs have most likely come."""
    step = 2 ** np.maximum(np.log2(np.maximum(counts, 1)).astype(np.int64) - 5, 0)
    wanted, inverse = np.unique(-(-counts // step) * step, return_inverse=True)
    rows, row_sizes = _binned(log_row_weights)
    items, item_sizes = _binned(log_weights)
    rates = (rows[:, None] + items).ravel()
    sizes = (row_sizes[:, None] * item_sizes).ravel()
    latest = -log_row_weights[-1] - log_weights[-1] + 5  # by then, all have
    below = np.full(wanted.size, -rates.max() - np.log(sizes.sum()))
    above = np.full(wanted.size, latest)
    goal = wanted + 2 * np.sqrt(wanted) + 1
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        if (above - below).max(initial=0) < _CLOSE:
            break
        reached = np.array(
            [-sizes @ np.expm1(-np.exp(np.minimum(rates + time, 50))) for time in middle]
        )
        enough = reached >= goal
        above, below = np.where(enough, middle, above), np.where(enough, below, middle)
    return above[inverse]


def _binned(log_weights: Floats) -> tuple[Floats, Integers]:
    """Light weights that stand for heavier neighbours, and for how many; few heavy ones a bin."""
    edges = np.unique(np.geomspace(1, log_weights.size + 1, _BINS).astype(np.int64)) - 1
    return log_weights[edges[1:] - 1], np.diff(edges)
