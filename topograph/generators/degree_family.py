"""Random layers that promise the degrees of both levels."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import Sparse
from topograph.biadjacency.operator import Values
from topograph.generators.cells import layer_from_cells, narrowed, other_cells
from topograph.generators.degree_sequences import checked_degrees, some_layer
from topograph.generators.reach import check_reachable, neighbours
from topograph.generators.registry import family
from topograph.generators.switching import repair, switch

_BATCHES = 20  # of switches: ten proposals an edge
_REPAIRED = 50  # all batches are run if one edge in so many had to be repaired


def biregular_counts(n_in: int, n_out: int, n_edges: int) -> tuple[int, ...]:
    """Nearest counts with equal fan-ins and equal fan-outs: multiples of lcm(n_in, n_out).

    Examples
    --------
    >>> biregular_counts(784, 300, 23520)
    (58800,)
    >>> biregular_counts(300, 100, 1600)
    (1500, 1800)
    """
    step = math.lcm(n_in, n_out)
    return neighbours(range(step, n_in * n_out + 1, step), n_edges)


@family("biregular", reachable=biregular_counts)
def biregular_layer(n_in: int, n_out: int, n_edges: int, rng: np.random.Generator) -> Sparse:
    """All target units have the same fan-in and all source units the same fan-out.

    The configuration model, see `degree_layer`: exactly uniform where the random pairing has
    no edge twice, approximately otherwise. From degrees of 3 on such a layer is an expander
    with high probability.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        A multiple of ``lcm(n_in, n_out)``, up to ``n_in * n_out``.
    rng : numpy.random.Generator

    Raises
    ------
    ParameterError
        If it is no such multiple; the hint names the nearest.

    References
    ----------
    Bollobas, "A probabilistic proof of an asymptotic formula for the number of labelled
    regular graphs", 1980.

    Examples
    --------
    >>> layer = biregular_layer(6, 4, 12, np.random.default_rng(0)).to_csr()
    >>> layer.sum(axis=0).tolist(), layer.sum(axis=1).tolist()
    ([3, 3, 3, 3], [2, 2, 2, 2, 2, 2])
    """
    check_reachable("biregular", n_in, n_out, n_edges, biregular_counts(n_in, n_out, n_edges))
    return _random_layer(np.full(n_out, n_edges // n_out), np.full(n_in, n_edges // n_in), rng)


@family("balanced")
def balanced_layer(n_in: int, n_out: int, n_edges: int, rng: np.random.Generator) -> Sparse:
    """Fan-ins differ by at most one and fan-outs differ by at most one.

    The biregular family's neighbour at every number of edges, and the family itself where
    the number allows. Which units get one edge more is random.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        From 0 to ``n_in * n_out``.
    rng : numpy.random.Generator

    Raises
    ------
    ParameterError
        If there cannot be so many edges.

    Examples
    --------
    >>> layer = balanced_layer(6, 4, 10, np.random.default_rng(0)).to_csr()
    >>> sorted(layer.sum(axis=0).tolist()), sorted(layer.sum(axis=1).tolist())
    ([2, 2, 3, 3], [1, 1, 2, 2, 2, 2])
    """
    check_reachable("balanced", n_in, n_out, n_edges)
    return _random_layer(_shared_out(n_edges, n_out, rng), _shared_out(n_edges, n_in, rng), rng)


def degree_layer(
    fan_in: Sequence[int] | npt.NDArray[np.integer],
    fan_out: Sequence[int] | npt.NDArray[np.integer],
    rng: np.random.Generator,
) -> Sparse:
    """Random layer in which every unit has the degree given.

    The configuration model: the ends of the edges are paired at random; an edge that comes
    twice is switched with a random other, until none does; then pairs of edges are switched
    at random, the more the more had to be repaired, up to ten proposals an edge. Without
    repairs the layer is exactly uniform among those with these degrees, otherwise
    approximately. Degrees that pairing cannot meet start from the layer of Gale and Ryser
    and get twice as many switches. Above density 1/2 the edges left out are drawn instead.

    Parameters
    ----------
    fan_in : sequence of int, shape (n_out,)
        Inputs of every target unit.
    fan_out : sequence of int, shape (n_in,)
        Outputs of every source unit.
    rng : numpy.random.Generator

    Raises
    ------
    ParameterError
        If no layer has these degrees; the hint says what to change.

    References
    ----------
    Bollobas, 1980; Fosdick, Larremore, Nishimura & Ugander, "Configuring random graph models
    with fixed degree sequences", SIAM Review 2018.

    Examples
    --------
    >>> layer = degree_layer([3, 1, 0], [2, 1, 1], np.random.default_rng(0)).to_csr()
    >>> layer.sum(axis=0).tolist(), layer.sum(axis=1).tolist()
    ([3, 1, 0], [2, 1, 1])
    """
    return _random_layer(*checked_degrees(fan_in, fan_out), rng)


def _random_layer(fan_in: Values, fan_out: Values, rng: np.random.Generator) -> Sparse:
    shape = (fan_out.size, fan_in.size)
    total = shape[0] * shape[1]
    if 2 * int(fan_in.sum()) > total:
        cells = _random_cells(shape[0] - fan_in, shape[1] - fan_out, rng)
        return layer_from_cells(other_cells(cells, total), shape)
    return layer_from_cells(_random_cells(fan_in, fan_out, rng), shape)


def _random_cells(fan_in: Values, fan_out: Values, rng: np.random.Generator) -> Values:
    n_in, n_out = fan_out.size, fan_in.size
    targets = np.repeat(np.arange(n_out, dtype=np.int64), fan_in)
    rng.shuffle(targets)
    targets += np.repeat(np.arange(n_in, dtype=np.int64) * n_out, fan_out)
    cells = narrowed(targets, (n_in, n_out))
    repaired = repair(cells, (n_in, n_out), rng)
    if repaired is None:
        cells = narrowed(some_layer(fan_in, fan_out), (n_in, n_out))
        n_batches = 2 * _BATCHES
    else:
        share = repaired / max(cells.size, 1)
        n_batches = math.ceil(_BATCHES * min(1.0, _REPAIRED * share))
    switch(cells, (n_in, n_out), n_batches, rng)
    return cells


def _shared_out(n_edges: int, n_units: int, rng: np.random.Generator) -> Values:
    """Edges shared out evenly, the units that get one more drawn at random."""
    fans = np.full(n_units, n_edges // n_units)
    fans[rng.permutation(n_units)[: n_edges % n_units]] += 1
    return fans
