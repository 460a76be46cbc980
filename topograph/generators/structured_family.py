"""Layers in which every output takes a run of inputs, or a comb."""

from __future__ import annotations

import numpy as np

from topograph.biadjacency import Sparse
from topograph.generators.fans import even_fans, places
from topograph.generators.reach import check_reachable
from topograph.generators.receptive_fields import band_edges, band_starts
from topograph.generators.registry import family
from topograph.generators.relabelling import layer_of


@family("banded")
def banded_layer(
    n_in: int, n_out: int, n_edges: int, rng: np.random.Generator, *, permuted: bool = False
) -> Sparse:
    r"""Every output takes a run of consecutive inputs, round a ring, that moves with it.

    Output ``j`` takes the inputs ``floor(j n_in / n_out) + k (mod n_in)``, ``k = 0 .. r_j - 1``.
    Its fan-in ``r_j`` is the floor or the ceiling of ``n_edges / n_out``, as in
    `topograph.generators.fans.even_fans`, so that any number of edges is met. If it is the
    same for all outputs, then the fan-outs differ by 1 at most.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        From 0 to ``n_in * n_out``.
    rng : numpy.random.Generator
        Used if ``permuted`` alone.
    permuted : bool, default False
        Whether inputs and outputs are put in a random order: an isomorphic layer.

    Raises
    ------
    ParameterError
        If there are more edges than pairs.

    Examples
    --------
    >>> banded_layer(6, 3, 9, np.random.default_rng(0)).to_csr().toarray()
    array([[1, 0, 1],
           [1, 0, 0],
           [1, 1, 0],
           [0, 1, 0],
           [0, 1, 1],
           [0, 0, 1]])
    """
    check_reachable("banded", n_in, n_out, n_edges)
    return layer_of(*band_edges(n_in, n_out, n_edges), (n_in, n_out), rng, permuted)


@family("strided")
def strided_layer(
    n_in: int, n_out: int, n_edges: int, rng: np.random.Generator, *, permuted: bool = False
) -> Sparse:
    r"""Every output takes inputs in equal steps all round a ring, that moves with it.

    Output ``j`` takes the inputs ``floor(j n_in / n_out) + floor(k n_in / r_j) (mod n_in)``,
    ``k = 0 .. r_j - 1``. Its fan-in ``r_j`` is the floor or the ceiling of ``n_edges / n_out``,
    as in `banded_layer`. Where ``r`` divides ``n_in = n_out``, the layer is the RadiX layer of
    radix ``r`` and place value ``n_in / r``.

    Parameters
    ----------
    n_in, n_out, n_edges, rng, permuted
        As of `banded_layer`.

    Raises
    ------
    ParameterError
        If there are more edges than pairs.

    Examples
    --------
    >>> strided_layer(6, 3, 9, np.random.default_rng(0)).to_csr().toarray()
    array([[1, 1, 1],
           [0, 0, 0],
           [1, 1, 1],
           [0, 0, 0],
           [1, 1, 1],
           [0, 0, 0]])
    >>> strided_layer(6, 3, 6, np.random.default_rng(0)).to_csr().toarray()
    array([[1, 0, 0],
           [0, 0, 1],
           [0, 1, 0],
           [1, 0, 0],
           [0, 0, 1],
           [0, 1, 0]])
    """
    check_reachable("strided", n_in, n_out, n_edges)
    fans = even_fans(n_out, n_edges)
    targets, place = places(fans)
    sources = (band_starts(n_in, n_out)[targets] + place * n_in // fans[targets]) % n_in
    return layer_of(sources, targets, (n_in, n_out), rng, permuted)
