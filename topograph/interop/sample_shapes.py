"""Is this the shape of one sample?"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

from topograph.errors import ParameterError


def checked_sample_shape(input_shape: Sequence[int]) -> tuple[int, ...]:
    """Return the shape as a tuple of integers.

    Raises
    ------
    ParameterError
        If it is empty, or not of positive whole numbers.

    Examples
    --------
    >>> checked_sample_shape([3, 32, 32])
    (3, 32, 32)
    """
    try:
        shape = tuple(index(width) for width in input_shape)
    except TypeError:
        shape = ()
    if not shape or min(shape) < 1:
        raise ParameterError.expected(
            "input_shape",
            "positive whole numbers, the shape of one sample",
            input_shape,
            hint="for instance (3, 32, 32): without the batch.",
        )
    return shape
