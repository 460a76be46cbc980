"""A grid of square tiles, the last of a row or a column cut off."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tiling:
    """The tiles of a layer: whole ones, and those cut at the right, at the bottom or at both.

    Parameters
    ----------
    n_in, n_out : int
        Rows and columns of the layer.
    block : int
        Side of a whole tile.

    Examples
    --------
    >>> tiling = Tiling(5, 7, 2)
    >>> tiling.kinds
    ((6, 4), (2, 2), (3, 2), (1, 1))
    >>> [tiling.edges(n_dense) for n_dense in range(tiling.n_tiles + 1)]
    [0, 4, 8, 12, 14, 16, 20, 24, 26, 30, 32, 34, 35]
    >>> tiling.nearest(20), tiling.nearest(28)
    ((20,), (26, 30))
    """

    n_in: int
    n_out: int
    block: int

    @property
    def kinds(self) -> tuple[tuple[int, int], ...]:
        """Number and size of the whole tiles, those cut right, cut at the bottom, cut at both."""
        (rows, bottom), (columns, right) = self._rows, self._columns
        return (
            (rows * columns, self.block * self.block),
            (rows * (right > 0), self.block * right),
            (columns * (bottom > 0), bottom * self.block),
            (int(right > 0 and bottom > 0), bottom * right),
        )

    @property
    def n_tiles(self) -> int:
        """Tiles of all kinds."""
        return sum(number for number, _ in self.kinds)

    def numbers(self, n_dense: int) -> tuple[int, ...]:
        """Return how many of ``n_dense`` tiles are of each kind: its share, rounded.

        The shares are rounded down from the last kind to the second, each among the tiles
        that are left; the rest are whole. One tile more is one more of a single kind.
        """
        left, total = n_dense, self.n_tiles
        taken = []
        for number, _ in self.kinds[:0:-1]:  # the corner first
            share = left * number // total if total else 0
            taken.append(share)
            left, total = left - share, total - number
        return (left, *reversed(taken))

    def edges(self, n_dense: int) -> int:
        """Return the edges of so many dense tiles."""
        return sum(
            taken * size for taken, (_, size) in zip(self.numbers(n_dense), self.kinds, strict=True)
        )

    def nearest(self, n_edges: int) -> tuple[int, ...]:
        """Return ``n_edges`` if some number of tiles has so many, the next ones otherwise."""
        n_dense = self._n_dense(n_edges)
        if n_dense <= self.n_tiles and self.edges(n_dense) == n_edges:
            return (n_edges,)
        around = range(max(0, n_dense - 1), min(n_dense, self.n_tiles) + 1)
        return tuple(self.edges(number) for number in around)

    def draw(self, n_edges: int, rng: np.random.Generator) -> tuple[Integers, Integers]:
        """Draw the tiles that make up ``n_edges``, which some number of tiles has.

        Returns
        -------
        rows, columns : ndarray of int64, shape (number of tiles,)
            Of the tiles, counted from 0 in tiles.
        """
        (n_rows, _), (n_columns, _) = self._rows, self._columns
        numbers = self.numbers(self._n_dense(n_edges))
        whole, right, bottom, corner = (
            rng.choice(number, size=taken, replace=False, shuffle=False)
            for taken, (number, _) in zip(numbers, self.kinds, strict=True)
        )
        rows = (whole // max(n_columns, 1), right, np.full(bottom.size + corner.size, n_rows))
        columns = (
            whole % max(n_columns, 1),
            np.full(right.size, n_columns),
            bottom,
            np.full(corner.size, n_columns),
        )
        return np.concatenate(rows), np.concatenate(columns)

    def _n_dense(self, n_edges: int) -> int:
        """Return the least number of tiles that have ``n_edges`` or more, if there is one."""
        return bisect.bisect_left(range(self.n_tiles + 1), n_edges, key=self.edges)

    @property
    def _rows(self) -> tuple[int, int]:
        return divmod(self.n_in, self.block)

    @property
    def _columns(self) -> tuple[int, int]:
        return divmod(self.n_out, self.block)
