"""Blocks of inputs and outputs, the pairs inside them and those outside."""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Communities:
    """Units of two levels in as many blocks: unit ``i`` of ``n`` in block ``floor(i b / n)``.

    Parameters
    ----------
    n_in, n_out : int
    blocks : int
        ``b``, at most the narrower width.

    Examples
    --------
    >>> communities = Communities(5, 4, 2)
    >>> communities.n_inside, communities.n_outside
    (10, 10)
    >>> communities.most_edges(0.75)
    13
    """

    n_in: int
    n_out: int
    blocks: int

    @property
    def n_inside(self) -> int:
        """Pairs of an input and an output of the same block."""
        return int(self._sizes(self.n_in) @ self._sizes(self.n_out))

    @property
    def n_outside(self) -> int:
        """All the other pairs."""
        return self.n_in * self.n_out - self.n_inside

    def most_edges(self, within: float) -> int:
        """Return the most edges that fit if the share ``within`` of them lies inside."""
        n_inside, n_outside = self.n_inside, self.n_outside

        def too_many(n_edges: int) -> bool:
            inside = _rounded_share(within, n_edges)
            return inside > n_inside or n_edges - inside > n_outside

        return bisect.bisect_left(range(self.n_in * self.n_out + 1), True, key=too_many) - 1

    def draw(
        self, n_edges: int, within: float, rng: np.random.Generator
    ) -> tuple[Integers, Integers]:
        """Draw sources and targets of the edges; not more than `most_edges`."""
        inside = _rounded_share(within, n_edges)
        pairs = (self._inside(inside, rng), self._outside(n_edges - inside, rng))
        sources, targets = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
        return sources, targets

    def _inside(self, count: int, rng: np.random.Generator) -> tuple[Integers, Integers]:
        heights, widths = self._sizes(self.n_in), self._sizes(self.n_out)
        bounds = np.append(0, np.cumsum(heights * widths))
        chosen = rng.choice(self.n_inside, size=count, replace=False, shuffle=False)
        block = np.searchsorted(bounds, chosen, side="right") - 1
        row, column = np.divmod(chosen - bounds[block], widths[block])
        return self._firsts(self.n_in)[block] + row, self._firsts(self.n_out)[block] + column

    def _outside(self, count: int, rng: np.random.Generator) -> tuple[Integers, Integers]:
        widths, firsts = self._sizes(self.n_out), self._firsts(self.n_out)
        own = np.arange(self.n_in, dtype=np.int64) * self.blocks // self.n_in
        bounds = np.append(0, np.cumsum(self.n_out - widths[own]))
        chosen = rng.choice(self.n_outside, size=count, replace=False, shuffle=False)
        source = np.searchsorted(bounds, chosen, side="right") - 1
        target = chosen - bounds[source]
        block = own[source]
        return source, target + widths[block] * (target >= firsts[block])

    def _firsts(self, n_units: int) -> Integers:
        return -(-np.arange(self.blocks, dtype=np.int64) * n_units // self.blocks)

    def _sizes(self, n_units: int) -> Integers:
        return np.diff(self._firsts(n_units), append=n_units)


def _rounded_share(share: float, total: int) -> int:
    return math.floor(share * total + 0.5)
