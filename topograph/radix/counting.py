"""Counts that follow from a RadiX specification alone: paths, edges, place values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

from topograph.radix.specification import RadixSpecification


def place_values(systems: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Stride of every layer: the product of the radices before it in its system.

    ``v_1 = 1`` and ``v_{i+1} = v_i N_i``, starting anew in each system.

    Parameters
    ----------
    systems : sequence of sequences of int
        Mixed-radix systems, one radix a layer.

    Returns
    -------
    tuple of int
        One a radix, in order.

    Examples
    --------
    >>> place_values([[2, 3], [3, 2]])
    (1, 2, 1, 3)
    """
    return tuple(math.prod(system[:place]) for system in systems for place in range(len(system)))


def paths_per_pair(specification: RadixSpecification) -> int:
    """Paths of a RadiX-Net between any one input and any one output.

    ``m = (prod of all radices / N') * prod_{0<i<K} D_i``, at least 1. The dense widths of
    the inputs and of the outputs add no paths.

    Returns
    -------
    int
        Exact, whatever its size.

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> paths_per_pair(RadixSpecification([[2, 3]]))
    1
    >>> paths_per_pair(RadixSpecification([[10, 10], [10]], [8, 3, 1, 1]))
    30
    """
    radices = math.prod(specification.radices)
    return radices // specification.base * math.prod(specification.dense_widths[1:-1])


def exact_density(specification: RadixSpecification) -> Fraction:
    """Edges of a RadiX-Net over those of a dense net of the same widths.

    ``sum_i N_i D_{i-1} D_i / (N' sum_i D_{i-1} D_i)``, in (0, 1].

    Returns
    -------
    Fraction

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> exact_density(RadixSpecification([[10, 10]], [8, 3, 1]))
    Fraction(1, 10)
    >>> exact_density(RadixSpecification([[2, 3]], [1, 2, 1]))
    Fraction(5, 12)
    """
    widths = specification.dense_widths
    blocks = [before * after for before, after in itertools.pairwise(widths)]
    edges = sum(radix * count for radix, count in zip(specification.radices, blocks, strict=True))
    return Fraction(edges, specification.base * sum(blocks))


def approximate_density(specification: RadixSpecification) -> float:
    """Mean radix over ``N'``: the density of a RadiX-Net whose dense widths are alike.

    ``mu / N'``, which is ``mu^(1 - d)`` for ``d = log_mu N'``. It is exact when all radices,
    or all products ``D_{i-1} D_i``, are equal.

    Returns
    -------
    float
        In (0, 1].

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> approximate_density(RadixSpecification([[10, 10]], [8, 3, 1]))
    0.1
    """
    radices = specification.radices
    return sum(radices) / (len(radices) * specification.base)
