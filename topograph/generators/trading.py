"""Trades: two units pool the targets that only one of them has, and draw them anew.

A round pairs all units of a level at random, and every pair trades at once: the targets that both
have stay, the others are dealt out at random, each unit getting as many as it had. A trade leads
back with the same probability, so that all layers with given degrees are equally likely in the
long run. Where some units have most targets, switches of pairs of edges are mostly refused, and
trades are not.

References
----------
Strona et al., "A fast and unbiased procedure to randomize ecological binary matrices with fixed
row and column totals", Nature Communications 5, 2014; Carstens, Hamann, Meyer, Penschuck, Tran &
Wagner, "Parallel and I/O-efficient randomisation of massive networks using global curveball
trades", 2018.
"""

from __future__ import annotations

import numpy as np

from topograph.biadjacency.operator import Values


def trade(cells: Values, shape: tuple[int, int], n_rounds: int, rng: np.random.Generator) -> Values:
    """Return the cells after rounds of trades, of source and of target units in turn.

    Parameters
    ----------
    cells : ndarray of integers
        Cells of the edges, each once.
    shape : (int, int)
        ``(n_in, n_out)``.
    n_rounds : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of the dtype of ``cells``
        In another order.

    Examples
    --------
    >>> cells = trade(np.array([0, 1, 2, 3, 4]), (3, 4), 10, np.random.default_rng(0))
    >>> np.bincount(cells // 4).tolist(), np.bincount(cells % 4).tolist()
    ([4, 1], [2, 1, 1, 1])
    """
    sources, targets = np.divmod(cells.astype(np.int64), shape[1])
    for index in range(n_rounds):
        if index % 2:
            targets = _round(targets, sources, shape[::-1], rng)
        else:
            sources = _round(sources, targets, shape, rng)
    return np.asarray(sources * shape[1] + targets).astype(cells.dtype)


def _round(
    units: Values, others: Values, shape: tuple[int, int], rng: np.random.Generator
) -> Values:
    """Let all units trade, each with one partner; return the unit that each edge has then."""
    order = rng.permutation(shape[0])
    place = np.empty_like(order)
    place[order] = np.arange(shape[0])
    places = place[units]  # those of a pair are 2 p and 2 p + 1
    pairs = places // 2
    keys = pairs * shape[1] + others
    listed = np.argsort(keys)
    keys = keys[listed]
    twice = np.zeros(units.size, dtype=np.bool_)
    twice[1:] = keys[1:] == keys[:-1]
    twice[:-1] |= twice[1:]
    free = listed[~twice]
    dealt = free[np.argsort(pairs[free] + rng.random(free.size))]
    n_pairs = (shape[0] + 1) // 2
    pooled = np.bincount(pairs[free], minlength=n_pairs)
    of_first = np.bincount(pairs[free][places[free] % 2 == 0], minlength=n_pairs)
    rank = np.arange(dealt.size) - (np.cumsum(pooled) - pooled)[pairs[dealt]]
    after = units.copy()
    after[dealt] = order[2 * pairs[dealt] + (rank >= of_first[pairs[dealt]])]
    return after
