"""Is a run the same, bit by bit, when it is done again?"""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tests.benchmarks.gpu_sections.bench import Bench, Row
from tests.benchmarks.gpu_sections.subjects import RATE, engine_for, members_for, noise
from topograph.biadjacency import Kronecker
from topograph.generators import radix_net
from topograph.graph import chain
from topograph.training import Dataset, build_model
from topograph.training.engines.member import Member
from topograph.training.engines.model_member import ModelMember
from topograph.training.masking import prunable_parameters


def determinism(bench: Bench) -> Iterator[Row]:
    """Train twice from the same seeds, with and without deterministic algorithms."""
    for name, what, members, data in _to_repeat(bench):
        for mode in ("as it comes", "deterministic"):
            if not bench.has_time():
                return
            note = ""
            torch.use_deterministic_algorithms(mode == "deterministic")
            found, why = bench.tried(functools.partial(_twice, bench, name, members, data))
            if found is None and mode == "deterministic":
                note = f"refused, so warned only: {why}"
                torch.use_deterministic_algorithms(True, warn_only=True)
                found, why = bench.tried(functools.partial(_twice, bench, name, members, data))
            torch.use_deterministic_algorithms(False)
            note = "; ".join(filter(None, (note, why if found is None else "")))
            known = found or (None, None, None, None)
            keys = ("same losses", "same state", "largest difference of losses", "ms a step")
            row = dict(zip(keys, known, strict=True))
            yield {"engine": name, "nets": what, "algorithms": mode} | row | {"note": note}


def _to_repeat(bench: Bench) -> Iterator[tuple[str, str, list[Any], Dataset]]:
    data, many = noise(bench), 2 if bench.is_quick else 64
    yield "dense", f"{many} of density .1", members_for(bench, 0.1, many), data
    for density in (0.1, 0.01):
        yield "sparse", f"{many} of density {density:g}", members_for(bench, density, many), data
    yield "radix", "2 RadiX-Nets", _radix_members(bench, 2), data
    yield "module", "2 of density .1", members_for(bench, 0.1, 2), data
    for model in ("lenet-5",) if bench.is_quick else ("lenet-5", "conv-net", "resnet-20"):
        weights = prunable_parameters(build_model(model, data.shape))
        masks = {key: bench.randn(*weight.shape).cpu() > 1 for key, weight in weights.items()}
        models = [ModelMember(model, model, masks, seed) for seed in range(2)]
        yield "module", f"2 times {model}", models, data


def _radix_members(bench: Bench, count: int) -> list[Member]:
    graph = radix_net([[2, 2]] if bench.is_quick else [[7, 7]], [16, 16, 4])
    layers = [layer.biadjacency for layer in graph.layers]
    whole = chain([*layers, Kronecker(1, 1, 1, graph.n_outputs, 10)])
    return [Member.of_graph(whole, seed=seed) for seed in range(count)]


def _twice(
    bench: Bench, name: str, members: list[Any], data: Dataset
) -> tuple[bool, bool, float, float]:
    order = bench.order(data, 3 if bench.is_quick else 50)
    losses, states, seconds = [], [], 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that an algorithm is not deterministic: seen in the table
        for _ in range(2):
            engine = engine_for(bench, name, members, data)
            bench.wait()
            began = time.perf_counter()
            losses.append(engine.advance(order, [RATE] * len(order)))
            bench.wait()
            seconds = time.perf_counter() - began
            states.append(engine.state())
    one, other = states
    is_same = all(_same_bits(one[key], other[key]) for key in one)
    far = float(np.nanmax(np.abs(losses[0] - losses[1])))
    return np.array_equal(*losses, equal_nan=True), is_same, far, 1e3 * seconds / len(order)


def _same_bits(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and one.numpy().tobytes() == other.numpy().tobytes()
