"""Switches: exchange the targets of two edges, so that every unit keeps its degrees.

A batch proposes switches of disjoint pairs of edges, all at once: ``(a, i), (b, j)`` become
``(a, j), (b, i)``. A pair is switched if none of its four cells comes twice among all edges
and all proposals together. That collection is the same before and after the batch, because a
switch only makes an edge of a proposal and a proposal of an edge; so the same batch leads
back with the same probability, and the layers with given degrees are all equally likely in
the long run. A pair is proposed with probability ``p / (p + 1)`` for ``p`` pairs, so that a
batch can be of a single switch, and any of these layers leads to any other (Ryser).

References
----------
Ryser, "Combinatorial properties of matrices of zeros and ones", 1957; Rao, Jana &
Bandyopadhyay, "A Markov chain Monte Carlo method for generating random (0,1)-matrices with
given marginals", 1996.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from topograph.biadjacency.operator import Values

_GOLDEN = 0x9E3779B97F4A7C15  # 2^64 over the golden ratio: multiples of it spread evenly
_DENSE = 8  # cells for each edge, up to which every cell has a place of its own
_PLACES = 32  # in a table of other layers, for each cell in it
_FEWEST_BITS = 18  # of the number of places: such a table is small enough for a cache
_IDLE = 100  # rounds of repair without success, after which it is given up


class Switches(NamedTuple):
    """How many switches of pairs of edges were proposed, and how many were made."""

    proposed: int
    accepted: int


def switch(
    cells: Values, shape: tuple[int, int], n_batches: int, rng: np.random.Generator
) -> Switches:
    """Switch pairs of edges at random, in place.

    Parameters
    ----------
    cells : ndarray of uint32 or int64
        Cells of the edges, each once; they come out in another order.
    shape : (int, int)
        ``(n_in, n_out)``.
    n_batches : int
        Each proposes half as many switches as there are edges.
    rng : numpy.random.Generator

    Examples
    --------
    >>> cells = np.array([0, 5, 10, 15])
    >>> switch(cells, (4, 4), 10, np.random.default_rng(0))
    Switches(proposed=15, accepted=15)
    >>> sorted((cells // 4).tolist()), sorted((cells % 4).tolist())
    ([0, 1, 2, 3], [0, 1, 2, 3])
    """
    batches = [_batch(cells, shape, rng) for _ in range(n_batches)]
    return Switches(*(sum(counts) for counts in zip((0, 0), *batches, strict=True)))


def repair(cells: Values, shape: tuple[int, int], rng: np.random.Generator) -> int | None:
    """Switch edges that come twice with random others until none does, in place.

    Parameters
    ----------
    cells : ndarray of uint32 or int64
        Cells of the edges, some maybe several times; they come out in another order.
    shape : (int, int)
        ``(n_in, n_out)``.
    rng : numpy.random.Generator

    Returns
    -------
    int or None
        The number of switches; None if no more were found, and some edges still come twice.

    Examples
    --------
    >>> cells = np.array([0, 0, 4, 5])
    >>> repair(cells, (2, 3), np.random.default_rng(0))
    1
    >>> sorted((cells // 3).tolist()), sorted((cells % 3).tolist())
    ([0, 0, 1, 1], [0, 0, 1, 2])
    """
    cells.sort()
    waiting = np.flatnonzero(cells[1:] == cells[:-1]) + 1
    if not waiting.size:
        return 0
    partners = np.ones(cells.size, dtype=np.bool_)
    partners[waiting] = False
    taken = _Table(cells, _own_places(cells.size, shape))
    made = idle = 0
    while waiting.size and idle < _IDLE:
        done = _switch_with_others(cells, waiting, partners, taken, shape[1], rng)
        partners[waiting[done]] = True
        waiting = waiting[~done]
        made += int(np.count_nonzero(done))
        idle = 0 if done.any() else idle + 1
    return None if waiting.size else made


class _Table:
    """A set of cells, which takes a few others for its members where cells share places.

    For repairs that is only overcautious. In a batch it leaves pairs without need, which does
    no harm: which ones depends on edges and proposals together, as before.
    """

    def __init__(self, cells: Values, own_places: int) -> None:
        self.bits = 0
        if not own_places:
            self.bits = min(max((_PLACES * cells.size).bit_length(), _FEWEST_BITS), 30)
        self.marks = np.zeros(own_places or 1 << self.bits, dtype=np.bool_)
        self.add(cells)

    def add(self, cells: Values) -> None:
        self.marks[self.places(cells)] = True

    def holds(self, cells: Values) -> Values:
        return self.marks[self.places(cells)]

    def places(self, cells: Values) -> Values:
        if not self.bits:
            return cells
        width = 8 * cells.itemsize
        unsigned = cells.view(f"u{cells.itemsize}")
        spread = unsigned * unsigned.dtype.type(_GOLDEN >> (64 - width))
        return np.asarray(spread >> (width - self.bits))


def _batch(cells: Values, shape: tuple[int, int], rng: np.random.Generator) -> Switches:
    rng.shuffle(cells)
    pairs = cells.size // 2
    proposed = int(rng.binomial(pairs, pairs / (pairs + 1)))
    one, other = cells[:proposed], cells[proposed : 2 * proposed]
    step = other % shape[1] - one % shape[1]  # unsigned cells wrap, and wrap back
    own_places = _own_places(cells.size, shape)
    everything = np.concatenate((cells, one + step, other - step))
    crowded = _Table(_coming_twice(everything, own_places), own_places)
    left = crowded.holds(one) | crowded.holds(other)
    left |= crowded.holds(one + step) | crowded.holds(other - step)
    step[left] = 0
    one += step
    other -= step
    return Switches(proposed, proposed - int(np.count_nonzero(left)))


def _own_places(n_edges: int, shape: tuple[int, int]) -> int:
    """Return the number of cells where each gets a place of its own, 0 where they share."""
    total = shape[0] * shape[1]
    return total if total <= _DENSE * n_edges else 0


def _coming_twice(cells: Values, total: int) -> Values:
    if total:
        return np.flatnonzero(np.bincount(cells, minlength=total) > 1)
    cells.sort()
    return np.asarray(cells[1:][cells[1:] == cells[:-1]])


def _switch_with_others(
    cells: Values,
    waiting: Values,
    partners: Values,
    taken: _Table,
    n_out: int,
    rng: np.random.Generator,
) -> Values:
    """Switch each edge that waits with a random other if that is sound; say which were."""
    others = rng.integers(cells.size, size=waiting.size)
    step = cells[others] % n_out - cells[waiting] % n_out
    proposals = np.concatenate((cells[waiting] + step, cells[others] - step))
    sound = partners[others] & _once(others)
    sound &= ~taken.holds(proposals).reshape(2, -1).any(axis=0)
    sound &= _once(taken.places(proposals)).reshape(2, -1).all(axis=0)
    cells[waiting[sound]] += step[sound]
    cells[others[sound]] -= step[sound]
    taken.add(proposals.reshape(2, -1)[:, sound].reshape(-1))
    return np.asarray(sound)


def _once(values: Values) -> Values:
    """Whether each value comes once; of equal ones the first in their order counts as such."""
    order = np.argsort(values, kind="stable")
    once = np.ones(values.size, dtype=np.bool_)
    once[order[1:]] = values[order[1:]] != values[order[:-1]]
    return once
