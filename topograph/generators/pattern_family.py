"""Layers in patterns that hardware is fast at: dense tiles, and N of every M."""

from __future__ import annotations

import numpy as np

from topograph.biadjacency import Sparse
from topograph.errors import ParameterError
from topograph.generators.random_subsets import random_subsets
from topograph.generators.reach import check_reachable
from topograph.generators.registry import family
from topograph.generators.relabelling import layer_of
from topograph.generators.tiling import Tiling
from topograph.radix.arguments import checked_integer
from topograph.radix.divisors import divisors, nearest_listed


def _tiled_counts(
    n_in: int, n_out: int, n_edges: int, *, block: int = 16, permuted: bool = False
) -> tuple[int, ...]:
    del permuted
    return Tiling(n_in, n_out, checked_integer("block", block, 1)).nearest(n_edges)


@family("block-sparse", reachable=_tiled_counts)
def block_sparse_layer(
    n_in: int,
    n_out: int,
    n_edges: int,
    rng: np.random.Generator,
    *,
    block: int = 16,
    permuted: bool = False,
) -> Sparse:
    r"""Dense square tiles on a grid, the rest empty.

    Inputs and outputs are cut into runs of ``block`` units, the last of which may be shorter.
    An input run and an output run meet in a tile: whole, or cut at the right, at the bottom
    or at both. Every tile is dense or empty. Of ``k`` dense tiles, each of these four kinds
    gets its share, rounded (`topograph.generators.tiling.Tiling`), and inside a kind all
    choices are equally likely. So the reachable numbers of edges are those of
    ``k = 0, 1, ...`` tiles: multiples of ``block^2`` if ``block`` divides both widths.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        One of the reachable numbers.
    rng : numpy.random.Generator
    block : int, default 16
        Side of a tile, in units; at least 1.
    permuted : bool, default False
        Whether inputs and outputs are put in a random order: an isomorphic layer.

    Raises
    ------
    ParameterError
        If no number of tiles has ``n_edges`` edges; the hint names the nearest.

    References
    ----------
    Gray, Radford & Kingma, "GPU kernels for block-sparse weights", 2017.

    Examples
    --------
    >>> block_sparse_layer(4, 6, 12, np.random.default_rng(5), block=2).to_csr().toarray()
    array([[1, 1, 0, 0, 1, 1],
           [1, 1, 0, 0, 1, 1],
           [0, 0, 1, 1, 0, 0],
           [0, 0, 1, 1, 0, 0]])
    """
    nearest = _tiled_counts(n_in, n_out, n_edges, block=block)
    check_reachable("block-sparse", n_in, n_out, n_edges, nearest)
    rows, columns = Tiling(n_in, n_out, block).draw(n_edges, rng)
    steps = np.arange(block)
    sources = (rows[:, None, None] * block + steps[:, None]).repeat(block, axis=2).ravel()
    targets = (columns[:, None, None] * block + steps).repeat(block, axis=1).ravel()
    inside = (sources < n_in) & (targets < n_out)
    return layer_of(sources[inside], targets[inside], (n_in, n_out), rng, permuted)


def _n_m_counts(
    n_in: int, n_out: int, n_edges: int, *, n: int = 2, m: int = 4, permuted: bool = False
) -> tuple[int, ...]:
    del n_edges, permuted
    group = checked_integer("m", m, 1)
    if checked_integer("n", n, 0) > group:
        raise ParameterError.expected("n", f"at most m = {group}", n, hint=f"make it {group}.")
    if n_in % group:
        raise ParameterError(
            f"m must divide the number of inputs, {n_in}, but it is {group}.",
            hint=f"make it {nearest_listed(divisors(n_in), group)}.",
        )
    return (n_in // group * n_out * n,)


@family("n-m", reachable=_n_m_counts)
def n_m_layer(
    n_in: int,
    n_out: int,
    n_edges: int,
    rng: np.random.Generator,
    *,
    n: int = 2,
    m: int = 4,
    permuted: bool = False,
) -> Sparse:
    r"""Every output takes exactly N of each group of M consecutive inputs.

    The groups are the inputs ``g M .. g M + M - 1``; the choices are independent, all equally
    likely. The number of edges is ``n_in n_out N / M`` and no other, and every fan-in is
    ``n_in N / M``. 2:4 is what sparse tensor cores take.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels; ``m`` divides ``n_in``.
    n_edges : int
        ``n_in * n_out * n / m``.
    rng : numpy.random.Generator
    n, m : int, default 2 and 4
        ``0 <= n <= m``.
    permuted : bool, default False
        Whether inputs and outputs are put in a random order: an isomorphic layer, in which
        the groups are no longer runs of consecutive inputs.

    Raises
    ------
    ParameterError
        If ``m`` does not divide ``n_in``, or the number of edges is another.

    References
    ----------
    Mishra et al., "Accelerating sparse deep neural networks", arXiv 2104.08378; Zhou et al.,
    "Learning N:M fine-grained structured sparse neural networks from scratch", ICLR 2021.

    Examples
    --------
    >>> n_m_layer(4, 3, 6, np.random.default_rng(5), n=1, m=2).to_csr().toarray()
    array([[0, 0, 1],
           [1, 1, 0],
           [0, 1, 0],
           [1, 0, 1]])
    """
    check_reachable("n-m", n_in, n_out, n_edges, _n_m_counts(n_in, n_out, n_edges, n=n, m=m))
    n_rows = n_in // m * n_out
    rows, place = np.divmod(random_subsets(np.full(n_rows, n), m, rng), m)
    return layer_of(rows // n_out * m + place, rows % n_out, (n_in, n_out), rng, permuted)
