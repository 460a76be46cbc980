"""Where do axes of whole numbers have their marks?"""

from __future__ import annotations

import itertools


def integer_ticks(first: int, last: int, most: int) -> list[int]:
    """Return about ``most`` round numbers from first to last, of which first is always one.

    Examples
    --------
    >>> integer_ticks(1, 30, 7), integer_ticks(0, 3, 6), integer_ticks(1, 9, 6)
    ([1, 5, 10, 15, 20, 25, 30], [0, 1, 2, 3], [1, 3, 5, 7, 9])
    """
    steps = (of * 10**power for power in itertools.count() for of in (1, 2, 5))
    step = next(step for step in steps if (last - first) // step < most)
    if step <= 2:
        return list(range(first, last + 1, step))
    round_ones = range(-(-first // step) * step, last + 1, step)
    return [first, *(mark for mark in round_ones if mark - first >= 0.6 * step)]
