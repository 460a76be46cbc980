"""A family of layers with four dials: what a study of many topologies samples from."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from topograph.biadjacency import Sparse
from topograph.errors import ParameterError
from topograph.generators.allocation import Allocation
from topograph.generators.edge_ends import exchange_sources, level_sources
from topograph.generators.fans import Fans, even_fans, tailed_fans
from topograph.generators.reach import check_reachable
from topograph.generators.receptive_fields import draw_fields
from topograph.generators.registry import family, family_net
from topograph.generators.relabelling import layer_of
from topograph.generators.shares import checked_share
from topograph.graph import LayeredGraph
from topograph.radix.arguments import checked_integer, checked_integers

DIALS = ("fan_in_tail", "fan_out_tail", "locality", "rewired")


@family("continuous")
def continuous_layer(
    n_in: int,
    n_out: int,
    n_edges: int,
    rng: np.random.Generator,
    *,
    fan_in_tail: float = 0.0,
    fan_out_tail: float = 0.0,
    locality: float = 0.0,
    rewired: float = 0.0,
    permuted: bool = False,
) -> Sparse:
    r"""Fans with power-law tails, inputs near the diagonal, and shortcuts, each by a dial.

    1. Fan-ins are the quantiles ``c ((k + 1/2) / n_out)^(-t)`` of a Pareto distribution, ``t``
       the ``fan_in_tail``, at least 1 where the edges allow and at most half-way from the mean
       to ``n_in``, given to the outputs in random order
       (`topograph.generators.fans.tailed_fans`); at ``t = 0`` they are the floor or the ceiling
       of ``n_edges / n_out``, as in a band.
    2. Every output draws that many inputs by their distance, as in
       `topograph.generators.network_family.receptive_field_layer`, with the randomness
       ``sqrt(1 - locality)``.
    3. Fan-outs are made the like quantiles, with the ``fan_out_tail``: edges move from inputs
       that have too many to others that have too few, as near as can be.
    4. The share ``rewired`` of all edges exchange their input ends in random pairs, which
       keeps all fans.

    The number of edges and the fan-ins are always exact. So are the fan-outs up to half
    density, save for a few edges of large layers where both tails are near 1 (two in a
    hundred of two million); above half density some may fall short. With no tails, full
    locality and nothing rewired the layer is the band, if ``n_out`` divides ``n_edges``.

    Parameters
    ----------
    n_in, n_out : int
        Units of the two levels.
    n_edges : int
        From 0 to ``n_in * n_out``.
    rng : numpy.random.Generator
    fan_in_tail, fan_out_tail : float, default 0
        From 0, all equal, to 1; a tail ``t`` is that of degrees with the exponent ``1 + 1 / t``.
    locality : float, default 0
        From 0, anywhere, to 1, banded.
    rewired : float, default 0
        From 0 to 1.
    permuted : bool, default False
        Whether inputs and outputs are put in a random order: an isomorphic layer.

    Raises
    ------
    ParameterError
        If a dial lies outside 0 to 1, or there are more edges than pairs.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> layer = continuous_layer(6, 6, 12, rng, fan_in_tail=1.0, locality=1.0)
    >>> layer.to_csr().toarray()
    array([[0, 0, 0, 0, 1, 1],
           [1, 1, 0, 0, 0, 0],
           [0, 1, 0, 0, 0, 1],
           [0, 0, 1, 0, 1, 0],
           [0, 0, 0, 1, 1, 0],
           [0, 0, 0, 0, 1, 1]])
    """
    into = checked_share("fan_in_tail", fan_in_tail)
    out = checked_share("fan_out_tail", fan_out_tail)
    randomness = math.sqrt(1 - checked_share("locality", locality))
    share = checked_share("rewired", rewired)
    check_reachable("continuous", n_in, n_out, n_edges)
    fans_in = even_fans(n_out, n_edges)
    if into > 0:
        fans_in = rng.permutation(_tailed(n_out, n_in, n_edges, into))
    sources, targets = draw_fields(fans_in, n_in, randomness, rng)
    fans_out = _tailed(n_in, n_out, n_edges, out)
    sources = level_sources(sources, targets, fans_out, rng)
    chosen = np.zeros(n_edges, dtype=np.bool_)
    chosen[rng.choice(n_edges, round(share * n_edges), replace=False, shuffle=False)] = True
    sources = exchange_sources(sources, targets, chosen, n_in, rng)
    return layer_of(sources, targets, (n_in, n_out), rng, permuted)


def sample_continuous(
    widths: Sequence[int],
    density: float | Sequence[float] | None = None,
    *,
    edges_per_layer: Sequence[int] | None = None,
    count: int,
    seed: int = 0,
    allocation: Allocation = "uniform",
    permuted: bool = False,
) -> Iterator[tuple[dict[str, float], LayeredGraph]]:
    """Nets of the continuous family, at points spread evenly over the cube of its dials.

    The points are a scrambled Sobol sequence in the four dials. All nets have the same number
    of edges in every layer; net ``k`` depends on ``seed`` and ``k`` alone, whatever ``count``
    is, and is made when it is its turn.

    Parameters
    ----------
    widths : sequence of int
        Units of each level.
    density : float or sequence of float, optional
        As of `topograph.generators.registry.family_net`; either this or ``edges_per_layer``.
    edges_per_layer : sequence of int, optional
        The number of edges of each layer.
    count : int
        How many nets; powers of two cover the cube best.
    seed : int, default 0
        Of the sequence and of the nets.
    allocation : {"uniform", "erk", "er"}, default "uniform"
        How a density is spread over the layers.
    permuted : bool, default False
        As of `continuous_layer`.

    Returns
    -------
    iterator of (dict, LayeredGraph)
        The four dials by name, and the net; its provenance says how to make it again alone.

    Raises
    ------
    ParameterError
        If neither or both of density and edges are given, or the edges do not fit.

    References
    ----------
    Sobol', "On the distribution of points in a cube and the approximate evaluation of
    integrals", 1967; Owen, "Scrambling Sobol' and Niederreiter-Xing points", 1998.

    Examples
    --------
    >>> nets = list(sample_continuous([64, 32, 10], 0.1, count=4))
    >>> [graph.n_edges for _, graph in nets]
    [237, 237, 237, 237]
    >>> list(nets[0][0])
    ['fan_in_tail', 'fan_out_tail', 'locality', 'rewired']
    """
    number = checked_integer("count", count, 1)
    entropy = checked_integer("seed", seed, 0)
    if (density is None) == (edges_per_layer is None):
        raise ParameterError("Either a density or edges per layer must be given, and not both.")
    if edges_per_layer is not None:
        density = _densities(widths, edges_per_layer)
    return (
        (
            chosen,
            family_net(
                "continuous",
                widths,
                density,
                allocation=allocation,
                seed=own,
                permuted=permuted,
                **chosen,
            ),
        )
        for chosen, own in sobol_dials(number, entropy)
    )


def sobol_dials(count: int, seed: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    """The points of a scrambled Sobol sequence in the four dials, each with a seed for its net.

    Point ``k`` depends on ``seed`` and ``k`` alone, whatever ``count`` is.

    Parameters
    ----------
    count : int
        How many; powers of two cover the cube best.
    seed : int, default 0

    Examples
    --------
    >>> dials, own_seed = next(sobol_dials(1))
    >>> list(dials), all(0 <= dial <= 1 for dial in dials.values())
    (['fan_in_tail', 'fan_out_tail', 'locality', 'rewired'], True)
    """
    number, entropy = checked_integer("count", count, 1), checked_integer("seed", seed, 0)
    from scipy.stats import qmc  # here, because it takes longer to load than all the rest

    sequence = qmc.Sobol(len(DIALS), scramble=True, seed=entropy)
    points = sequence.random_base2((number - 1).bit_length())[:number]
    seeds = np.random.SeedSequence(entropy).generate_state(number, np.uint64)
    for point, own in zip(points.tolist(), seeds.tolist(), strict=True):
        yield dict(zip(DIALS, point, strict=True)), own


def _tailed(n_units: int, n_others: int, n_edges: int, tail: float) -> Fans:
    mean = -(-n_edges // n_units)
    return tailed_fans(n_units, n_edges, (n_others + mean) // 2, tail)


def _densities(widths: Sequence[int], edges_per_layer: Sequence[int]) -> list[float]:
    shapes = list(itertools.pairwise(checked_integers("widths", widths, 1)))
    edges = checked_integers("edges_per_layer", edges_per_layer, 1)
    if len(edges) != len(shapes):
        raise ParameterError.expected(
            "edges_per_layer", f"one number for each of {len(shapes)} layers", list(edges)
        )
    for shape, wish in zip(shapes, edges, strict=True):
        check_reachable("continuous", *shape, wish)
    return [wish / (n_in * n_out) for (n_in, n_out), wish in zip(shapes, edges, strict=True)]
