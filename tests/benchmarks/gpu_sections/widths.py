"""How wide can a layer be?"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from tests.benchmarks.gpu_sections.bench import Bench, Row, Step
from tests.benchmarks.gpu_sections.subjects import RATE, engine_for
from topograph.biadjacency import Sparse
from topograph.graph import chain
from topograph.training import Dataset
from topograph.training.engines.member import Member
from topograph.training.sparse_layers import SparseLayout, sparse_linear

GIB = 1 << 30


def widest(bench: Bench) -> Iterator[Row]:
    """Double the width of a layer with 32 edges a unit until it cannot be trained."""
    fan_in = 4 if bench.is_quick else 32
    first, last = (6, 7) if bench.is_quick else (16, 26)
    ways = {"sparse_linear, momentum": _sparse_step, "engine dense": _dense_step}
    for number, (name, make) in enumerate(ways.items()):
        for power in range(first - 2 * number * (not bench.is_quick), last + 1):
            width = 1 << power
            began = time.monotonic()
            lacking = number == 1 and _bytes(bench) < 16 * width * width
            note = "not tried: weights, mask, gradient and momentum alone take more"
            seconds = None
            if not lacking:
                seconds, note = bench.tried(
                    functools.partial(_width_time, bench, make, width, fan_in)
                )
            peak = bench.peak()
            yield {
                "layer": name,
                "width": width,
                "edges": width * fan_in,
                "ms a step": None if seconds is None else 1e3 * seconds,
                "peak, GiB": None if peak is None or lacking else peak / GIB,
                "works": seconds is not None,
                "note": note,
            }
            spent = time.monotonic() - began
            ahead = time.monotonic() + 3 * spent - bench.began  # the next one takes at least twice
            if seconds is None or ahead > bench.seconds * (0.6 if number == 0 else 1.0):
                break


def _bytes(bench: Bench) -> int:
    if bench.device.type != "cuda":
        return GIB
    return torch.cuda.get_device_properties(bench.device).total_memory


def _width_time(
    bench: Bench, make: Callable[[Bench, int, int], Step], width: int, fan_in: int
) -> float:
    step = make(bench, width, fan_in)
    step()
    return min(bench.timed(step) for _ in range(3))


def _sources(bench: Bench, n_in: int, n_out: int, fan_in: int) -> Tensor:
    """Return sorted, distinct sources of each unit: one from each of ``fan_in`` stretches."""
    stretch = n_in // fan_in
    starts = torch.arange(0, stretch * fan_in, stretch, dtype=torch.int32, device=bench.device)
    shape = (n_out, fan_in)
    return torch.randint(stretch, shape, dtype=torch.int32, device=bench.device).add_(starts)


def _sparse_step(bench: Bench, width: int, fan_in: int) -> Step:
    if width * fan_in >= 1 << 31:
        raise ValueError("more edges than int32 can count")
    offsets = torch.arange(0, width * fan_in + 1, fan_in, dtype=torch.int32, device=bench.device)
    sources = _sources(bench, width, width, fan_in).view(-1)
    layout = SparseLayout(offsets, sources, (width, width))
    scale = (2 / fan_in) ** 0.5
    weights = torch.randn(width * fan_in, device=bench.device).mul_(scale).requires_grad_()
    biases = torch.zeros(width, device=bench.device, requires_grad=True)
    optimizer = torch.optim.SGD([weights, biases], lr=RATE, momentum=0.9)
    x = torch.randn(width, bench.batch, device=bench.device, requires_grad=True)
    upstream = torch.randn(width, bench.batch, device=bench.device)

    def step() -> None:
        x.grad = None
        sparse_linear(weights, layout, x, biases).backward(upstream)
        optimizer.step()
        optimizer.zero_grad()

    return step


def _dense_step(bench: Bench, width: int, fan_in: int) -> Step:
    layers = []
    for n_out, own in ((width, fan_in), (10, width // 4)):
        sources = _sources(bench, width, n_out, own).cpu().numpy().reshape(-1)
        targets = np.repeat(np.arange(n_out), own)
        layers.append(Sparse.from_edges(sources, targets, (width, n_out)))
    images = torch.randn(bench.batch, 1, 1, width, device=bench.device)
    labels = torch.arange(bench.batch, device=bench.device) % 10
    data = Dataset("wide", images, labels, images[:1], labels[:1], 10, verified=False)
    engine = engine_for(bench, "dense", [Member.of_graph(chain(layers))], data)
    order = torch.arange(bench.batch)[None]
    return lambda: engine.advance(order, [RATE])
