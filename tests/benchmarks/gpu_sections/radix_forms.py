"""The forms that a RadiX layer may be computed in, each with its gradients."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse
import torch
from torch import Tensor

from tests.benchmarks.gpu_sections.arithmetic import ARITHMETICS
from tests.benchmarks.gpu_sections.bench import Bench, Step
from topograph.biadjacency import Kronecker
from topograph.graph import Layer
from topograph.training.engines.pattern import Pattern
from topograph.training.engines.radix_layers import BandedForm, banded_linear
from topograph.training.sparse_layers import SparseLayout, sparse_linear


@dataclass(frozen=True)
class RadixCase:
    """A RadiX layer with its weights in the order of every form, and a batch."""

    bench: Bench
    layer: Kronecker
    kind: torch.dtype

    @functools.cached_property
    def places(self) -> Pattern:
        """The circulant without its Kronecker factor: the pattern of the blocks."""
        alone = Kronecker(self.layer.base, self.layer.radix, self.layer.place_value)
        return Pattern.of_layer(Layer("layer1", 0, 1, alone))

    @functools.cached_property
    def blocks(self) -> Tensor:
        """Weights as blocks, (blocks, dense_out, dense_in), by target place."""
        dense = self.layer.dense_in
        blocks = self.bench.randn(self.places.n_edges, dense, dense) / (dense * self.layer.radix)
        return blocks.to(self.kind)

    def vector(self) -> Tensor:
        """Return the weights in the order of the layer's `Pattern`."""
        base, radix = self.layer.base, self.layer.radix
        return self.blocks.unflatten(0, (base, radix)).permute(2, 0, 3, 1).reshape(-1)

    def batch(self, seed: int) -> Tensor:
        """Return values of units (n, batch)."""
        return self.bench.randn(self.layer.shape[0], self.bench.batch, seed=seed).to(self.kind)

    def by_block(self, values: Tensor) -> Tensor:
        """Return values of units with those of a block side by side."""
        return values.unflatten(0, (-1, self.layer.base)).transpose(0, 1).flatten(0, 1)

    def by_unit(self, values: Tensor) -> Tensor:
        """Return the inverse of `by_block`."""
        return values.unflatten(0, (self.layer.base, -1)).transpose(0, 1).flatten(0, 1)


Form = tuple[Callable[[], Tensor], Step]
"""What gives the outputs, in the order of the units, and a step with all gradients."""


def _by_autograd(case: RadixCase, weights: Tensor, product: Callable[..., Tensor]) -> Form:
    weights.requires_grad_()
    x, upstream = case.batch(1).requires_grad_(), case.batch(2)

    def step() -> object:
        return torch.autograd.grad(product(weights, x=x), (weights, x), upstream)

    def forward() -> Tensor:
        with torch.no_grad():
            return product(weights, x=x)

    return forward, step


def _shifted_views(case: RadixCase) -> Form:
    form = BandedForm.of(case.layer)
    targets, sources = form.edges()
    order = torch.from_numpy(np.lexsort((sources, targets))).to(case.bench.device)
    weights = torch.empty_like(case.vector()).index_copy_(0, order, case.vector())
    return _by_autograd(case, weights, functools.partial(banded_linear, form=form))


def _rows(case: RadixCase) -> Form:
    pattern = Pattern.of_layer(Layer("layer1", 0, 1, case.layer))
    layout = SparseLayout.of_patterns([pattern], case.bench.device)
    return _by_autograd(case, case.vector(), functools.partial(sparse_linear, layout=layout))


def _blocks(case: RadixCase, product: Callable[[Tensor, Tensor], Tensor]) -> Form:
    """Return block-sparse products; gradients on blocks are products of gathered blocks."""
    device, base, dense = case.bench.device, case.layer.base, case.layer.dense_in
    shape = (case.layer.shape[1], case.layer.shape[0])
    sides = [torch.from_numpy(side).int() for side in (case.places.offsets, case.places.sources)]
    offsets, sources = (side.to(device) for side in sides)
    numbers = np.arange(case.places.n_edges, dtype=np.int32)
    held = (numbers, case.places.sources, case.places.offsets)
    turned = scipy.sparse.csr_array(held, shape=(base, base)).tocsc()
    back = (turned.indptr, turned.indices, turned.data)
    back_offsets, back_targets, order = (torch.from_numpy(side).int().to(device) for side in back)
    targets = torch.from_numpy(case.places.targets()).long().to(device)
    blocks = case.blocks
    x, upstream = case.by_block(case.batch(1)), case.by_block(case.batch(2))

    def made(offsets: Tensor, places: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
        return torch.sparse_bsr_tensor(offsets, places, values, shape, check_invariants=False)

    def forward() -> Tensor:
        return product(made(offsets, sources, blocks, shape), x)

    def step() -> None:
        forward()
        across = blocks.index_select(0, order).transpose(1, 2).contiguous()
        product(made(back_offsets, back_targets, across, shape[::-1]), upstream)
        heard = x.unflatten(0, (base, dense)).index_select(0, sources)
        told = upstream.unflatten(0, (base, dense)).index_select(0, targets)
        told.bmm(heard.transpose(1, 2))

    return lambda: case.by_unit(forward()), step


def _triton(matrix: Tensor, x: Tensor) -> Tensor:
    from torch.sparse._triton_ops import bsr_dense_addmm  # private, and only there with Triton

    empty = x.new_empty(matrix.shape[0], x.shape[1])
    return bsr_dense_addmm(empty, matrix, x, beta=0)


def _dense(case: RadixCase) -> Form:
    """Return the dense matrix of the same layer, its gradient not even masked."""
    if case.layer.shape[0] > 1 << 14:
        raise ValueError("not tried at this width")
    pattern = Pattern.of_layer(Layer("layer1", 0, 1, case.layer))
    ends = [torch.from_numpy(side).long() for side in (pattern.targets(), pattern.sources)]
    weights = torch.zeros(pattern.shape[::-1], dtype=case.kind, device=case.bench.device)
    weights[ends[0].to(case.bench.device), ends[1].to(case.bench.device)] = case.vector()
    return _by_autograd(case, weights, lambda weights, x: weights @ x)


FORMS: dict[str, tuple[Callable[[RadixCase], Form], tuple[str, ...]]] = {
    "CSR, sparse_linear": (_rows, ("fp32",)),
    "shifted views": (_shifted_views, (*ARITHMETICS, "bf16")),
    "BSR @ x": (functools.partial(_blocks, product=torch.matmul), (*ARITHMETICS, "bf16")),
    "BSR, bsr_dense_addmm": (functools.partial(_blocks, product=_triton), (*ARITHMETICS, "bf16")),
    "dense": (_dense, (*ARITHMETICS, "bf16")),
}
