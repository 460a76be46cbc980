"""What a tensor of a model is, in terms of the units of the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from topograph.biadjacency import Biadjacency
from topograph.biadjacency.operator import Values


@dataclass(frozen=True, eq=False)
class Level:
    """A level of the graph that is being built; ``number`` rises along the paths."""

    width: int
    number: int


@dataclass(frozen=True, eq=False)
class Term:
    """Units that a tensor reads: those of a level, or the outputs of a layer not yet placed.

    Parameters
    ----------
    level : Level
    operator : Biadjacency or None
        The layer that leads on from the level; None for the units of the level themselves.
    name : str
        Of the operator's layer.
    index : ndarray of int64 or None
        For each entry of the tensor, in order, which unit it reads, -1 for none; None where
        entry and unit have the same number.
    residual : bool
        Whether this is the operand of a sum that went past all layers.
    move : str
        Name for a layer that copies units to where the entries are.
    """

    level: Level
    operator: Biadjacency | None
    name: str
    index: Values | None = None
    residual: bool = False
    move: str = ""

    @property
    def n_units(self) -> int:
        """How many units there are to read."""
        return self.level.width if self.operator is None else self.operator.shape[1]

    def full_index(self) -> Values:
        """Return the index also where entry and unit have the same number."""
        return np.arange(self.n_units) if self.index is None else self.index

    def reads_the_same(self, other: Term) -> bool:
        """Whether every entry reads what it reads in the other."""
        if self.level is not other.level or self.operator is not other.operator:
            return False
        if self.index is None or other.index is None:
            return self.index is other.index
        return np.array_equal(self.index, other.index)


@dataclass(frozen=True, eq=False)
class Scores:
    """The operands of a product of queries and keys that is about to weigh values.

    Shapes are (groups, tokens, features); ``allowed`` says which token may read which.
    """

    query: Signal
    key: Signal
    allowed: Values | None = None


@dataclass(frozen=True, eq=False)
class Signal:
    """A tensor as the sum of terms, all with an entry for each of its entries."""

    shape: tuple[int, ...]
    terms: tuple[Term, ...]
    scores: Scores | None = None
    statistic_of: tuple[Term, ...] | None = None  # what it is the mean, or such, of

    @property
    def size(self) -> int:
        """Entries of the tensor."""
        return prod(self.shape)

    @property
    def is_bare(self) -> bool:
        """Whether it reads one level without a layer between."""
        return len(self.terms) == 1 and self.terms[0].operator is None

    def viewed(self, shape: tuple[int, ...]) -> Signal:
        """Return the same entries in another shape."""
        if prod(shape) != self.size:
            raise ValueError(f"a tensor of shape {self.shape} has no view of shape {shape}")
        scores = self.scores if shape[-2:] == self.shape[-2:] else None
        return Signal(shape, self.terms, scores, self.statistic_of)

    def moved(self, move: Callable[[Values], Values], label: str | None = None) -> Signal:
        """Return what a function does that only moves entries; new entries are to be 0.

        Parameters
        ----------
        move : callable
            Applied to the numbers of the units, counted from 1.
        label : str, optional
            Name of a layer that does it.
        """
        terms, shape = [], self.shape
        for term in self.terms:
            found = move((term.full_index() + 1).reshape(self.shape))
            shape = found.shape
            index = found.reshape(-1) - 1
            found_in = in_order(index, term.n_units)
            terms.append(replace(term, index=found_in, move=label or term.move))
        return Signal(shape, tuple(terms))

    def broadcast(self, shape: tuple[int, ...]) -> Signal:
        """Return the entries repeated as arithmetic repeats them."""
        if self.shape == shape:
            return self
        made = self.moved(lambda numbers: np.broadcast_to(numbers, shape))
        return replace(made, statistic_of=self.statistic_of)


def in_order(index: Values, n_units: int) -> Values | None:
    """Return None for the index in which every entry reads the unit of its number."""
    same = index.size == n_units and np.array_equal(index, np.arange(n_units))
    return None if same else index


def reads_the_same(one: tuple[Term, ...], other: tuple[Term, ...]) -> bool:
    """Whether two sums of terms are the same."""
    return len(one) == len(other) and all(
        mine.reads_the_same(theirs) for mine, theirs in zip(one, other, strict=True)
    )
