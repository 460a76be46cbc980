"""A layer of 262144 x 262144 units with 16 edges each, 4.2 M in all: a training step."""

from __future__ import annotations

from collections.abc import Callable

import torch

from tests.benchmarks.layer_tables.layers import (
    BATCH,
    Step,
    compressed,
    gradients_step,
    pattern_of_stretches,
)
from topograph.biadjacency import Sparse
from topograph.graph import chain
from topograph.training import MODERN
from topograph.training.data.dataset import Dataset
from topograph.training.engines.member import Member
from topograph.training.engines.sparse import SparseEngine
from topograph.training.sparse_layers import SparseLinear, sparse_linear

WIDEST, FEW = 262144, 16


def _wide_module(has_gradient_on_inputs: bool) -> Step:
    layer = SparseLinear(pattern_of_stretches(WIDEST, WIDEST, FEW))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    x = torch.randn(BATCH, WIDEST, requires_grad=has_gradient_on_inputs)
    upstream = torch.randn(WIDEST, BATCH).t()

    def step() -> None:
        x.grad = None
        layer(x).backward(upstream)
        optimizer.step()
        optimizer.zero_grad()

    return step


def _wide_csr() -> Step:
    weight = compressed(pattern_of_stretches(WIDEST, WIDEST, FEW))
    shape = (WIDEST, BATCH)
    return gradients_step(lambda x: torch.sparse.mm(weight, x), weight, shape, shape)


def _wide_columns() -> Step:
    layer = SparseLinear(pattern_of_stretches(WIDEST, WIDEST, FEW))
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.9)
    x = torch.randn(WIDEST, BATCH, requires_grad=True)
    upstream = torch.randn(WIDEST, BATCH)

    def step() -> None:
        x.grad = None
        sparse_linear(layer.weight, layer.layout, x, layer.bias).backward(upstream)
        optimizer.step()
        optimizer.zero_grad()

    return step


def _wide_engine() -> Step:
    biadjacencies = []
    for n_out, fan_in in ((WIDEST, FEW), (10, WIDEST // FEW)):
        pattern = pattern_of_stretches(WIDEST, n_out, fan_in)
        edges = (pattern.sources, pattern.targets())
        biadjacencies.append(Sparse.from_edges(*edges, pattern.shape))
    member = Member.of_graph(chain(biadjacencies))
    images, labels = torch.rand(BATCH, WIDEST), torch.arange(BATCH) % 10
    images = images.view(BATCH, 1, 512, 512)
    data = Dataset("wide", images, labels, images[:1], labels[:1], 10, verified=False)
    engine = SparseEngine([member], data, MODERN, torch.device("cpu"))
    order = torch.arange(BATCH)[None]
    return lambda: engine.advance(order, [0.01])


WIDE: dict[str, Callable[[], Step]] = {
    "step of sparse_linear on columns, all gradients": _wide_columns,
    "step of SparseLinear, a first layer": lambda: _wide_module(False),
    "step of SparseLinear, all gradients": lambda: _wide_module(True),
    "torch.sparse.mm, CSR, all gradients and no step": _wide_csr,
    "step of SparseEngine, and a layer to 10 classes": _wide_engine,
}
