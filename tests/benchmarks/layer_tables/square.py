"""A layer of 16384 x 16384 units, 99 % sparse: outputs and both gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tests.benchmarks.layer_tables.layers import (
    BATCH,
    Step,
    compressed,
    gradients_step,
    pattern_of_stretches,
)
from topograph.training.engines.pattern import Pattern
from topograph.training.sparse_layers import SparseLinear

WIDTH, FAN_IN = 16384, 164


def _square(make: Callable[[Pattern], tuple[Callable[[Tensor], Tensor], Tensor]]) -> Step:
    forward, weight = make(pattern_of_stretches(WIDTH, WIDTH, FAN_IN))
    return gradients_step(forward, weight, (BATCH, WIDTH), (BATCH, WIDTH))


def _ours(pattern: Pattern) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    layer = SparseLinear(pattern, bias=False)
    return layer, layer.weight


def _dense(pattern: Pattern) -> tuple[Tensor, Tensor]:
    mask = torch.zeros(pattern.shape[::-1], dtype=torch.bool)
    sources = torch.from_numpy(pattern.sources).view(pattern.shape[1], -1)
    mask.scatter_(1, sources.long(), value=True)
    weight = torch.randn(mask.shape).mul_(mask).requires_grad_()
    return weight, mask


def _masked_weight(pattern: Pattern) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    weight, mask = _dense(pattern)
    return lambda x: functional.linear(x, weight * mask), weight


def _masked_gradient() -> Step:
    weight, mask = _dense(pattern_of_stretches(WIDTH, WIDTH, FAN_IN))
    step = gradients_step(
        lambda x: functional.linear(x, weight), weight, (BATCH, WIDTH), (BATCH, WIDTH)
    )

    def masked() -> None:
        step()
        weight.grad.mul_(mask)

    return masked


def _linear_of_csr(pattern: Pattern) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    weight = compressed(pattern)
    return lambda x: functional.linear(x, weight), weight


def _csr(pattern: Pattern) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    weight = compressed(pattern)
    return lambda x: torch.sparse.mm(weight, x.t()).t(), weight


def _coo(pattern: Pattern) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    places = torch.from_numpy(np.stack([pattern.targets(), pattern.sources]).astype(np.int64))
    values = torch.randn(pattern.n_edges)
    weight = torch.sparse_coo_tensor(places, values, pattern.shape[::-1], is_coalesced=True)
    weight.requires_grad_()
    return lambda x: torch.sparse.mm(weight, x.t()).t(), weight


def _bag(pattern: Pattern) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    offsets, sources = (torch.from_numpy(each) for each in (pattern.offsets, pattern.sources))
    weight = torch.randn(pattern.n_edges, requires_grad=True)

    def forward(x: Tensor) -> Tensor:
        return functional.embedding_bag(
            sources,
            x.t().contiguous(),
            offsets,
            mode="sum",
            per_sample_weights=weight,
            include_last_offset=True,
        ).t()

    return forward, weight


SQUARE: dict[str, Callable[[], Step]] = {
    "topograph": lambda: _square(_ours),
    "W * mask": lambda: _square(_masked_weight),
    "dense, gradient masked": _masked_gradient,
    "F.linear(x, W_csr)": lambda: _square(_linear_of_csr),
    "torch.sparse.mm, COO": lambda: _square(_coo),
    "torch.sparse.mm, CSR": lambda: _square(_csr),
    "embedding_bag": lambda: _square(_bag),
}
