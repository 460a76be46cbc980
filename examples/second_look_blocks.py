"""Topologies of the factorial study, each under every combination of what is mended."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from second_look_means import Topology, grouped, mean

FACTORS = ("relu_logits", "initialisation", "l2", "dead outputs")
Mends = frozenset[str]
NOTHING: Mends = frozenset()
RECIPE: Mends = frozenset(FACTORS[:3])
ALL: Mends = frozenset(FACTORS)
COMBINATIONS = tuple(
    frozenset(some) for size in range(5) for some in itertools.combinations(FACTORS, size)
)


@dataclass(frozen=True)
class Block:
    """A topology as it was drawn or pruned, trained with every combination of mends.

    With dead outputs mended it is the topology's repaired twin that was trained.
    """

    drawn: Topology
    repaired: Topology | None
    under: dict[Mends, Topology]

    def accuracy(self, mends: Mends) -> float:
        """Mean accuracy with some mends, in percent; NaN if it was not trained so."""
        return self.under[mends].accuracy if mends in self.under else math.nan

    def failures(self, mends: Mends) -> float:
        """Share of runs that never predict some class, in percent."""
        return 100 * self.under[mends].failures if mends in self.under else math.nan


Value = Callable[[Block, Mends], float]


def blocks_of(topologies: Sequence[Topology]) -> list[Block]:
    """Return the blocks, those with a repaired twin and those without."""

    def key(one: Topology) -> tuple[str, ...]:
        drawn = one.row["base"] if one.row["factor.repaired"] else one.row["topology"]
        return one.row["data"], one.row["stratum"], one.row["family"], drawn

    found = []
    for those in grouped(topologies, key).values():
        drawn = [one for one in those if not one.row["factor.repaired"]]
        repaired = [one for one in those if one.row["factor.repaired"]]
        if drawn:
            under = {mends_of(one): one for one in those}
            found.append(Block(drawn[0], repaired[0] if repaired else None, under))
    return found


def mends_of(one: Topology) -> Mends:
    """Return which factors are mended."""
    row = one.row
    mended = (
        row["factor.relu_logits"] is False,
        row["factor.initialisation"] == "fan_in",
        row["factor.l2"] == 0,
        row["factor.repaired"] is True,
    )
    return frozenset(itertools.compress(FACTORS, mended))


def paired(topologies: Sequence[Topology]) -> list[Block]:
    """Return the blocks with a repaired twin that have every combination."""
    return [block for block in blocks_of(topologies) if set(COMBINATIONS) <= set(block.under)]


def known_mean(values: Iterable[float]) -> float:
    """Return the mean of those values that there are."""
    return mean(value for value in values if not math.isnan(value))


def over(blocks: Sequence[Block], value: Value, *which: Mends) -> float:
    """Return the mean over combinations of mends, then over blocks, of those that have a value."""
    return known_mean(known_mean(value(block, mends) for mends in which) for block in blocks)


def shapley(blocks: Sequence[Block], value: Value, factor: str) -> float:
    """Return the part of a factor: what mending it changes, mean over all orders of mending."""
    means = {mends: over(blocks, value, mends) for mends in COMBINATIONS}
    orders = [frozenset(order[: order.index(factor)]) for order in itertools.permutations(FACTORS)]
    return mean(means[before | {factor}] - means[before] for before in orders)


def kinds_of(blocks: Iterable[Block]) -> dict[Any, list[Block]]:
    """Return the blocks of each kind in each stratum."""
    return grouped(blocks, lambda block: (block.drawn.row["stratum"], block.drawn.row["family"]))
