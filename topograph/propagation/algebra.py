"""What an algebra must say so that levels can be swept in it."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias, TypeVar

import numpy.typing as npt

from topograph.biadjacency import Biadjacency
from topograph.biadjacency.operator import SUM, Fold, Values

Direction: TypeAlias = Literal["forward", "backward"]
V = TypeVar("V")


class Algebra(Protocol[V]):
    """Values on the units of a level, and how they pass along a layer.

    ``V`` is the type of a level's values: an array of shape ``(n,)`` or ``(n, k)``, or a
    record that holds one.
    """

    def start(self, values: npt.ArrayLike) -> V:
        """Bring the values of the starting level into the algebra."""
        ...

    def pull(self, operator: Biadjacency, values: V, direction: Direction) -> V:
        """Pass the values of one level along a layer to the next."""
        ...

    def merge(self, first: V, second: V) -> V:
        """Combine what two layers bring to the same level."""
        ...

    def nothing(self, width: int, like: V) -> V:
        """Return the values of a level of ``width`` units at which nothing arrives."""
        ...


def apply(operator: Biadjacency, values: Values, direction: Direction, fold: Fold = SUM) -> Values:
    """Apply an operator in the given direction."""
    if direction == "forward":
        return operator.forward(values, fold)
    return operator.backward(values, fold)
