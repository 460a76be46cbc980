"""Twins of what is no list of edges: convolutions, shared layers, parts of a level."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import (
    Biadjacency,
    Convolution,
    KroneckerProduct,
    Placed,
    Transposed,
    compact,
    made,
)

Mask: TypeAlias = npt.NDArray[np.bool_]


def remade_operator(
    operator: Biadjacency,
    listed: Callable[[Biadjacency], Biadjacency],
    kernel: Callable[[Convolution], Mask],
) -> Biadjacency:
    """Return a layer like ``operator`` with other edges in the same geometry.

    Parameters
    ----------
    operator : Biadjacency
        Structural ones come back as they are: nothing in them can be pruned.
    listed : callable
        Remakes what may be held as a list of edges.
    kernel : callable
        Returns the new mask of a convolution's kernel.

    Examples
    --------
    >>> mask = np.array([[[True, False]]])
    >>> layer = Transposed(Convolution(mask, input_size=(4,)))
    >>> turned = remade_operator(layer, lambda other: other, lambda held: ~held.kernel_mask)
    >>> turned.operator.kernel_mask.tolist()
    [[[False, True]]]
    """
    held = made(operator)
    if getattr(held, "is_structural", False):
        return operator
    inner = functools.partial(remade_operator, listed=listed, kernel=kernel)
    if isinstance(held, Placed):
        return dataclasses.replace(held, operator=inner(held.operator))
    if isinstance(held, Transposed):
        return Transposed(inner(held.operator))
    if isinstance(held, KroneckerProduct):
        return dataclasses.replace(held, left=inner(held.left), right=inner(held.right))
    if isinstance(held, Convolution):
        return with_kernel(held, kernel(held))
    return compact(listed(held))


def with_kernel(layer: Convolution, mask: npt.NDArray[Any]) -> Convolution:
    """Return the convolution of the same geometry with another kernel mask."""
    return dataclasses.replace(layer, kernel_mask=mask)


def channel_blocks(mask: Mask, groups: int) -> Iterator[Mask]:
    """Yield views of a kernel mask, ``(c_in / groups, c_out / groups)`` an offset and a group.

    Examples
    --------
    >>> [block.shape for block in channel_blocks(np.ones((4, 3, 2), dtype=bool), groups=2)]
    [(3, 2), (3, 2), (3, 2), (3, 2)]
    """
    c_out, c_in = mask.shape[:2]
    per_offset = mask.reshape(groups, c_out // groups, c_in, -1)
    for group in range(groups):
        for offset in range(per_offset.shape[-1]):
            yield per_offset[group, :, :, offset].T
