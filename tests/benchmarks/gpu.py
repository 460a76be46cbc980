"""Measure on a CUDA device what could only be estimated without one.

Every section prints a Markdown table and can be run alone; `--output` keeps the numbers as
JSON, written anew after every section. A section starts no case once its seconds are over, so
that a run of n sections takes about n times `--seconds`. `widest` fills the memory and comes
last, as an error of the device there would spoil what follows.

    python tests/benchmarks/gpu.py [SECTION ...] [--seconds 60] [--output gpu.json]
    python tests/benchmarks/gpu.py --device cpu --quick      # tiny sizes: does it run at all?

Topology-epochs per second: how many nets are trained for 468 steps, an epoch of MNIST, in a
second. All times end with the device at rest; the best of several repeats is taken.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import functools
import gc
import itertools
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import torch
from torch import Tensor, nn
from torch.nn import functional

from topograph import from_layers
from topograph.biadjacency import Kronecker, Sparse
from topograph.generators import radix_net
from topograph.graph import Layer, chain
from topograph.training import MODERN, Dataset, apply_masks, build_model
from topograph.training.engines.choosing import make_engine
from topograph.training.engines.member import Member
from topograph.training.engines.model_member import ModelMember
from topograph.training.engines.pattern import Pattern
from topograph.training.engines.radix_layers import BandedForm, banded_linear
from topograph.training.masking import prunable_parameters
from topograph.training.optimizers import optimizer_of
from topograph.training.sparse_layers import SparseLayout, sparse_linear

Row = dict[str, Any]
Step = Callable[[], object]
Advance = Callable[[Tensor], object]

STEPS_OF_AN_EPOCH, RATE = 468, 0.01
DISTINCT = 32  # masks that are drawn; further members have the same masks and other weights
ARITHMETICS = ("fp32", "TF32")
GIB = 1 << 30


@dataclass(frozen=True)
class Bench:
    """Where and how long to measure."""

    device: torch.device
    is_quick: bool
    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def batch(self) -> int:
        """Images of a step."""
        return 16 if self.is_quick else 128

    @property
    def side(self) -> int:
        """Pixels along an image."""
        return 8 if self.is_quick else 28

    @property
    def widths(self) -> tuple[int, ...]:
        """LeNet-300-100, or something like it."""
        return (64, 30, 20, 10) if self.is_quick else (784, 300, 100, 10)

    def has_time(self, share: float = 1.0) -> bool:
        """Whether a share of the section's time is not over yet."""
        return time.monotonic() - self.began < share * self.seconds

    def wait(self) -> None:
        """Wait until the device is at rest."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def timed(self, step: Step, calls: int = 1) -> float:
        """Return the seconds of a call."""
        self.wait()
        began = time.perf_counter()
        for _ in range(calls):
            step()
        self.wait()
        return (time.perf_counter() - began) / calls

    def best(self, step: Step) -> float:
        """Return the seconds of a call, the best of several runs of many, warmed up."""
        self.timed(step)  # compiles, chooses algorithms, allocates
        once = self.timed(step)
        calls = max(1, min(1000, int((0.002 if self.is_quick else 0.2) / max(once, 1e-6))))
        return min(self.timed(step, calls) for _ in range(1 if once > 2 else 3))

    def best_step(self, advance: Advance, data: Dataset) -> float:
        """Return the seconds of a training step; ``advance`` takes one a row of numbers."""
        order = self.order(data, 100)
        self.timed(lambda: advance(order[:2]))
        once = self.timed(lambda: advance(order[:2])) / 2
        rows = order[: max(1, min(100, int((0.002 if self.is_quick else 0.2) / max(once, 1e-6))))]
        repeats = 1 if once > 2 else 3
        return min(self.timed(lambda: advance(rows)) for _ in range(repeats)) / len(rows)

    def order(self, data: Dataset, n_steps: int) -> Tensor:
        """Return numbers of training images, on the CPU."""
        generator = torch.Generator().manual_seed(1)
        shape = (n_steps, self.batch)
        return torch.randint(len(data.train_labels), shape, generator=generator)

    def forget_peak(self) -> None:
        """Free what is free, and watch the memory from here."""
        if self.device.type == "cuda":
            gc.collect()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats(self.device)

    def peak(self) -> int | None:
        """Return the bytes of the fullest moment since then; None on a CPU."""
        if self.device.type != "cuda":
            return None
        return torch.cuda.max_memory_allocated(self.device)

    def tried(self, measure: Callable[[], Any]) -> tuple[Any, str]:
        """Return what is measured and "", or None and why it could not be."""
        self.forget_peak()
        try:
            return measure(), ""
        except torch.OutOfMemoryError:
            return None, "out of memory"
        except Exception as error:  # compilers of kernels have errors of their own
            return None, f"{type(error).__name__}: {error}".split("\n")[0][:160]

    def randn(self, *shape: int, seed: int = 0) -> Tensor:
        """Return normal numbers that are the same on every device."""
        return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(self.device)


def main() -> None:
    """Run the sections asked for, all by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_AsWritten)
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--seconds", type=float, default=60.0, help="of a section, about")
    parser.add_argument("--output", type=Path, help="file for the numbers, as JSON")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to test this script")
    asked = parser.parse_args()
    if stray := [name for name in asked.sections if name not in SECTIONS]:
        parser.error(f"no section {', '.join(stray)}; there are {', '.join(SECTIONS)}")
    # cuBLAS reads it once, and is deterministic with it; on a Hopper this is its size anyway
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    device = torch.device(asked.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        parser.error("torch finds no CUDA device; --device cpu --quick tests the script")
    if device.type == "cpu":
        torch.set_num_threads(1)
    found: dict[str, Any] = _about(device) | {"sections": {}, "failed": {}}
    _say(f"{found['device']}, torch {found['torch']}, {found['date']}")
    for name in asked.sections or SECTIONS:
        rows, failure = _run(name, Bench(device, asked.quick, asked.seconds))
        found["sections"][name] = rows
        if failure:
            found["failed"][name] = failure
        if asked.output is not None:
            asked.output.write_text(json.dumps(found, indent=1))
    if found["failed"]:
        raise SystemExit(1)


class _AsWritten(argparse.RawDescriptionHelpFormatter):
    """Show the description line by line."""


def _about(device: torch.device) -> dict[str, str]:
    has_cuda = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if has_cuda else "CPU",
        "torch": torch.__version__,
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def _run(name: str, bench: Bench) -> tuple[list[Row], str]:
    """Print the table of a section row by row; return the rows, and why it failed if it did."""
    title, section = SECTIONS[name]
    _say(f"\n## {name}: {title}\n")
    rows: list[Row] = []
    failure = ""
    try:
        with torch.random.fork_rng(devices=[]):
            for row in section(bench):
                if not rows:
                    _say(f"| {' | '.join(row)} |\n| {' | '.join('---' for _ in row)} |")
                _say(f"| {' | '.join(map(_cell, row.values()))} |")
                rows.append(row)
    except Exception as error:  # the other sections are still worth having
        failure = f"{type(error).__name__}: {error}".split("\n")[0]
        _say(f"\nFailed: {failure}")
    finally:
        _set_arithmetic("fp32")
        if torch.are_deterministic_algorithms_enabled():
            torch.use_deterministic_algorithms(False)
        _data.cache_clear()
        with suppress(RuntimeError):  # after an error of the device all calls fail
            bench.forget_peak()
    _say(f"\n{time.monotonic() - bench.began:.0f} s{'' if bench.has_time() else ', out of time'}")
    return rows, failure


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
    return str(value).replace("|", "/")


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _set_arithmetic(name: str) -> None:
    """Let products and convolutions round to TF32, or not."""
    is_rounded = name == "TF32"
    # the older of two ways to say it, for both: torch refuses a mixture
    torch.set_float32_matmul_precision("high" if is_rounded else "highest")
    torch.backends.cudnn.allow_tf32 = is_rounded


@contextmanager
def _arithmetic(name: str) -> Iterator[None]:
    _set_arithmetic(name)
    try:
        yield
    finally:
        _set_arithmetic("fp32")


# What is trained.


@functools.cache
def _data(bench: Bench) -> Dataset:
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


def _members(bench: Bench, density: float, n_members: int) -> list[Member]:
    drawn = _drawn(bench.widths, density, min(n_members, DISTINCT))
    return [
        dataclasses.replace(drawn[number % len(drawn)], seed=number) for number in range(n_members)
    ]


def _engine(bench: Bench, name: str, members: Sequence[Any], data: Dataset | None = None) -> Any:
    return make_engine(name, members, data or _data(bench), MODERN, bench.device)


def _advance_of(engine: Any) -> Advance:
    return lambda order: engine.advance(order, [RATE] * len(order))


def _topology_epochs(bench: Bench, advance: Advance, n_nets: int) -> float:
    return n_nets / bench.best_step(advance, _data(bench)) / STEPS_OF_AN_EPOCH


def _engine_rate(bench: Bench, name: str, members: Sequence[Any]) -> tuple[float | None, str]:
    """Return topology-epochs per second, or why there are none."""

    def measure() -> float:
        return _topology_epochs(bench, _advance_of(_engine(bench, name, members)), len(members))

    return bench.tried(measure)


# 1. At which density does the sparse engine overtake the dense one?


def break_even(bench: Bench) -> Iterator[Row]:
    """Time both engines at several densities and sizes of the ensemble."""
    densities = (0.5, 0.05) if bench.is_quick else (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)
    for n_members in (2,) if bench.is_quick else (256, 32, 1024):
        for density in reversed(densities):  # the dense ensemble takes the same time at each
            if not bench.has_time():
                return
            members = _members(bench, density, n_members)
            rates, notes = {}, []
            for name in ("dense", "sparse"):
                rates[name], why = _engine_rate(bench, name, members)
                notes += [f"{name}: {why}"] if why else []
            both = None not in rates.values()
            yield {
                "nets": n_members,
                "density": density,
                "dense": rates["dense"],
                "sparse": rates["sparse"],
                "sparse / dense": rates["sparse"] / rates["dense"] if both else None,
                "note": "; ".join(notes),
            }


# 2. What does TF32 bring, and what does it change?


def tf32(bench: Bench) -> Iterator[Row]:
    """Train the same ensemble in fp32, twice, and in TF32."""
    data = _data(bench)
    order = bench.order(data, 10 if bench.is_quick else 100)
    for n_members in (2,) if bench.is_quick else (256, 32):
        members = _members(bench, 0.1, n_members)
        first: Any = None
        for again, name in enumerate(("fp32", "fp32", "TF32")):
            if not bench.has_time():
                return
            bench.forget_peak()
            with _arithmetic(name):
                engine = _engine(bench, "dense", members)
                losses = engine.advance(order, [0.05] * len(order))
                logits = engine.infer(data.test_images.flatten(1)).logits
                accuracy = float((logits.argmax(dim=2) == data.test_labels).double().mean())
                rate = _topology_epochs(bench, _advance_of(engine), n_members)
            first = losses if first is None else first
            differences = np.abs(losses - first)
            yield {
                "nets": n_members,
                "arithmetic": "fp32 again" if again == 1 else name,
                "topology-epochs/s": rate,
                "largest difference of losses": float(differences.max()),
                f"largest at step {len(order)}": float(differences[-1].max()),
                "mean loss at that step": float(losses[-1].mean()),
                "mean accuracy then": accuracy,
            }


# 3. Which way do ensembles of convolutions go?


@dataclass(frozen=True)
class Convolutions:
    """Convolutions with ReLU and 2 x 2 pooling, for several nets."""

    size: int
    channels: tuple[int, ...]
    kernel: int

    def layer(self, values: Tensor, weight: Tensor, groups: int = 1) -> Tensor:
        """Map values of shape (n, groups * channels, height, width)."""
        found = functional.conv2d(values, weight, padding=self.kernel // 2, groups=groups)
        return functional.max_pool2d(found.relu(), 2)

    def one(self, images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the outputs of one net."""
        for weight in weights:
            images = self.layer(images, weight)
        return images

    def grouped(self, images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the outputs of all nets: the first layer one convolution, then a group each."""
        n_nets, values = len(weights[0]), images
        for number, weight in enumerate(weights):
            values = self.layer(values, weight.flatten(0, 1), n_nets if number else 1)
        return values.unflatten(1, (n_nets, -1)).transpose(0, 1)

    def mapped(self, images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the outputs of all nets by ``torch.func.vmap``."""
        return torch.func.vmap(self.one, in_dims=(None, 0))(images, tuple(weights))

    def unfolded(self, images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        """Return the outputs of all nets by batched products with patches of the images."""
        n_nets, n_images, values = len(weights[0]), len(images), images[None]
        size, margin = self.kernel, (self.kernel // 2,) * 4
        for weight in weights:
            side, n_held = values.shape[-1], len(values)
            # not functional.unfold, which on CUDA goes through the images one by one
            windows = functional.pad(values, margin).unfold(3, size, 1).unfold(4, size, 1)
            columns = windows.permute(0, 2, 5, 6, 1, 3, 4).flatten(1, 3).flatten(2)
            rows = weight.flatten(2)
            if n_held == 1:  # the images, which all nets share
                found = (rows.flatten(0, 1) @ columns[0]).unflatten(0, (n_nets, -1))
            else:
                found = rows.bmm(columns)
            shaped = found.unflatten(2, (n_images, side, side)).transpose(1, 2)
            values = functional.max_pool2d(shaped.relu().flatten(0, 1), 2)
            values = values.unflatten(0, (n_nets, n_images))
        return values


def convolutions(bench: Bench) -> Iterator[Row]:
    """Time forward and backward through the convolutions of an ensemble, masks on gradients."""
    nets = {
        "lenet-5": Convolutions(28, (1, 20, 50), 5),
        "conv-net": Convolutions(32, (3, 32, 64, 128), 3),
    }
    if bench.is_quick:
        nets = {"tiny": Convolutions(8, (1, 2, 3), 3)}
    torch.backends.cudnn.benchmark = True  # shapes do not change: let cuDNN try its kernels
    try:
        for n_nets in (2,) if bench.is_quick else (32, 8, 128):
            for (name, net), arithmetic in itertools.product(nets.items(), ARITHMETICS):
                if not bench.has_time():
                    return
                with _arithmetic(arithmetic):
                    found = _convolution_rates(bench, net, n_nets)
                yield {"net": name, "nets": n_nets, "arithmetic": arithmetic} | found
    finally:
        torch.backends.cudnn.benchmark = False


def _convolution_rates(bench: Bench, net: Convolutions, n_nets: int) -> Row:
    """Return images times nets per second of each way, and how far gradients are apart."""
    sizes = itertools.pairwise(net.channels)
    weights, masks = [], []
    for number, (n_in, n_out) in enumerate(sizes):
        shape = (n_nets, n_out, n_in, net.kernel, net.kernel)
        masks.append((bench.randn(*shape, seed=number + 20) > 1).float())  # 16 % are kept
        weights.append(bench.randn(*shape, seed=number) * masks[-1] / (n_in * net.kernel))
    images = bench.randn(bench.batch, net.channels[0], net.size, net.size, seed=9)
    upstream = bench.randn(*net.one(images, [weight[0] for weight in weights]).shape, seed=8)
    stacked = [weight.requires_grad_() for weight in weights]
    apart = [
        [weight.detach()[number].clone().requires_grad_() for weight in weights]
        for number in range(n_nets)
    ]

    def loop() -> list[Tensor]:
        found = []
        for number, own in enumerate(apart):
            gradients = torch.autograd.grad(net.one(images, own), own, upstream)
            torch._foreach_mul_(list(gradients), [mask[number] for mask in masks])
            found.append(gradients)
        return [torch.stack(layer) for layer in zip(*found, strict=True)]

    def together(forward: Callable[[Tensor, Sequence[Tensor]], Tensor]) -> list[Tensor]:
        outputs = forward(images, stacked)
        gradients = list(torch.autograd.grad(outputs, stacked, upstream.expand_as(outputs)))
        torch._foreach_mul_(gradients, masks)
        return gradients

    ways: dict[str, Callable[[], list[Tensor]]] = {
        "loop": loop,
        "grouped": lambda: together(net.grouped),
        "vmap": lambda: together(net.mapped),
        "patches and bmm": lambda: together(net.unfolded),
    }
    expected, rates, notes, apart_by = loop(), {}, [], 0.0
    for name, way in ways.items():
        found, why = bench.tried(lambda way=way: (way(), bench.best(way)))
        rates[name] = None if found is None else n_nets * bench.batch / found[1]
        notes += [f"{name}: {why}"] if why else []
        if found is not None:
            pairs = zip(found[0], expected, strict=True)
            far = max(float((one - two).abs().max() / two.abs().max()) for one, two in pairs)
            apart_by = max(apart_by, far)
    return rates | {"gradients apart by": apart_by, "note": "; ".join(notes)}


# 4. Is a run the same, bit by bit, when it is done again?


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
    data, many = _data(bench), 2 if bench.is_quick else 64
    yield "dense", f"{many} of density .1", _members(bench, 0.1, many), data
    for density in (0.1, 0.01):
        yield "sparse", f"{many} of density {density:g}", _members(bench, density, many), data
    yield "radix", "2 RadiX-Nets", _radix_members(bench, 2), data
    yield "module", "2 of density .1", _members(bench, 0.1, 2), data
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
            engine = _engine(bench, name, members, data)
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


# 5. Which form for RadiX layers?


@dataclass(frozen=True)
class RadixCase:
    """A RadiX layer with its weights in the order of every form, and a batch."""

    bench: Bench
    layer: Kronecker
    kind: torch.dtype

    @functools.cached_property
    def places(self) -> Pattern:
        """The circulant without its Kronecker factor: the pattern of the blocks."""
        alone = Kronecker(self.layer.base, self.layer.radix, self.layer.place_value)
        return Pattern.of_layer(Layer("layer1", 0, 1, alone))

    @functools.cached_property
    def blocks(self) -> Tensor:
        """Weights as blocks, (blocks, dense_out, dense_in), by target place."""
        dense = self.layer.dense_in
        blocks = self.bench.randn(self.places.n_edges, dense, dense) / (dense * self.layer.radix)
        return blocks.to(self.kind)

    def vector(self) -> Tensor:
        """Return the weights in the order of the layer's `Pattern`."""
        base, radix = self.layer.base, self.layer.radix
        return self.blocks.unflatten(0, (base, radix)).permute(2, 0, 3, 1).reshape(-1)

    def batch(self, seed: int) -> Tensor:
        """Return values of units (n, batch)."""
        return self.bench.randn(self.layer.shape[0], self.bench.batch, seed=seed).to(self.kind)

    def by_block(self, values: Tensor) -> Tensor:
        """Return values of units with those of a block side by side."""
        return values.unflatten(0, (-1, self.layer.base)).transpose(0, 1).flatten(0, 1)

    def by_unit(self, values: Tensor) -> Tensor:
        """Return the inverse of `by_block`."""
        return values.unflatten(0, (self.layer.base, -1)).transpose(0, 1).flatten(0, 1)


Form = tuple[Callable[[], Tensor], Step]
"""What gives the outputs, in the order of the units, and a step with all gradients."""


def _by_autograd(case: RadixCase, weights: Tensor, product: Callable[..., Tensor]) -> Form:
    weights.requires_grad_()
    x, upstream = case.batch(1).requires_grad_(), case.batch(2)

    def step() -> object:
        return torch.autograd.grad(product(weights, x=x), (weights, x), upstream)

    def forward() -> Tensor:
        with torch.no_grad():
            return product(weights, x=x)

    return forward, step


def _shifted_views(case: RadixCase) -> Form:
    form = BandedForm.of(case.layer)
    targets, sources = form.edges()
    order = torch.from_numpy(np.lexsort((sources, targets))).to(case.bench.device)
    weights = torch.empty_like(case.vector()).index_copy_(0, order, case.vector())
    return _by_autograd(case, weights, functools.partial(banded_linear, form=form))


def _rows(case: RadixCase) -> Form:
    pattern = Pattern.of_layer(Layer("layer1", 0, 1, case.layer))
    layout = SparseLayout.of_patterns([pattern], case.bench.device)
    return _by_autograd(case, case.vector(), functools.partial(sparse_linear, layout=layout))


def _blocks(case: RadixCase, product: Callable[[Tensor, Tensor], Tensor]) -> Form:
    """Return block-sparse products; gradients on blocks are products of gathered blocks."""
    device, base, dense = case.bench.device, case.layer.base, case.layer.dense_in
    shape = (case.layer.shape[1], case.layer.shape[0])
    sides = [torch.from_numpy(side).int() for side in (case.places.offsets, case.places.sources)]
    offsets, sources = (side.to(device) for side in sides)
    numbers = np.arange(case.places.n_edges, dtype=np.int32)
    held = (numbers, case.places.sources, case.places.offsets)
    turned = scipy.sparse.csr_array(held, shape=(base, base)).tocsc()
    back = (turned.indptr, turned.indices, turned.data)
    back_offsets, back_targets, order = (torch.from_numpy(side).int().to(device) for side in back)
    targets = torch.from_numpy(case.places.targets()).long().to(device)
    blocks = case.blocks
    x, upstream = case.by_block(case.batch(1)), case.by_block(case.batch(2))

    def made(offsets: Tensor, places: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
        return torch.sparse_bsr_tensor(offsets, places, values, shape, check_invariants=False)

    def forward() -> Tensor:
        return product(made(offsets, sources, blocks, shape), x)

    def step() -> None:
        forward()
        across = blocks.index_select(0, order).transpose(1, 2).contiguous()
        product(made(back_offsets, back_targets, across, shape[::-1]), upstream)
        heard = x.unflatten(0, (base, dense)).index_select(0, sources)
        told = upstream.unflatten(0, (base, dense)).index_select(0, targets)
        told.bmm(heard.transpose(1, 2))

    return lambda: case.by_unit(forward()), step


def _triton(matrix: Tensor, x: Tensor) -> Tensor:
    from torch.sparse._triton_ops import bsr_dense_addmm  # private, and only there with Triton

    empty = x.new_empty(matrix.shape[0], x.shape[1])
    return bsr_dense_addmm(empty, matrix, x, beta=0)


def _dense(case: RadixCase) -> Form:
    """Return the dense matrix of the same layer, its gradient not even masked."""
    if case.layer.shape[0] > 1 << 14:
        raise ValueError("not tried at this width")
    pattern = Pattern.of_layer(Layer("layer1", 0, 1, case.layer))
    ends = [torch.from_numpy(side).long() for side in (pattern.targets(), pattern.sources)]
    weights = torch.zeros(pattern.shape[::-1], dtype=case.kind, device=case.bench.device)
    weights[ends[0].to(case.bench.device), ends[1].to(case.bench.device)] = case.vector()
    return _by_autograd(case, weights, lambda weights, x: weights @ x)


FORMS: dict[str, tuple[Callable[[RadixCase], Form], tuple[str, ...]]] = {
    "CSR, sparse_linear": (_rows, ("fp32",)),
    "shifted views": (_shifted_views, (*ARITHMETICS, "bf16")),
    "BSR @ x": (functools.partial(_blocks, product=torch.matmul), (*ARITHMETICS, "bf16")),
    "BSR, bsr_dense_addmm": (functools.partial(_blocks, product=_triton), (*ARITHMETICS, "bf16")),
    "dense": (_dense, (*ARITHMETICS, "bf16")),
}


def radix(bench: Bench) -> Iterator[Row]:
    """Time the forms of RadiX layers: forward, and with the gradients on weights and inputs.

    Gradients of BSR are by hand, as autograd has none for its values on CUDA: a stored
    transpose, and batched products of gathered blocks.
    """
    factors, widths, strides = (16, 32), (16384, 65536), (1, 8)
    if bench.is_quick:
        factors, widths, strides = (16,), (256,), (2,)
    radix = 2 if bench.is_quick else 8
    for width, factor, stride in itertools.product(widths, factors, strides):
        layer = Kronecker(width // factor, radix, stride, factor, factor)
        expected = None
        for name, (make, arithmetics) in FORMS.items():
            for arithmetic in arithmetics:
                if not bench.has_time():
                    return
                kind = torch.bfloat16 if arithmetic == "bf16" else torch.float32
                with _arithmetic(arithmetic):
                    found, why = bench.tried(
                        functools.partial(_form_times, make, RadixCase(bench, layer, kind))
                    )
                outputs, times, gradients_why = found or (None, (None, None, None), "")
                if expected is None:
                    expected = outputs
                is_known = outputs is not None and expected is not None
                yield {
                    "D": factor,
                    "width": width,
                    "stride": stride,
                    "form": name,
                    "arithmetic": arithmetic,
                    "forward, ms": times[0],
                    "with gradients, ms": times[1],
                    "peak, MiB": times[2],
                    "apart by": _apart(outputs, expected) if is_known else None,
                    "note": why or gradients_why,
                }


def _form_times(
    make: Callable[[RadixCase], Form], case: RadixCase
) -> tuple[Tensor, tuple[float, float | None, float | None], str]:
    """Return outputs on the CPU, both times and the peak memory, and why there is no second."""
    forward, step = make(case)
    outputs = forward().float().cpu()
    seconds = 1e3 * case.bench.best(forward)
    with_gradients, why = case.bench.tried(lambda: 1e3 * case.bench.best(step))
    peak = case.bench.peak()
    said = f"forward only: {why}" if why else ""
    return outputs, (seconds, with_gradients, None if peak is None else peak / 2**20), said


def _apart(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max() / other.abs().max())


# 6. How much faster than a loop over modules?


def aim(bench: Bench) -> Iterator[Row]:
    """Time the engines beside a plain loop over modules: the aim is a hundred times its speed."""
    densities = (0.1,) if bench.is_quick else (0.1, 0.01, 0.5)
    n_members = 2 if bench.is_quick else 256
    for density in densities:
        members = _members(bench, density, n_members)
        loop: float | None = None
        for name, arithmetic, n_nets, make in _ways(bench, members):
            if not bench.has_time():
                return
            with _arithmetic(arithmetic):
                rate, why = bench.tried(
                    lambda make=make, n_nets=n_nets: _topology_epochs(bench, make(), n_nets)
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
        make = functools.partial(_masked_loop, bench, members[0], masked)
        yield f"loop, masks on {masked}", arithmetic, 1, make
    few = members[:4]
    yield "engine module", "fp32", len(few), lambda: _advance_of(_engine(bench, "module", few))
    for name, arithmetic in (("dense", "fp32"), ("dense", "TF32"), ("sparse", "fp32")):
        make = functools.partial(_plain_advance, bench, name, members)
        yield f"engine {name}", arithmetic, len(members), make
    for name, arithmetic in (("dense", "fp32"), ("dense", "TF32"), ("sparse", "fp32")):
        graphed = functools.partial(_graphed, bench, name, members)
        yield f"engine {name}, a CUDA graph", arithmetic, len(members), graphed


def _plain_advance(bench: Bench, name: str, members: list[Member]) -> Advance:
    return _advance_of(_engine(bench, name, members))


def _masked_loop(bench: Bench, member: Member, masked: str) -> Advance:
    """Return what trains one net as one would by hand, without a look at the loss."""
    data, device = _data(bench), bench.device
    module = build_model("lenet-300-100", data.shape, widths=bench.widths[1:-1]).to(device)
    optimizer = optimizer_of(module, MODERN)
    linear = [layer for layer in module if isinstance(layer, nn.Linear)]
    masks = [
        torch.from_numpy(np.ascontiguousarray(layer.biadjacency.to_csr().toarray().T != 0))
        for layer in member.graph.layers
    ]
    apply_masks(module, {f"fc{number}.weight": mask for number, mask in enumerate(masks, 1)})
    factors = [mask.to(device).float() for mask in masks]
    images, labels = data.train_images.flatten(1), data.train_labels

    def forward(values: Tensor) -> Tensor:
        if masked == "gradients":
            return module(values)
        for number, (layer, mask) in enumerate(zip(linear, factors, strict=True)):
            values = values.relu() if number else values
            values = functional.linear(values, layer.weight * mask, layer.bias)
        return values

    def advance(order: Tensor) -> None:
        for rows in order.to(device):
            optimizer.zero_grad()
            functional.cross_entropy(forward(images[rows]), labels[rows]).backward()
            if masked == "gradients":
                for layer, mask in zip(linear, factors, strict=True):
                    layer.weight.grad *= mask
            optimizer.step()

    return advance


def _graphed(bench: Bench, name: str, members: list[Member]) -> Advance:
    """Return the steps of an engine, recorded once and replayed; on a CPU not recorded."""
    engine = _engine(bench, name, members)
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


# 7. How wide can a layer be?


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
    engine = _engine(bench, "dense", [Member.of_graph(chain(layers))], data)
    order = torch.arange(bench.batch)[None]
    return lambda: engine.advance(order, [RATE])


SECTIONS: dict[str, tuple[str, Callable[[Bench], Iterator[Row]]]] = {
    "breakeven": ("topology-epochs/s of the engines dense and sparse", break_even),
    "tf32": ("the dense engine in TF32 against fp32", tf32),
    "convolutions": ("images x nets per second, forward and backward", convolutions),
    "determinism": ("two runs from the same seeds", determinism),
    "radix": ("RadiX layers as shifted views, CSR, BSR and dense", radix),
    "aim": ("engines against a loop over modules", aim),
    "widest": ("the widest layer with 32 edges a unit that can be trained", widest),
}

if __name__ == "__main__":
    main()
