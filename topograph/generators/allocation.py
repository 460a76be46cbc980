"""How many edges does each layer get?

The allocation of density to layers is a choice of its own, apart from the family of the
topology, so that families can be compared at equal density in every layer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

from topograph.errors import ParameterError
from topograph.radix.arguments import checked_integers

Allocation: TypeAlias = Literal["uniform", "erk", "er"]
ALLOCATIONS: tuple[Allocation, ...] = get_args(Allocation)


def allocate_edges(
    widths: Sequence[int],
    density: float | Sequence[float],
    allocation: Allocation = "uniform",
) -> tuple[int, ...]:
    r"""Exact number of edges of each layer of a chain.

    ``uniform`` gives every layer the same density. ``er`` and ``erk`` give layer ``l`` a
    density proportional to ``(n_in + n_out) / (n_in n_out)``, which is the same for layers
    that are no convolutions; a layer that would exceed 1 is made dense and taken out, and
    the rest is scaled again, until none does. The total is rounded once, and the layers'
    shares by largest remainder, so that it is met exactly.

    Parameters
    ----------
    widths : sequence of int
        Units of each level; at least two.
    density : float or sequence of float
        Of the whole net, in (0, 1]; or one for each layer, which overrides ``allocation``.
    allocation : {"uniform", "erk", "er"}, default "uniform"

    Returns
    -------
    tuple of int
        Edges of each layer; a layer gets at least 1 where the total allows.

    Raises
    ------
    ParameterError
        If a density is outside (0, 1] or comes to no edge, or there are not as many as layers.

    References
    ----------
    Mocanu et al., "Scalable training of artificial neural networks with adaptive sparse
    connectivity inspired by network science", 2018 (ER); Evci et al., "Rigging the
    lottery", ICML 2020 (ERK and its cap rule).

    Examples
    --------
    >>> allocate_edges([784, 300, 100, 10], 0.05)
    (11760, 1500, 50)
    >>> allocate_edges([784, 300, 100, 10], 0.05, "erk")
    (9051, 3340, 919)
    """
    levels = checked_integers("widths", widths, 1)
    if len(levels) < 2:
        raise ParameterError.expected("widths", "at least two levels", list(levels))
    sizes = [n_in * n_out for n_in, n_out in itertools.pairwise(levels)]
    if isinstance(density, Sequence):
        if len(density) != len(sizes):
            raise ParameterError.expected(
                "density", f"one number, or one for each of {len(sizes)} layers", list(density)
            )
        shares = [_checked_density(value) for value in density]
        return tuple(max(1, round(share * size)) for share, size in zip(shares, sizes, strict=True))
    total = total_edges(_checked_density(density), sizes)
    if allocation == "uniform":
        return whole_edges([total / sum(sizes) * size for size in sizes], sizes)
    if allocation in ("erk", "er"):
        raw = [n_in + n_out for n_in, n_out in itertools.pairwise(levels)]
        return whole_edges(capped_edges(raw, sizes, total), sizes)
    raise ParameterError.expected("allocation", f"one of {', '.join(ALLOCATIONS)}", allocation)


def _checked_density(density: float) -> float:
    if not 0.0 < density <= 1.0:
        raise ParameterError.expected("A density", "above 0 and at most 1", density)
    return float(density)


def total_edges(density: float, sizes: Sequence[int]) -> float:
    """Return the edges of a whole net, not rounded yet; refuse a density that comes to none."""
    total = density * sum(sizes)
    if round(total) < 1:
        raise ParameterError(
            f"A density must come to one edge at least, but {density:g} of {sum(sizes)} is none.",
            hint=f"the nearest is {1 / sum(sizes):.3g}.",
        )
    return total


def capped_edges(raw: Sequence[int], sizes: Sequence[int], total: float) -> list[float]:
    """Scale ``raw`` edges to the total; layers that would overflow become dense, one round each."""
    dense: set[int] = set()
    while True:
        left = total - sum(sizes[index] for index in dense)
        open_layers = [index for index in range(len(sizes)) if index not in dense]
        scale = left / sum(raw[index] for index in open_layers) if open_layers else 0.0
        full = {index for index in open_layers if scale * raw[index] > sizes[index]}
        if not full:
            return [
                float(sizes[index]) if index in dense else scale * raw[index]
                for index in range(len(sizes))
            ]
        dense |= full


def whole_edges(edges: Sequence[float], sizes: Sequence[int]) -> tuple[int, ...]:
    """Round to integers with the right total, by largest remainder."""
    total = min(round(math.fsum(edges)), sum(sizes))
    fewest = 1 if total >= len(sizes) else 0
    counts = [
        min(size, max(fewest, math.floor(value + 1e-9)))
        for value, size in zip(edges, sizes, strict=True)
    ]
    while missing := total - sum(counts):
        step = 1 if missing > 0 else -1
        movable = [
            (step * (count - value), index)
            for index, (count, value, size) in enumerate(zip(counts, edges, sizes, strict=True))
            if fewest <= count + step <= size
        ]
        for _, index in sorted(movable)[: abs(missing)]:
            counts[index] += step
    return tuple(counts)
