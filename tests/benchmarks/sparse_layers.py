"""Time sparse layers beside what PyTorch offers, each in a process of its own.

Milliseconds of process time, the best of several repeats, on one thread; memory is the peak
above that after the imports. Machines are noisy: read the ratios.

    python tests/benchmarks/sparse_layers.py [layer|wide|radix ...]
"""

from __future__ import annotations

import argparse
import functools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from topograph.biadjacency import Kronecker, Sparse
from topograph.graph import Layer, chain
from topograph.training import MODERN
from topograph.training.data.dataset import Dataset
from topograph.training.engines.member import Member
from topograph.training.engines.pattern import Pattern
from topograph.training.engines.radix_layers import banded_linear, suitable_form
from topograph.training.engines.sparse import SparseEngine
from topograph.training.sparse_layers import SparseLayout, SparseLinear, sparse_linear

Step = Callable[[], object]
WIDTH, FAN_IN, BATCH = 16384, 164, 128  # 99 % sparse
WIDEST, FEW = 262144, 16  # 4.2 M edges
RADIX = {
    "D = 16, N' = 1024, radix 8, stride 1": Kronecker(1024, 8, 1, 16, 16),
    "D = 16, N' = 1024, radix 8, stride 8": Kronecker(1024, 8, 8, 16, 16),
    "D = 16, N' = 1024, radix 8, stride 128, the last digit": Kronecker(1024, 8, 128, 16, 16),
    "D = 1, N' = 16384, radix 128, stride 1": Kronecker(16384, 128, 1),
    "D = 1, N' = 16384, radix 128, stride 128, the last digit": Kronecker(16384, 128, 128),
}


def main() -> None:
    """Run the tables asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tables", nargs="*", help=f"of {', '.join(TABLES)}; all by default")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--method", help="one method in this process, as JSON")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    if asked.method:
        print(json.dumps(_measure(METHODS[asked.method], asked.repeats)))  # noqa: T201
        return
    for table in asked.tables or TABLES:
        for methods in TABLES[table]:
            _print_table(methods, asked.repeats)


def _print_table(methods: list[str], repeats: int) -> None:
    print("| method | time | | peak memory | |\n| --- | ---: | ---: | ---: | ---: |")  # noqa: T201
    first: dict[str, float] = {}
    for method in methods:
        run = [sys.executable, __file__, "--method", method, "--repeats", str(repeats)]
        done = subprocess.run(run, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout)
        first = first or found
        times, memory = found["ms"] / first["ms"], found["mib"] / first["mib"]
        print(  # noqa: T201
            f"| {method} | {found['ms']:.0f} ms | x{times:.2f} | {found['mib']:.0f} MiB "
            f"| x{memory:.2f} |",
            flush=True,
        )


def _measure(make: Callable[[], Step], repeats: int) -> dict[str, float]:
    before = _peak()
    step = make()
    step()
    seconds = []
    for _ in range(repeats):
        began = time.process_time()
        step()
        seconds.append(time.process_time() - began)
    return {"ms": 1e3 * min(seconds), "mib": _peak() - before}


def _peak() -> float:
    """Return the largest resident memory of this process so far, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def _pattern(n_in: int, n_out: int, fan_in: int) -> Pattern:
    rng = np.random.default_rng(0)
    sources = np.empty((n_out, fan_in), dtype=np.int32)
    step = n_in // fan_in
    starts = step * np.arange(fan_in, dtype=np.int32)
    for first in range(0, n_out, 4096):  # one source from each stretch: sorted and distinct
        part = sources[first : first + 4096]
        part[:] = starts + rng.integers(0, step, part.shape, dtype=np.int32)
    offsets = np.arange(0, n_out * fan_in + 1, fan_in, dtype=np.int32)
    return Pattern(offsets, sources.reshape(-1), (n_in, n_out))


def _backward(forward: Callable[[Tensor], Tensor], n_in: int, n_out: int, weight: Tensor) -> Step:
    x = torch.randn(BATCH, n_in, requires_grad=True)
    upstream = torch.randn(BATCH, n_out)

    def step() -> None:
        weight.grad = x.grad = None
        forward(x).backward(upstream)

    return step


