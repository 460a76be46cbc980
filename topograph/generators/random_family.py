"""Random layers that promise at most the fan-ins: the controls of every comparison."""

from __future__ import annotations

import numpy as np

from topograph.biadjacency import Sparse
from topograph.biadjacency.operator import Values
from topograph.generators.cells import layer_from_cells
from topograph.generators.random_subsets import random_subsets
from topograph.generators.reach import check_reachable, neighbours
from topograph.generators.registry import family


def whole_fan_ins(n_in: int, n_out: int, n_edges: int) -> tuple[int, ...]:
    """Nearest counts with the same fan-in everywhere: multiples of ``n_out``, 0 excluded.

    Examples
    --------
    >>> whole_fan_ins(784, 300, 23000)
    (22800, 23100)
    """
    return neighbours(range(n_out, n_in * n_out + 1, n_out), n_edges)


def covering_fan_ins(n_in: int, n_out: int, n_edges: int) -> tuple[int, ...]:
    """Nearest counts with the same fan-in everywhere that leave no input without an edge.

    Examples
    --------
    >>> covering_fan_ins(784, 300, 600)
    (900,)
    """
    fewest = -(-n_in // n_out) * n_out
    return neighbours(range(fewest, n_in * n_out + 1, n_out), n_edges)


@family("uniform")
def uniform_layer(n_in: int, n_out: int, n_edges: int, rng: np.random.Generator) -> Sparse:
    """Exactly ``n_edges`` edges, every set of that many equally likely.

    Time and memory grow with the edges, not with ``n_in * n_out``; above density 1/2 the
    edges left out are drawn instead.

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

    References
    ----------
    Erdos & Renyi, "On random graphs I", 1959: the model G(n, M), here for bipartite graphs.

    Examples
    --------
    >>> uniform_layer(5, 4, 7, np.random.default_rng(0)).n_edges
    7
    """
    check_reachable("uniform", n_in, n_out, n_edges)
    return layer_from_cells(random_subsets([n_edges], n_in * n_out, rng), (n_in, n_out))


@family("bernoulli", exact=False)
def bernoulli_layer(n_in: int, n_out: int, n_edges: int, rng: np.random.Generator) -> Sparse:
    """Every possible edge is there with probability ``n_edges / (n_in n_out)``, independently.

    The number of edges is binomial with mean ``n_edges``: the standard deviation is
    ``sqrt(n_edges (1 - density))``. These are the masks that the training paper calls random.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        Expected number of edges, from 0 to ``n_in * n_out``.
    rng : numpy.random.Generator

    Raises
    ------
    ParameterError
        If there cannot be so many edges.

    References
    ----------
    Gilbert, "Random graphs", 1959: the model G(n, p); Alford, Robinett, Milechin & Kepner,
    "Training Behavior of Sparse Neural Network Topologies", arXiv 1810.00299.

    Examples
    --------
    >>> bernoulli_layer(100, 100, 1000, np.random.default_rng(0)).n_edges
    1038
    """
    check_reachable("bernoulli", n_in, n_out, n_edges)
    cells = n_in * n_out
    reached = int(rng.binomial(cells, n_edges / cells))
    return layer_from_cells(random_subsets([reached], cells, rng), (n_in, n_out))


@family("fixed-fan-in", reachable=whole_fan_ins)
def fixed_fan_in_layer(n_in: int, n_out: int, n_edges: int, rng: np.random.Generator) -> Sparse:
    """Every target unit has the same number of inputs, drawn without replacement.

    Units are independent and every set of inputs is equally likely, so that fan-outs are
    binomial, and an input may be left without an edge.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        A multiple of ``n_out`` from ``n_out`` to ``n_in * n_out``.
    rng : numpy.random.Generator

    Raises
    ------
    ParameterError
        If it is no such multiple; the hint names the nearest.

    References
    ----------
    Lasby, Golubeva, Evci, Nica & Ioannou, "Dynamic sparse training with structured
    sparsity", ICLR 2024: constant fan-in.

    Examples
    --------
    >>> fixed_fan_in_layer(5, 4, 8, np.random.default_rng(0)).to_csr().sum(axis=0).tolist()
    [2, 2, 2, 2]
    """
    counts = whole_fan_ins(n_in, n_out, n_edges)
    check_reachable("fixed-fan-in", n_in, n_out, n_edges, counts)
    return _from_inputs(_drawn_inputs(n_in, n_out, n_edges, rng), (n_in, n_out))


@family("fixed-fan-in-covered", reachable=covering_fan_ins)
def fixed_fan_in_covered_layer(
    n_in: int, n_out: int, n_edges: int, rng: np.random.Generator
) -> Sparse:
    """Every target unit has the same number of inputs, and every source unit is used.

    Drawn as `fixed_fan_in_layer`; then every input without an edge takes over an edge of an
    input that has more than one, all such edges but one of each input being equally likely.
    A draw without such inputs, the rule from mean fan-outs of about ``log n_in`` on, is
    uniform among all layers of the family; the others are nearly so.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        A multiple of ``n_out`` from ``max(n_in, n_out)`` to ``n_in * n_out``.
    rng : numpy.random.Generator

    Raises
    ------
    ParameterError
        If it is no such multiple; the hint names the nearest.

    Examples
    --------
    >>> layer = fixed_fan_in_covered_layer(6, 3, 6, np.random.default_rng(0)).to_csr()
    >>> layer.sum(axis=0).tolist(), layer.sum(axis=1).tolist()
    ([2, 2, 2], [1, 1, 1, 1, 1, 1])
    """
    counts = covering_fan_ins(n_in, n_out, n_edges)
    check_reachable("fixed-fan-in-covered", n_in, n_out, n_edges, counts)
    inputs = _drawn_inputs(n_in, n_out, n_edges, rng)
    unused = np.flatnonzero(np.bincount(inputs, minlength=n_in) == 0)
    if unused.size:
        order = rng.permutation(n_edges)
        kept = np.empty(n_in, dtype=np.int64)
        kept[inputs[order]] = order  # of each input a random edge: the last one written
        spare = np.ones(n_edges, dtype=np.bool_)
        spare[kept[inputs]] = False
        inputs[order[spare[order]][: unused.size]] = rng.permutation(unused)
    return _from_inputs(inputs, (n_in, n_out))


def _drawn_inputs(n_in: int, n_out: int, n_edges: int, rng: np.random.Generator) -> Values:
    """Inputs of all target units, one unit after the other."""
    sizes = np.full(n_out, n_edges // n_out)
    return random_subsets(sizes, n_in, rng) % n_in


def _from_inputs(inputs: Values, shape: tuple[int, int]) -> Sparse:
    n_out = shape[1]
    return layer_from_cells(
        inputs * n_out + np.arange(inputs.size) // (inputs.size // n_out), shape
    )
