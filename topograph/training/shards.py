"""Which part of a job is done here?"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TypeVar

from topograph.errors import ParameterError

Item = TypeVar("Item")


def check_shard(shard: tuple[int, int]) -> None:
    """Refuse a shard that does not exist.

    Raises
    ------
    ParameterError
        If ``(i, n)`` is not ``1 <= i <= n``.
    """
    part, parts = shard
    if not 1 <= part <= parts:
        raise ParameterError.expected("A shard", "i/n with i in 1..n", f"{part}/{parts}")


def items_of_shard(items: Iterable[Item], shard: tuple[int, int]) -> Iterator[Item]:
    """Give every n-th item from the i-th on, counted from 1: the shards have each item once.

    Parameters
    ----------
    items : iterable
        In the same order on every machine.
    shard : (int, int)
        ``(i, n)``.

    Examples
    --------
    >>> [list(items_of_shard("abcde", (part, 2))) for part in (1, 2)]
    [['a', 'c', 'e'], ['b', 'd']]
    """
    part, parts = shard
    return itertools.islice(items, part - 1, None, parts)
