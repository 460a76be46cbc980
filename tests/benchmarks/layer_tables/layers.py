"""A layer for the tables: its edges, its weights as PyTorch compresses them, and its step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from topograph.training.engines.pattern import Pattern

Step = Callable[[], object]
BATCH = 128


def pattern_of_stretches(n_in: int, n_out: int, fan_in: int) -> Pattern:
    """Return one source from each stretch of the inputs: sorted and distinct."""
    rng = np.random.default_rng(0)
    sources = np.empty((n_out, fan_in), dtype=np.int32)
    step = n_in // fan_in
    starts = step * np.arange(fan_in, dtype=np.int32)
    for first in range(0, n_out, 4096):
        part = sources[first : first + 4096]
        part[:] = starts + rng.integers(0, step, part.shape, dtype=np.int32)
    offsets = np.arange(0, n_out * fan_in + 1, fan_in, dtype=np.int32)
    return Pattern(offsets, sources.reshape(-1), (n_in, n_out))


def compressed(pattern: Pattern) -> Tensor:
    """Return random weights as compressed rows."""
    offsets, sources = (torch.from_numpy(each) for each in (pattern.offsets, pattern.sources))
    shape, values = pattern.shape[::-1], torch.randn(pattern.n_edges)
    return torch.sparse_csr_tensor(offsets, sources, values, shape).requires_grad_()


def gradients_step(
    forward: Callable[[Tensor], Tensor],
    weight: Tensor,
    shape: tuple[int, int],
    upstream_shape: tuple[int, int],
) -> Step:
    """Return what computes the outputs and the gradients on weights and inputs."""
    x = torch.randn(shape, requires_grad=True)
    upstream = torch.randn(upstream_shape)

    def step() -> None:
        weight.grad = x.grad = None
        forward(x).backward(upstream)

    return step
