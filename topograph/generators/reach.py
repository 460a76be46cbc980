"""Which numbers of edges can a layer of a family have, next to the one asked for?"""

from __future__ import annotations

import bisect
from collections.abc import Sequence

from topograph.errors import ParameterError


def neighbours(counts: Sequence[int], wish: int) -> tuple[int, ...]:
    """The wish itself if it is one of the counts, otherwise the counts next to it.

    Parameters
    ----------
    counts : sequence of int
        In ascending order.
    wish : int

    Examples
    --------
    >>> neighbours([20, 40, 80], 40), neighbours([20, 40, 80], 50), neighbours([20, 40], 90)
    ((40,), (40, 80), (40,))
    """
    place = bisect.bisect_left(counts, wish)
    if place < len(counts) and counts[place] == wish:
        return (wish,)
    return tuple(counts[max(0, place - 1) : place + 1])


def check_reachable(
    name: str, n_in: int, n_out: int, n_edges: int, nearest: Sequence[int] | None = None
) -> None:
    """Refuse a number of edges that a family cannot have at a shape.

    Parameters
    ----------
    name : str
        Of the family.
    n_in, n_out, n_edges : int
        What was asked for.
    nearest : sequence of int, optional
        What the family can have; any number from 0 to ``n_in * n_out`` by default.

    Raises
    ------
    ParameterError
        The hint names the nearest reachable numbers.
    """
    if nearest is None:
        nearest = (min(max(n_edges, 0), n_in * n_out),)
    if n_edges not in nearest:
        raise ParameterError(
            f"A layer of {n_in} x {n_out} cannot have {n_edges} edges in the family {name!r}.",
            hint=f"the nearest: {' or '.join(map(str, nearest))}.",
        )
