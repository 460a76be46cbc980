"""Time the engines beside a plain loop over modules: LeNet-300-100, batches of 128.

Topology-epochs per second and core: how many nets one core trains for 468 steps, an epoch of
MNIST, in a second of process time. The plain loop trains one net after the other, the better of
two ways: weights times masks, or masks on the gradients. Every line is interleaved and the best
of several repeats is taken. Machines are noisy: read the ratios.

    python tests/benchmarks/training.py [--densities 0.1 0.01] [--members 1 32]
"""

from __future__ import annotations

import argparse
import importlib
import itertools
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # as a program it lies outside

from tests.benchmarks.training_by_hand import Advance, masked_loop
from topograph import from_layers
from topograph.training import MODERN, Dataset
from topograph.training.engines.member import Member

WIDTHS = (784, 300, 100, 10)
BATCH, STEPS_OF_AN_EPOCH = 128, 468
CPU = torch.device("cpu")

# A new engine is added here: its name, its module and class, and what else it is made with.
ENGINES = {
    "dense": ("topograph.training.engines.dense", "DenseEngine", {}),
    "sparse": ("topograph.training.engines.sparse", "SparseEngine", {}),
    "kernel": ("topograph.training.engines.kernel", "KernelEngine", {"n_threads": 1}),
}


@dataclass
class Way:
    """How to train ``n_nets`` nets; ``advance`` takes a step for each row of numbers."""

    name: str
    advance: Advance
    n_nets: int


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    densities = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005]
    parser.add_argument("--densities", type=float, nargs="*", default=densities)
    parser.add_argument("--members", type=int, nargs="*", default=[1, 8, 32])
    parser.add_argument("--images", type=int, default=60_000)
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    data = _noise(asked.images)
    engines = {name: make for name in ENGINES if (make := _engine(name)) is not None}
    names = ["loop", *engines]
    beside = [name for name in names if name != "kernel"] if "kernel" in engines else []
    head = ["density", "nets", *names, *(f"kernel / {name}" for name in beside), "the loop"]
    print(f"| {' | '.join(head)} |")  # noqa: T201
    print(f"| {' | '.join(['---:'] * (len(head) - 1) + ['---'])} |")  # noqa: T201
    for density in asked.densities:
        for n_members in asked.members:
            members = [_random_member(density, seed) for seed in range(n_members)]
            ways = _loops(members[0], data)
            ways += [Way(name, make(members, data), n_members) for name, make in engines.items()]
            rates = _rates(ways, data, asked.repeats)
            loop = max(rates.keys() - engines.keys(), key=rates.__getitem__)
            rates["loop"] = rates[loop]
            cells = [f"{density:g}", f"{n_members}", *(f"{rates[name]:.2f}" for name in names)]
            cells += [f"{rates['kernel'] / rates[name]:.2f}" for name in beside]
            print(f"| {' | '.join(cells)} | {loop} |", flush=True)  # noqa: T201


def _noise(n_images: int) -> Dataset:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(n_images, 1, 28, 28, generator=generator)
    labels = torch.randint(10, (n_images,), generator=generator)
    return Dataset("noise", images, labels, images[:10], labels[:10], 10, verified=False)


def _random_member(density: float, seed: int) -> Member:
    rng = np.random.default_rng(seed)
    masks = [rng.random(shape) < density for shape in itertools.pairwise(WIDTHS)]
    graph = from_layers(masks)
    return Member.of_graph(graph, seed=seed)


def _engine(name: str) -> Callable[[Sequence[Member], Dataset], Advance] | None:
    """Return what makes an engine's `Way.advance`, or None where it cannot be imported."""
    module, kind, more = ENGINES[name]
    try:
        found = getattr(importlib.import_module(module), kind)
        if name == "kernel":
            importlib.import_module("numba")
    except ImportError:
        return None

    def make(members: Sequence[Member], data: Dataset) -> Advance:
        engine = found(members, data, MODERN, CPU, **more)
        return lambda order: engine.advance(order, [0.01] * len(order))

    return make


def _loops(member: Member, data: Dataset) -> list[Way]:
    return [
        Way("weights times masks", masked_loop(member, data, "weights"), 1),
        Way("masks on gradients", masked_loop(member, data, "gradients"), 1),
    ]


def _rates(ways: Sequence[Way], data: Dataset, repeats: int) -> dict[str, float]:
    """Return topology-epochs per second and core of each way."""
    generator = torch.Generator().manual_seed(0)
    least = {way.name: float("inf") for way in ways}
    for repeat in range(repeats + 1):
        for way in ways:
            n_steps = max(4, 40 // way.n_nets) if repeat else 2
            order = torch.randint(len(data.train_labels), (n_steps, BATCH), generator=generator)
            began = time.process_time()
            way.advance(order)
            seconds = (time.process_time() - began) / n_steps / way.n_nets
            if repeat:  # the first time warms up
                least[way.name] = min(least[way.name], seconds)
    return {name: 1 / seconds / STEPS_OF_AN_EPOCH for name, seconds in least.items()}


if __name__ == "__main__":
    main()
