"""How much faster than a loop over modules?"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from tests.benchmarks.gpu_sections.arithmetic import ARITHMETICS, rounding_to
from tests.benchmarks.gpu_sections.bench import Bench, Row, Step
from tests.benchmarks.gpu_sections.subjects import (
    RATE,
    advance_of,
    engine_for,
    members_for,
    noise,
    topology_epochs,
)
from tests.benchmarks.training_by_hand import Advance, masked_loop
from topograph.training.engines.member import Member


def aim(bench: Bench) -> Iterator[Row]:
    """Time the engines beside a plain loop over modules: the aim is a hundred times its speed."""
    densities = (0.1,) if bench.is_quick else (0.1, 0.01, 0.5)
    n_members = 2 if bench.is_quick else 256
    for density in densities:
        members = members_for(bench, density, n_members)
        loop: float | None = None
        for name, arithmetic, n_nets, make in _ways(bench, members):
            if not bench.has_time():
                return
            with rounding_to(arithmetic):
                rate, why = bench.tried(
                    lambda make=make, n_nets=n_nets: topology_epochs(bench, make(), n_nets)
                )
            if name.startswith("loop") and rate is not None:
                loop = max(rate, loop or 0.0)
            yield {
                "density": density,
                "way": name,
                "arithmetic": arithmetic,
                "nets": n_nets,
                "topology-epochs/s": rate,
                "times the best loop": rate / loop if rate and loop else None,
                "note": why,
            }


def _ways(
    bench: Bench, members: list[Member]
) -> Iterator[tuple[str, str, int, Callable[[], Advance]]]:
    """Give name, arithmetic, nets, and what makes the way; loops come first."""
    for arithmetic, masked in itertools.product(ARITHMETICS, ("weights", "gradients")):
        make = functools.partial(masked_loop, members[0], noise(bench), masked)
        yield f"loop, masks on {masked}", arithmetic, 1, make
    few = members[:4]
    yield "engine module", "fp32", len(few), lambda: advance_of(engine_for(bench, "module", few))
    for name, arithmetic in (("dense", "fp32"), ("dense", "TF32"), ("sparse", "fp32")):
        make = functools.partial(_plain_advance, bench, name, members)
        yield f"engine {name}", arithmetic, len(members), make
    for name, arithmetic in (("dense", "fp32"), ("dense", "TF32"), ("sparse", "fp32")):
        graphed = functools.partial(_graphed, bench, name, members)
        yield f"engine {name}, a CUDA graph", arithmetic, len(members), graphed


def _plain_advance(bench: Bench, name: str, members: list[Member]) -> Advance:
    return advance_of(engine_for(bench, name, members))


def _graphed(bench: Bench, name: str, members: list[Member]) -> Advance:
    """Return the steps of an engine, recorded once and replayed; on a CPU not recorded."""
    engine = engine_for(bench, name, members)
    rows = torch.zeros(bench.batch, dtype=torch.int64, device=bench.device)
    ones = torch.ones(len(members), device=bench.device)

    def step() -> None:
        loss = engine._losses(engine._images[rows], engine._labels[rows])
        gradients = list(torch.autograd.grad(loss, engine._tensors, ones))
        engine._mask(gradients)
        engine._updates.step(gradients, RATE)

    replay: Step = step
    if bench.device.type == "cuda":
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # a graph may not allocate or choose for the first time
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        # the outer one puts the stream back where recording fails
        with torch.cuda.stream(torch.cuda.current_stream()), torch.cuda.graph(graph):
            step()
        replay = graph.replay

    def advance(order: Tensor) -> None:
        for numbers in order.to(bench.device):
            rows.copy_(numbers)
            replay()

    return advance
