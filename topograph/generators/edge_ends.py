"""Move the input ends of edges, with no edge twice and every fan-in kept.

Edges are pairs ``sources[e], targets[e]``, each once. Many moves are proposed at a time; made
are those to a place that is free and that no other proposal wants.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_ROUNDS = (100, 1500)  # of proposals, before the rest are left where they are: least, most
_WORK = 300_000_000  # edges looked at in all rounds, between these bounds
_IDLE = 150  # rounds in a row without success, likewise
_EXCHANGES = 30  # rounds of exchanges
_WIDENING = 8.0  # factor by which edges go farther, from one round to the next
_TABLE_BITS = 26  # of a table of all cells that are edges


def level_sources(
    sources: Integers, targets: Integers, fans_out: Integers, rng: np.random.Generator
) -> Integers:
    """Move edges from inputs that have too many to those that have too few, as near as can be.

    The input with the most edges is to have the most, and so on. Surplus edges go to the
    inputs that lack some in the order of their places; those that find theirs taken are
    proposed again, in an order that is the more disturbed the more often that happened. When
    edges that go anywhere mostly fail too, inputs that lack edges take some from others no
    heavier, which are then to be served instead. What finds no place after all stays.

    Parameters
    ----------
    sources, targets : ndarray of int64, shape (n_edges,)
    fans_out : ndarray of int64, shape (n_in,)
        The fan-outs wanted, in descending order; ``n_edges`` in all.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int64, shape (n_edges,)
        The new sources.

    Examples
    --------
    >>> sources, targets = np.array([0, 0, 1, 0]), np.array([0, 1, 1, 2])
    >>> moved = level_sources(sources, targets, np.array([2, 2]), np.random.default_rng(0))
    >>> np.bincount(moved).tolist()
    [2, 2]
    """
    n_in = fans_out.size
    shuffled = rng.permutation(sources.size)
    moved, ends = sources[shuffled], targets[shuffled]
    fans = np.bincount(moved, minlength=n_in)
    wanted = np.empty_like(fans)
    wanted[np.lexsort((rng.random(n_in), -fans))] = fans_out
    by_target = np.argsort(ends, kind="stable")
    n_rounds = min(max(_ROUNDS[0], _WORK // max(sources.size, 1)), _ROUNDS[1])
    spread = idle = 0.0
    for _ in range(n_rounds):
        surplus = np.bincount(moved, minlength=n_in) - wanted
        if not surplus.any() or idle == _IDLE:
            break
        proposed, made = _give(moved, ends, surplus, spread, rng)
        if 2 * made < proposed and spread == n_in:
            surplus = np.bincount(moved, minlength=n_in) - wanted
            made += _take(moved, ends, by_target, surplus, wanted, rng)
        spread = min(max(1.0, _WIDENING * spread), float(n_in))
        idle = 0 if made else idle + 1
    result = np.empty_like(sources)
    result[shuffled] = moved
    return result


def exchange_sources(
    sources: Integers, targets: Integers, chosen: Flags, n_in: int, rng: np.random.Generator
) -> Integers:
    """Exchange the input ends of the chosen edges among each other, in random pairs.

    All fan-ins and fan-outs stay. Every chosen edge is exchanged once or more often; where
    edges are so dense that none of its partners was free, it is left in place.

    Parameters
    ----------
    sources, targets : ndarray of int64, shape (n_edges,)
    chosen : ndarray of bool, shape (n_edges,)
    n_in : int
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int64, shape (n_edges,)
        The new sources.

    Examples
    --------
    >>> ends = np.arange(4)
    >>> exchange_sources(ends, ends, ends >= 2, 4, np.random.default_rng(0)).tolist()
    [0, 1, 3, 2]
    """
    sources = sources.copy()
    members = np.flatnonzero(chosen)
    waiting = chosen.copy()
    for _ in range(_EXCHANGES):
        members = rng.permutation(members)
        members = np.concatenate((members[waiting[members]], members[~waiting[members]]))
        n_pairs = min(int(np.count_nonzero(waiting)), members.size // 2)
        if not n_pairs:
            break
        pairs = members[: 2 * n_pairs].reshape(2, n_pairs)
        swapped = targets[pairs] * n_in + sources[pairs[::-1]]
        free = _are_free(swapped.ravel(), targets * n_in + sources, rng)
        pairs = pairs[:, free.reshape(2, n_pairs).all(axis=0)]
        sources[pairs] = sources[pairs[::-1]]
        waiting[pairs] = False
    return sources


def _give(
    sources: Integers, targets: Integers, surplus: Integers, spread: float, rng: np.random.Generator
) -> tuple[int, int]:
    """Move surplus edges to inputs that lack some, in the order of their places; in place."""
    n_in = surplus.size
    edges = _some_edges(sources, np.maximum(surplus, 0), rng)
    edges = edges[np.argsort(sources[edges] + spread * rng.standard_normal(edges.size))]
    new = np.repeat(np.arange(n_in), np.maximum(-surplus, 0))
    free = _are_free(targets[edges] * n_in + new, targets * n_in + sources, rng)
    sources[edges[free]] = new[free]
    return edges.size, int(np.count_nonzero(free))


def _take(
    sources: Integers,
    targets: Integers,
    by_target: Integers,
    surplus: Integers,
    wanted: Integers,
    rng: np.random.Generator,
) -> int:
    """Let inputs that lack edges take them from others no heavier, at any outputs; in place."""
    fans = np.bincount(targets)
    fed = np.flatnonzero(fans)
    lacking = np.repeat(np.arange(surplus.size), np.maximum(-surplus, 0))
    outputs = rng.choice(fed, lacking.size)
    edges = by_target[(np.cumsum(fans) - fans)[outputs] + rng.integers(0, fans[outputs])]
    lighter = wanted[sources[edges]] <= wanted[lacking]
    edges, first = np.unique(edges[lighter], return_index=True)
    lacking = lacking[lighter][first]
    free = _are_free(targets[edges] * surplus.size + lacking, targets * surplus.size + sources, rng)
    sources[edges[free]] = lacking[free]
    return int(np.count_nonzero(free))


def _some_edges(sources: Integers, counts: Integers, rng: np.random.Generator) -> Integers:
    """Choose ``counts[i]`` edges of every input ``i``: the next ones from a random one on."""
    small = sources.astype(np.uint16) if counts.size <= 1 << 16 else sources
    edges = np.argsort(small, kind="stable")
    fans = np.bincount(sources, minlength=counts.size)
    inputs = np.repeat(np.arange(counts.size), counts)
    place = np.arange(inputs.size) - (np.cumsum(counts) - counts)[inputs]
    begin = rng.integers(0, np.maximum(fans, 1))
    return edges[(np.cumsum(fans) - fans)[inputs] + (begin[inputs] + place) % fans[inputs]]


def _are_free(proposed: Integers, cells: Integers, rng: np.random.Generator) -> Flags:
    """Whether each cell proposed is none of the cells; of equal proposals one at most is.

    Cells of large layers are looked up by a random hash: a few free ones count as taken, not
    the same ones each time.
    """
    factor = int(rng.integers(1 << 62)) * 2 + 1
    everything = np.concatenate((cells, proposed))
    slots = _slots(everything, _TABLE_BITS, factor)
    taken = np.zeros(1 << _TABLE_BITS, dtype=np.bool_)
    taken[slots[: cells.size]] = True
    bits = min(_TABLE_BITS, (8 * proposed.size).bit_length())
    own = _slots(proposed, bits, factor)
    last = np.empty(1 << bits, dtype=np.int64)
    last[own] = np.arange(proposed.size)
    return np.asarray(~taken[slots[cells.size :]] & (last[own] == np.arange(proposed.size)))


def _slots(cells: Integers, bits: int, factor: int) -> Integers:
    """Return places in a table of ``2^bits``: the cells themselves if all of them fit."""
    if cells.max(initial=0) < 1 << bits:
        return cells
    hashed = cells.view(np.uint64) * np.uint64(factor) >> np.uint64(64 - bits)
    return hashed.view(np.int64)
