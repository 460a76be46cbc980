"""What is trained: nets, data, and how fast an engine takes them."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from tests.benchmarks.gpu_sections.bench import Bench
from tests.benchmarks.training_by_hand import Advance
from topograph import from_layers
from topograph.training import MODERN, Dataset
from topograph.training.engines.choosing import make_engine
from topograph.training.engines.member import Member

STEPS_OF_AN_EPOCH, RATE = 468, 0.01
DISTINCT = 32  # masks that are drawn; further members have the same masks and other weights


@functools.cache
def noise(bench: Bench) -> Dataset:
    """Return noise whose classes are those of a random linear map: there is something to learn."""
    n_train, n_test = (200, 50) if bench.is_quick else (60_000, 2000)
    images = bench.randn(n_train + n_test, 1, bench.side, bench.side)
    labels = (images.flatten(1) @ bench.randn(bench.side**2, 10, seed=1)).argmax(dim=1)
    parts = (images[:n_train], labels[:n_train], images[n_train:], labels[n_train:])
    return Dataset("noise", *parts, 10, verified=False)


@functools.cache
def _drawn(widths: tuple[int, ...], density: float, count: int) -> list[Member]:
    members = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        masks = [
            rng.random(shape, dtype=np.float32) < density for shape in itertools.pairwise(widths)
        ]
        members.append(Member.of_graph(from_layers(masks), seed=seed))
    return members


def members_for(bench: Bench, density: float, n_members: int) -> list[Member]:
    drawn = _drawn(bench.widths, density, min(n_members, DISTINCT))
    return [
        dataclasses.replace(drawn[number % len(drawn)], seed=number) for number in range(n_members)
    ]


def engine_for(bench: Bench, name: str, members: Sequence[Any], data: Dataset | None = None) -> Any:
    return make_engine(name, members, data or noise(bench), MODERN, bench.device)


def advance_of(engine: Any) -> Advance:
    return lambda order: engine.advance(order, [RATE] * len(order))


def topology_epochs(bench: Bench, advance: Advance, n_nets: int) -> float:
    return n_nets / bench.best_step(advance, noise(bench)) / STEPS_OF_AN_EPOCH


def engine_rate(bench: Bench, name: str, members: Sequence[Any]) -> tuple[float | None, str]:
    """Return topology-epochs per second, or why there are none."""

    def measure() -> float:
        return topology_epochs(bench, advance_of(engine_for(bench, name, members)), len(members))

    return bench.tried(measure)
