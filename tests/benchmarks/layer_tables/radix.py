"""Layers of RadiX-Nets, with indices and without: outputs and both gradients."""

from __future__ import annotations

import functools
from collections.abc import Callable

import torch
from torch import Tensor

from tests.benchmarks.layer_tables.layers import BATCH, Step, compressed, gradients_step
from topograph.biadjacency import Kronecker
from topograph.graph import Layer
from topograph.training.engines.pattern import Pattern
from topograph.training.engines.radix_layers import banded_linear, suitable_form
from topograph.training.sparse_layers import SparseLayout, sparse_linear

RADIX = {
    "D = 16, N' = 1024, radix 8, stride 1": Kronecker(1024, 8, 1, 16, 16),
    "D = 16, N' = 1024, radix 8, stride 8": Kronecker(1024, 8, 8, 16, 16),
    "D = 16, N' = 1024, radix 8, stride 128, the last digit": Kronecker(1024, 8, 128, 16, 16),
    "D = 1, N' = 16384, radix 128, stride 1": Kronecker(16384, 128, 1),
    "D = 1, N' = 16384, radix 128, stride 128, the last digit": Kronecker(16384, 128, 128),
}


def _radix_step(biadjacency: Kronecker, method: str) -> Step:
    pattern = Pattern.of_layer(Layer("layer1", 0, 1, biadjacency))
    n_in, n_out = pattern.shape
    weights = torch.randn(pattern.n_edges, requires_grad=True)
    if method == "no indices":
        form = suitable_form(biadjacency)
        assert form is not None

        def forward(x: Tensor) -> Tensor:
            return banded_linear(weights, form, x)

    elif method == "sparse_linear":
        layout = SparseLayout.of_patterns([pattern])

        def forward(x: Tensor) -> Tensor:
            return sparse_linear(weights, layout, x)

    else:
        weights = compressed(pattern)

        def forward(x: Tensor) -> Tensor:
            return torch.sparse.mm(weights, x)

    return gradients_step(forward, weights, (n_in, BATCH), (n_out, BATCH))


PAIRS: dict[str, dict[str, Callable[[], Step]]] = {
    name: {
        f"{name}: {method}": functools.partial(_radix_step, kind, method)
        for method in ("no indices", "sparse_linear", "torch.sparse.mm, CSR")
    }
    for name, kind in RADIX.items()
}