def _square(make: Callable[[Pattern], tuple[Callable[[Tensor], Tensor], Tensor]]) -> Step:
    forward, weight = make(_pattern(WIDTH, WIDTH, FAN_IN))
    return _backward(forward, WIDTH, WIDTH, weight)


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
    weight, mask = _dense(_pattern(WIDTH, WIDTH, FAN_IN))
    step = _backward(lambda x: functional.linear(x, weight), WIDTH, WIDTH, weight)

    def masked() -> None:
        step()
        weight.grad.mul_(mask)

    return masked


def _compressed(pattern: Pattern) -> Tensor:
    offsets, sources = (torch.from_numpy(each) for each in (pattern.offsets, pattern.sources))
    shape, values = pattern.shape[::-1], torch.randn(pattern.n_edges)
    return torch.sparse_csr_tensor(offsets, sources, values, shape).requires_grad_()


def _linear_of_csr(pattern: Pattern) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    weight = _compressed(pattern)
    return lambda x: functional.linear(x, weight), weight


def _csr(pattern: Pattern) -> tuple[Callable[[Tensor], Tensor], Tensor]:
    weight = _compressed(pattern)
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


def _wide_module(has_gradient_on_inputs: bool) -> Step:
    layer = SparseLinear(_pattern(WIDEST, WIDEST, FEW))
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
    weight = _compressed(_pattern(WIDEST, WIDEST, FEW))
    x = torch.randn(WIDEST, BATCH, requires_grad=True)
    upstream = torch.randn(WIDEST, BATCH)

    def step() -> None:
        x.grad = weight.grad = None
        torch.sparse.mm(weight, x).backward(upstream)

    return step


def _wide_columns() -> Step:
    layer = SparseLinear(_pattern(WIDEST, WIDEST, FEW))
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
        pattern = _pattern(WIDEST, n_out, fan_in)
        edges = (pattern.sources, pattern.targets())
        biadjacencies.append(Sparse.from_edges(*edges, pattern.shape))
    member = Member.of_graph(chain(biadjacencies))
    images, labels = torch.rand(BATCH, WIDEST), torch.arange(BATCH) % 10
    images = images.view(BATCH, 1, 512, 512)
    data = Dataset("wide", images, labels, images[:1], labels[:1], 10, verified=False)
    engine = SparseEngine([member], data, MODERN, torch.device("cpu"))
    order = torch.arange(BATCH)[None]
    return lambda: engine.advance(order, [0.01])


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
        weights = _compressed(pattern)

        def forward(x: Tensor) -> Tensor:
            return torch.sparse.mm(weights, x)

    x = torch.randn(n_in, BATCH, requires_grad=True)
    upstream = torch.randn(n_out, BATCH)

    def step() -> None:
        weights.grad = x.grad = None
        forward(x).backward(upstream)

    return step


SQUARE: dict[str, Callable[[], Step]] = {
    "topograph": lambda: _square(_ours),
    "W * mask": lambda: _square(_masked_weight),
    "dense, gradient masked": _masked_gradient,
    "F.linear(x, W_csr)": lambda: _square(_linear_of_csr),
    "torch.sparse.mm, COO": lambda: _square(_coo),
    "torch.sparse.mm, CSR": lambda: _square(_csr),
    "embedding_bag": lambda: _square(_bag),
}
WIDE: dict[str, Callable[[], Step]] = {
    "step of sparse_linear on columns, all gradients": _wide_columns,
    "step of SparseLinear, a first layer": lambda: _wide_module(False),
    "step of SparseLinear, all gradients": lambda: _wide_module(True),
    "torch.sparse.mm, CSR, all gradients and no step": _wide_csr,
    "step of SparseEngine, and a layer to 10 classes": _wide_engine,
}
PAIRS: dict[str, dict[str, Callable[[], Step]]] = {
    name: {
        f"{name}: {method}": functools.partial(_radix_step, kind, method)
        for method in ("no indices", "sparse_linear", "torch.sparse.mm, CSR")
    }
    for name, kind in RADIX.items()
}
METHODS = SQUARE | WIDE | {key: make for pair in PAIRS.values() for key, make in pair.items()}
TABLES = {"layer": [list(SQUARE)], "wide": [list(WIDE)], "radix": [list(p) for p in PAIRS.values()]}

if __name__ == "__main__":
    main()
