"""Layers between units that are activations: every entry of a tensor is a unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import scipy.sparse

from topograph.biadjacency import (
    Biadjacency,
    BitPacked,
    Convolution,
    Identity,
    Kronecker,
    Pooling,
    Sparse,
    Transposed,
    Windows,
    better_as_bits,
)
from topograph.biadjacency.kronecker_product import KroneckerProduct
from topograph.biadjacency.operator import Values
from topograph.errors import GraphError
from topograph.interop.units.encoding import Kernel
from topograph.interop.units.signals import Signal, Term
from topograph.interop.units.wiring import Wiring, placed


@dataclass(frozen=True, eq=False)
class Unrolled:
    """The encoding in which units are activations."""

    wiring: Wiring

    def start(self, shape: tuple[int, ...], features: str) -> Signal:  # noqa: ARG002
        """Input with a unit for each entry."""
        return Signal(shape, (Term(self.wiring.new_level(prod(shape)), None, "input"),))

    def linear(self, signal: Signal, mask: Values, name: str) -> Signal:
        """Layer over the last axis, the same at all places of the axes before."""
        shape = (*signal.shape[:-1], mask.shape[0])
        return self._through(signal, _repeated(prod(shape[:-1]), matrix(mask.T)), name, shape)

    def convolve(self, signal: Signal, kernel: Kernel, name: str, shape: tuple[int, ...]) -> Signal:
        """Convolution, the same for all samples of a first axis."""
        n_axes = kernel.mask.ndim - 2
        size = (shape if kernel.turned else signal.shape)[-n_axes:]
        operator: Biadjacency = Convolution(
            kernel.mask, size, kernel.stride, kernel.padding, kernel.dilation, kernel.groups
        )
        if kernel.turned:
            operator = Transposed(operator)
            if operator.shape[0] != prod(signal.shape[-n_axes - 1 :]):
                raise GraphError("its output_padding must be smaller than its stride.")
        return self._through(signal, _repeated(prod(shape[: -n_axes - 1]), operator), name, shape)

    def pool(self, signal: Signal, axes: Sequence[Windows], name: str) -> Signal:
        """Windows along the last axes."""
        before = signal.shape[: len(signal.shape) - len(axes)]
        operator = Pooling(prod(before), tuple(axes))
        return self._through(signal, operator, name, (*before, *(axis.n_out for axis in axes)))

    def product(self, one: Signal, other: Signal, name: str) -> Signal:
        """Matrix product: entry (i, j) reads row i of the one and column j of the other."""
        groups, m, k = one.shape
        n = other.shape[-1]
        left = _repeated(groups * m, _complete(k, n))
        right = _repeated(groups, KroneckerProduct(_complete(k, m), Identity(n, n)))
        shape = (groups, m, n)
        terms = [
            self._through(signal, _structural(operator), f"{name}/{side}", shape).terms[0]
            for signal, operator, side in ((one, left, "left"), (other, right, "right"))
        ]
        return Signal(shape, tuple(terms))

    def attend(
        self, query: Signal, key: Signal, value: Signal, allowed: Values | None, name: str
    ) -> Signal:
        """Values of all tokens allowed, feature by feature; queries and keys as gates."""
        groups, tokens, width = query.shape
        others, features = value.shape[1:]
        count, mixing = groups, _complete(others, tokens)
        if allowed is not None and (allowed == allowed[:1]).all():
            mixing = matrix(allowed[0].T)
        elif allowed is not None:
            blocks = np.broadcast_to(allowed, (groups, tokens, others))
            count = 1
            mixing = Sparse.from_matrix(
                scipy.sparse.block_diag([block.T.astype(np.int8) for block in blocks]).tocsr()
            )
        inner = {
            "query": (query, _repeated(groups * tokens, _complete(width, features))),
            "key": (key, _repeated(count, KroneckerProduct(mixing, _complete(width, features)))),
            "value": (
                value,
                _repeated(count, KroneckerProduct(mixing, Identity(features, features))),
            ),
        }
        shape = (groups, tokens, features)
        terms = [
            self._through(signal, _structural(operator), f"{name}/{part}", shape).terms[0]
            for part, (signal, operator) in inner.items()
        ]
        return Signal(shape, tuple(terms))

    def _through(
        self, signal: Signal, operator: Biadjacency, name: str, shape: tuple[int, ...]
    ) -> Signal:
        level, sources = self.wiring.reading(signal)
        operator = placed(operator, sources, n_in=level.width)
        return Signal(shape, (Term(level, operator, name),))


def matrix(mask: Values) -> Biadjacency:
    """Return a mask of shape (in, out) as the operator that suits its density."""
    if better_as_bits(int(np.count_nonzero(mask)), (mask.shape[0], mask.shape[1])):
        return BitPacked.from_matrix(mask)
    return Sparse.from_matrix(mask)


def _complete(n_in: int, n_out: int) -> Biadjacency:
    return Kronecker(1, 1, 1, dense_in=n_in, dense_out=n_out)


def _repeated(count: int, operator: Biadjacency) -> Biadjacency:
    return operator if count == 1 else KroneckerProduct(Identity(count, count), operator)


def _structural(operator: Biadjacency) -> Biadjacency:
    if isinstance(operator, KroneckerProduct):
        return KroneckerProduct(operator.left, operator.right, structural=True)
    return KroneckerProduct(Identity(1, 1), operator, structural=True)
