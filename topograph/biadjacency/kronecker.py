"""A RadiX layer without indices: block sum, strided rolls and a row gather."""

from __future__ import annotations

from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from topograph.biadjacency.operator import SUM, Fold, Values, check_wide_enough, frozen
from topograph.errors import GraphError


@dataclass(frozen=True, eq=False)
class Kronecker:
    r"""The biadjacency ``ones(dense_in, dense_out) kron C`` of a RadiX layer.

    ``C`` is the circulant of one radix: unit ``j`` feeds unit
    ``j + direction * n * place_value (mod base)`` for ``n = 0 .. radix - 1``. Unit
    ``d * base + r`` of the layer is unit ``r`` of block ``d``. A sweep takes time
    proportional to the units (times the logarithm of the radix), whatever the edges.

    Parameters
    ----------
    base : int
        Units of the mixed-radix topology, ``N'``.
    radix : int
        Fan-out inside the circulant; ``radix * place_value <= base``, and ``place_value``
        times ``radix`` divides ``base``.
    place_value : int
        Stride of the circulant.
    dense_in, dense_out : int, default 1
        The Kronecker factor, in blocks.
    direction : {1, -1}, default 1
        The sign of the shift: +1 in the definition, -1 in the official GraphChallenge files.
    row_order : ndarray of int, shape (dense_in * base,), optional
        Row ``i`` of the layer is row ``row_order[i]`` of the product; a permutation.

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> layer = Kronecker(base=4, radix=2, place_value=1)
    >>> layer.to_csr().toarray()
    array([[1, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 1, 1],
           [1, 0, 0, 1]])
    """

    base: int
    radix: int
    place_value: int
    dense_in: int = 1
    dense_out: int = 1
    direction: int = 1
    row_order: npt.NDArray[Any] | None = None

    def __post_init__(self) -> None:
        for name in ("base", "radix", "place_value", "dense_in", "dense_out", "direction"):
            object.__setattr__(self, name, index(getattr(self, name)))
        sizes = (self.base, self.radix, self.place_value, self.dense_in, self.dense_out)
        if min(sizes) < 1 or self.base % (self.radix * self.place_value):
            raise GraphError(
                f"radix x place value ({self.radix} x {self.place_value}) must divide the base "
                f"({self.base}) and all sizes be positive, but they do not."
            )
        if self.direction not in (1, -1):
            raise GraphError(f"The direction must be 1 or -1, but it is {self.direction}.")
        if self.row_order is not None:
            order = np.asarray(self.row_order)
            n_in = self.dense_in * self.base
            if order.shape != (n_in,) or order.dtype.kind not in "iu":
                raise GraphError(f"The row order must be {n_in} integers, but it is not.")
            if order.min() < 0 or order.max() >= n_in or (np.bincount(order) != 1).any():
                raise GraphError(f"The row order must be a permutation of 0..{n_in - 1}.")
            object.__setattr__(self, "row_order", frozen(order, np.int32))

    @property
    def shape(self) -> tuple[int, int]:
        """``(dense_in * base, dense_out * base)``, in units."""
        return (self.dense_in * self.base, self.dense_out * self.base)

    @property
    def n_edges(self) -> int:
        """``dense_in * dense_out * base * radix``."""
        return self.dense_in * self.dense_out * self.base * self.radix

    @property
    def work(self) -> int:
        """The units of both levels, and the rolls of the circulant."""
        return sum(self.shape) + 2 * self.base * self.radix.bit_length()

    def forward(self, values: Values, fold: Fold = SUM) -> Values:
        """Fold over the inputs of every target unit; ``B^T x`` for the sum."""
        check_wide_enough(values, fold)
        if self.row_order is not None:
            sent, values = values, np.empty_like(values)
            values[self.row_order] = sent
        blocks = values.reshape(self.dense_in, self.base, *values.shape[1:])
        folded = self._fold_circulant(
            fold.ufunc.reduce(blocks, axis=0, dtype=values.dtype), fold, self.direction
        )
        return _tile(folded, self.dense_out)

    def backward(self, values: Values, fold: Fold = SUM) -> Values:
        """Fold over the outputs of every source unit; ``B y`` for the sum."""
        check_wide_enough(values, fold)
        blocks = values.reshape(self.dense_out, self.base, *values.shape[1:])
        folded = self._fold_circulant(
            fold.ufunc.reduce(blocks, axis=0, dtype=values.dtype), fold, -self.direction
        )
        tiled = _tile(folded, self.dense_in)
        return tiled if self.row_order is None else tiled[self.row_order]

    def _fold_circulant(self, values: Values, fold: Fold, sign: int) -> Values:
        """Fold the ``radix`` copies of ``values`` rolled by multiples of the place value.

        Runs over the binary digits of the radix: with ``S_k`` the fold of the first ``k``
        copies, ``S_2k = S_k + roll(S_k, k v)``.
        """
        stride = sign * self.place_value
        folded, count = values, 1
        for digit in bin(self.radix)[3:]:
            folded = fold.ufunc(folded, np.roll(folded, count * stride, axis=0))
            count *= 2
            if digit == "1":
                folded = fold.ufunc(folded, np.roll(values, count * stride, axis=0))
                count += 1
        return folded

    def to_csr(self) -> Any:
        """Return the matrix as a ``scipy.sparse.csr_array`` of int64 ones."""
        units = np.arange(self.base, dtype=np.int64)[:, None]
        shifts = self.direction * self.place_value * np.arange(self.radix, dtype=np.int64)
        circulant = np.sort((units + shifts) % self.base, axis=1)
        blocks = self.base * np.arange(self.dense_out, dtype=np.int64)
        rows = (circulant[:, None, :] + blocks[None, :, None]).reshape(self.base, -1)
        order = np.arange(self.shape[0]) if self.row_order is None else self.row_order
        dtype = np.int32 if max(self.n_edges, *self.shape) < 2**31 else np.int64
        indices = rows.astype(dtype)[order % self.base].reshape(-1)
        fan_out = self.radix * self.dense_out
        indptr = np.arange(0, self.n_edges + 1, fan_out, dtype=dtype)
        return scipy.sparse.csr_array(
            (np.ones(self.n_edges, dtype=np.int64), indices, indptr), shape=self.shape
        )


def _tile(values: Values, copies: int) -> Values:
    return values if copies == 1 else np.tile(values, (copies, *([1] * (values.ndim - 1))))
