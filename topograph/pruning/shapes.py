"""How many weights does each layer get, where layers are convolutions or form no chain?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from topograph.errors import ParameterError
from topograph.generators.allocation import (
    ALLOCATIONS,
    Allocation,
    capped_edges,
    total_edges,
    whole_edges,
)


def allocate_weights(
    shapes: Sequence[tuple[int, ...]], density: float, allocation: Allocation
) -> tuple[int, ...]:
    """Exact number of weights of each layer, by the shapes of the weights alone.

    The rule of `topograph.generators.allocation.allocate_edges`, which knows chains of fully
    connected layers only and gives the same numbers for these.

    Parameters
    ----------
    shapes : sequence of tuple of int
        ``(n_out, n_in)`` or ``(n_out, n_in, kernel...)``.
    density : float
        Of all layers together, in (0, 1].
    allocation : {"uniform", "erk", "er"}
        ``er`` leaves the kernel out of the sum.

    Raises
    ------
    ParameterError
        If there is no such allocation, or the density comes to no weight.

    References
    ----------
    Evci et al., "Rigging the lottery", ICML 2020 (ERK and its cap rule).

    Examples
    --------
    >>> allocate_weights([(20, 1, 5, 5), (50, 20, 5, 5), (10, 50)], 0.1, "erk")
    (500, 1600, 500)
    """
    sizes = [math.prod(shape) for shape in shapes]
    total = total_edges(density, sizes)
    if allocation == "uniform":
        return whole_edges([total / sum(sizes) * size for size in sizes], sizes)
    if allocation in ("erk", "er"):
        raw = [sum(shape if allocation == "erk" else shape[:2]) for shape in shapes]
        return whole_edges(capped_edges(raw, sizes, total), sizes)
    raise ParameterError.expected("allocation", f"one of {', '.join(ALLOCATIONS)}", allocation)
