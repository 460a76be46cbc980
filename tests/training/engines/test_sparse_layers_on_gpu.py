"""Sparse layers on a CUDA device."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.training.engines.gpu_cases import CUDA, ON_GPU
from topograph import from_layers
from topograph.training.engines.pattern import Pattern
from topograph.training.sparse_layers import SparseLinear

pytestmark = ON_GPU


@pytest.mark.parametrize(
    ("n_in", "n_out", "density", "batch"),
    [
        (300, 200, 0.1, 17),
        (64, 1000, 0.02, 128),
        (1000, 10, 0.5, 1),
        (40, 30, 0.0, 5),
        (1, 1, 1, 3),
    ],
)
def test_a_sparse_layer_has_the_gradients_of_a_dense_one(n_in, n_out, density, batch):
    rng = np.random.default_rng(0)
    mask = rng.random((n_in, n_out)) < density
    pattern = Pattern.of_layer(from_layers([mask]).layers[0])
    layer = SparseLinear(pattern, seed=1).to(CUDA)
    assert layer.layout.sources.device == layer.weight.device
    assert layer.layout.to(CUDA) is layer.layout  # "cuda" is where it is: on "cuda:0"
    ends = [torch.from_numpy(side).long() for side in (pattern.targets(), pattern.sources)]
    weight = torch.zeros(n_out, n_in, dtype=torch.float64)
    weight[ends[0], ends[1]] = layer.weight.detach().double().cpu()
    weight.requires_grad_()
    bias = layer.bias.detach().double().cpu().requires_grad_()
    x = torch.randn(batch, n_in, generator=torch.Generator().manual_seed(2))
    upstream = torch.randn(batch, n_out, generator=torch.Generator().manual_seed(3))
    there, here = x.to(CUDA, copy=True).requires_grad_(), x.double().requires_grad_()
    found, expected = layer(there), functional.linear(here, weight, bias)
    found.backward(upstream.to(CUDA))
    expected.backward(upstream.double())
    pairs = [
        (found, expected),
        (there.grad, here.grad),
        (layer.weight.grad, weight.grad[ends[0], ends[1]]),
        (layer.bias.grad, bias.grad),
    ]
    for one, other in pairs:
        assert one.device.type == CUDA.type
        one, other = one.detach().double().cpu(), other.detach()
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_memory_grows_with_edges():
    """65536 x 65536 with 32 edges a unit: dense, the weights alone would take 16 GiB."""
    width, fan_in = 1 << 16, 32
    offsets = np.arange(0, width * fan_in + 1, fan_in, dtype=np.int32)
    stretches = np.arange(0, width, width // fan_in, dtype=np.int32)
    sources = np.random.default_rng(0).integers(0, width // fan_in, (width, fan_in), np.int32)
    pattern = Pattern(offsets, (sources + stretches).reshape(-1), (width, width))
    torch.zeros(1, device=CUDA)  # the device counts from its first use
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    layer = SparseLinear(pattern).to(CUDA)
    x = torch.randn(128, width, device=CUDA, requires_grad=True)
    layer(x).square().sum().backward()
    assert layer.weight.grad.shape == (width * fan_in,)
    assert torch.cuda.max_memory_allocated() - before < 1 << 30
