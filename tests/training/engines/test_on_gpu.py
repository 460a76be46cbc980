"""Engines on a CUDA device against the plain loop on the CPU.

    pytest -m gpu tests/training/engines/test_on_gpu.py

Sums are taken in another order there, and by default not in the same order in every run: what
is equal to the last bit on a CPU is held to a tolerance here. `--noconftest` runs it where
hypothesis is not installed.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.training.engines.plain_loop import (
    PLAIN,
    RECIPES_TO_TRY,
    assert_same_state,
    random_member,
    schedule,
    train_plainly,
)
from topograph import from_layers
from topograph.biadjacency import Kronecker
from topograph.generators import family_net, radix_net
from topograph.graph import chain
from topograph.training import Dataset, build_model, prunable_parameters
from topograph.training.bundle import RunPlan, finished_rows, make_bundle
from topograph.training.engines import radix_layers
from topograph.training.engines.choosing import make_engine
from topograph.training.engines.engine import flat_images
from topograph.training.engines.member import Member, initial_parameters
from topograph.training.engines.model_member import ModelMember
from topograph.training.engines.pattern import Pattern
from topograph.training.ensemble import Watch, train_ensemble
from topograph.training.recipes import MODERN
from topograph.training.sparse_layers import SparseLinear

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    pytest.mark.filterwarnings("default"),  # torch warns of its own settings and contexts there
]
torch.set_num_threads(1)
CUDA, CPU = torch.device("cuda"), torch.device("cpu")
ROOT = Path(__file__).parents[3]
MOMENTUM = dataclasses.replace(PLAIN, name="momentum", momentum=0.9)
ADAM = RECIPES_TO_TRY[3]


@dataclass(frozen=True)
class Case:
    """An engine, its members, and which RadiX forms it takes."""

    engine: str
    members: tuple[Any, ...]
    smallest_tiles: tuple[int, int] = radix_layers._SMALLEST_TILES
    long_tile: tuple[int, int] = (radix_layers._LONG_RADIX, radix_layers._LONG_TILE)


def chains(*nets):
    """Return members of (widths, density, rate factor), seeds counted."""
    return tuple(
        random_member(widths, density, seed, factor)
        for seed, (widths, density, factor) in enumerate(nets)
    )


def radix_member(systems, dense_widths=None, direction=1, seed=0, rate_factor=1.0):
    graph = radix_net(systems, dense_widths, direction)
    layers = [layer.biadjacency for layer in graph.layers]
    whole = chain([*layers, Kronecker(1, 1, 1, graph.n_outputs, 10)])
    return Member.of_graph(whole, f"radix {seed}", seed, rate_factor)


ALIKE = chains(
    ((64, 30, 20, 10), 0.5, 1.0), ((64, 30, 20, 10), 0.1, 0.5), ((64, 30, 20, 10), 0.2, 2.0)
)
UNLIKE = chains(
    ((64, 30, 20, 10), 0.5, 1.0), ((64, 7, 90, 10), 0.1, 0.5), ((64, 50, 12, 10), 0.2, 2.0)
)
RADIX = (
    radix_member([[2, 2]], [16, 16, 4]),
    radix_member([[4, 4]], [4, 8, 2], direction=-1, seed=1, rate_factor=0.5),
    radix_member([[8, 8]], seed=2, rate_factor=2.0),
)
CASES = {
    "dense": Case("dense", ALIKE),
    "sparse": Case("sparse", UNLIKE),
    "radix": Case("radix", RADIX),
    "radix, all forms": Case("radix", RADIX, smallest_tiles=(1, 1)),
    "radix, long tiles": Case("radix", RADIX, long_tile=(1, 4)),
    "module": Case("module", UNLIKE),
}


@pytest.fixture(autouse=True)
def _in_fp32():
    """Compute in float32, not in TF32: convolutions round to it unless told otherwise."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    yield
    torch.backends.cudnn.allow_tf32 = before


@pytest.fixture(params=CASES)
def case(request, monkeypatch):
    chosen = CASES[request.param]
    monkeypatch.setattr(radix_layers, "_SMALLEST_TILES", chosen.smallest_tiles)
    monkeypatch.setattr(radix_layers, "_LONG_RADIX", chosen.long_tile[0])
    monkeypatch.setattr(radix_layers, "_LONG_TILE", chosen.long_tile[1])
    return chosen


@pytest.fixture(scope="module")
def data():
    """Images of ten classes that can be told apart, on the CPU; no file and no scikit-learn."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(10, 1, 8, 8, generator=generator)
    labels = torch.randint(10, (700,), generator=generator)
    images = centres[labels] + torch.randn(700, 1, 8, 8, generator=generator) / 2
    return Dataset(
        "spots", images[:500], labels[:500], images[500:], labels[500:], 10, verified=False
    )


def made(case: Case, data, recipe, members: Sequence[Any] | None = None, device=CUDA):
    return make_engine(case.engine, members or case.members, data.to(device), recipe, device)


def assert_close(found, expected, tolerance=1e-4):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance / 10)


@pytest.mark.parametrize("recipe", RECIPES_TO_TRY, ids=lambda recipe: recipe.name)
def test_it_does_what_the_plain_loop_does_on_the_cpu(case, data, recipe):
    engine = made(case, data, recipe)
    for member, found in zip(case.members, engine.parameters(), strict=True):
        for layer, drawn in zip(found, initial_parameters(member, recipe), strict=True):
            assert torch.equal(layer.weights, drawn.weights)
    order, rates = schedule(data, recipe, 20)
    losses = np.concatenate(
        [engine.advance(order[:7], rates[:7]), engine.advance(order[7:], rates[7:])]
    )
    assert losses.dtype == np.float32
    norms, parameters = engine.gradient_norms(), engine.parameters()
    images = flat_images(data)[0][:50]
    inference = engine.infer(images.to(CUDA))
    assert inference.logits.device.type == CUDA.type
    for index, member in enumerate(case.members):
        run = train_plainly(member, data, recipe, order, rates)
        assert_close(losses[:, index], run.losses)
        assert_close(norms[index], run.gradient_norms, 1e-3)
        for number, layer in enumerate(parameters[index]):
            assert_close(layer.weights, run.weights[number], 1e-3)
            assert (layer.biases is None) == (run.biases is None)
            if run.biases is not None:
                assert_close(layer.biases, run.biases[number], 1e-3)
        with torch.no_grad():
            assert_close(inference.logits[index].cpu(), run.net(images), 1e-3)
        widths = [len(level) for level in inference.active[index]]
        assert widths == list(member.widths[1:-1])
        assert all(level.device == CPU for level in inference.active[index])
    engine.check_zeros_outside()


@pytest.mark.parametrize("recipe", [MOMENTUM, ADAM], ids=lambda recipe: recipe.name)
def test_a_run_goes_on_from_its_state(case, data, recipe):
    order, rates = schedule(data, recipe, 8, seed=1)
    whole, first, second = (made(case, data, recipe) for _ in range(3))
    losses = whole.advance(order, rates)
    first.advance(order[:4], rates[:4])
    kept = first.state()
    assert all(tensor.device == CPU for tensor in kept.values())
    assert_close(first.advance(order[4:], rates[4:]), losses[4:])
    second.advance(order[-1:], rates[-1:])  # something to be forgotten
    second.restore(kept)
    assert_same_state(second.state(), kept)
    assert_close(second.advance(order[4:], rates[4:]), losses[4:])
    elsewhere = made(case, data, recipe, device=CPU)
    elsewhere.restore(kept)
    assert_close(elsewhere.advance(order[4:], rates[4:]), losses[4:])
    back = made(case, data, recipe)
    back.restore(elsewhere.state())
    assert_same_state(back.state(), elsewhere.state())


@pytest.mark.parametrize("recipe", [MOMENTUM, ADAM], ids=lambda recipe: recipe.name)
def test_a_retired_member_is_0_and_the_others_do_not_notice(case, data, recipe):
    order, rates = schedule(data, recipe, 6, seed=2)
    one, other = (made(case, data, recipe) for _ in range(2))
    for engine in (one, other):
        engine.advance(order[:3], rates[:3])
    one.retire(0)
    losses, expected = (engine.advance(order[3:], rates[3:]) for engine in (one, other))
    assert not np.isfinite(losses[:, 0]).any()
    assert_close(losses[:, 1:], expected[:, 1:])
    assert np.isnan(one.gradient_norms()[0]).all()
    for layer in one.parameters()[0]:
        assert not layer.weights.any()
        assert layer.biases is None or not layer.biases.any()
    for found, wanted in zip(one.parameters()[1:], other.parameters()[1:], strict=True):
        for layer, like in zip(found, wanted, strict=True):
            assert_close(layer.weights, like.weights, 1e-3)
    one.check_zeros_outside()


@pytest.mark.parametrize("index", [0, 2])
def test_divergence_stays_with_one_member(case, data, index):
    wild = list(case.members)
    wild[index] = dataclasses.replace(wild[index], rate_factor=1e6)
    order, rates = schedule(data, PLAIN, 30)
    losses = made(case, data, PLAIN, wild).advance(order, rates)
    expected = made(case, data, PLAIN).advance(order, rates)
    assert np.isfinite(losses[0, index])
    assert not np.isfinite(losses[-1, index])
    others = [other for other in range(3) if other != index]
    assert_close(losses[:, others], expected[:, others])


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_weights_that_are_not_numbers_touch_no_other_member(case, data, poison):
    """Products of sparse matrices must skip what is not stored, and not multiply it by 0."""
    if case.engine == "module":
        pytest.skip("its members have no tensor in common")
    order, rates = schedule(data, MOMENTUM, 4)
    healthy, ill = (made(case, data, MOMENTUM) for _ in range(2))
    with torch.no_grad():
        for tensor, index in ill._slices(1):
            tensor[index] = poison
    expected, losses = healthy.advance(order, rates), ill.advance(order, rates)
    assert not np.isfinite(losses[:, 1]).any()
    assert_close(losses[:, [0, 2]], expected[:, [0, 2]])
    for other in (0, 2):
        for one, two in zip(healthy.parameters()[other], ill.parameters()[other], strict=True):
            assert_close(one.weights, two.weights, 1e-3)


def test_a_layer_without_edges_is_trained_by_its_biases(data):
    empty = Member.of_graph(from_layers([np.zeros((64, 6), bool), np.ones((6, 10), bool)]))
    members = [empty, random_member((64, 6, 10), 0.5)]
    order, rates = schedule(data, MOMENTUM, 5)
    for members_here in (members, [empty]):
        found, expected = (
            make_engine("sparse", members_here, data.to(device), MOMENTUM, device).advance(
                order, rates
            )
            for device in (CUDA, CPU)
        )
        assert_close(found, expected)


@pytest.mark.parametrize("name", ["lenet-5", "conv-net", "resnet-20"])
def test_convolutions_learn_as_on_the_cpu(data, name):
    weights = prunable_parameters(build_model(name, data.shape))
    generator = torch.Generator().manual_seed(3)
    masks = {
        key: torch.rand(held.shape, generator=generator) < 0.4 for key, held in weights.items()
    }
    members = [ModelMember(name, name, masks, seed) for seed in range(2)]
    order, rates = schedule(data, MOMENTUM, 6)
    engines = [
        make_engine("module", members, data.to(device), MOMENTUM, device) for device in (CUDA, CPU)
    ]
    found, expected = (engine.advance(order, rates) for engine in engines)
    assert_close(found, expected, 1e-2)
    assert_close(found[:2], expected[:2], 1e-3)  # before rounding has grown
    engines[0].check_zeros_outside()
    kept = engines[0].state()
    engines[1].restore(kept)
    assert_same_state(engines[1].state(), kept)
    few = data.test_images[:20]
    logits = [engine.infer(few.to(engine.device)).logits.cpu() for engine in engines]
    assert_close(logits[0], logits[1], 1e-3)


def test_an_ensemble_stopped_between_epochs_goes_on(case, data, tmp_path):
    def train(n_steps, path):
        return train_ensemble(
            lambda used: make_engine(case.engine, case.members, used, MOMENTUM, CUDA),
            data.to(CUDA),
            MOMENTUM,
            n_steps=n_steps,
            watch=Watch(n_validation=50, checkpoint=path, key="same"),
        )[1]

    per_epoch = 450 // MOMENTUM.batch_size
    whole = train(2 * per_epoch, tmp_path / "whole")
    train(per_epoch, tmp_path / "parts")
    parts = train(2 * per_epoch, tmp_path / "parts")
    for one, other in zip(whole, parts, strict=True):
        assert len(one.accuracy) == len(other.accuracy) == 2
        assert_close(one.train_loss, other.train_loss, 1e-3)
        assert one.test_accuracy == pytest.approx(other.test_accuracy, abs=0.02)
        assert one.peak_memory_bytes > 0


def test_a_bundle_trains_from_the_checkout_and_is_collected(data, tmp_path):
    folder, table = tmp_path / "bundle", tmp_path / "table.jsonl"
    nets = {
        f"net-{density:g}": family_net("uniform", (64, 100, 50, 10), density, seed=1)
        for density in (0.5, 0.03)
    }
    pixels = {
        part: (getattr(data, part) * 40 + 128).clamp(0, 255).to(torch.uint8)
        for part in ("train_images", "test_images")
    }
    packed = dataclasses.replace(data, name="digits", **pixels)  # constants are known for digits
    recipe = dataclasses.replace(MODERN, batch_size=50, n_epochs=None, n_steps=60)
    make_bundle(nets, "digits", recipe, folder, seeds=(0, 1), with_proxies=True, pack=packed)
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "cli")]))

    def run(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", "topograph_cli", *map(str, arguments)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    for _ in range(2):  # the second time there is nothing to do
        done = run("train", folder, "--device", CUDA.type, "--members", 1)
        assert "net-0.5" in done.stdout
    assert "4 runs are finished and not done again." in done.stderr
    rows = finished_rows(RunPlan(folder))
    assert {(row["name"], row["engine"]) for row in rows} == {
        ("net-0.5", "dense"),
        ("net-0.03", "sparse"),
    }
    assert {row["device"] for row in rows} == {torch.cuda.get_device_name()}
    assert all(row["peak_memory_bytes"] > 0 and not row["diverged"] for row in rows)
    assert all(row["test_accuracy"] > 0.5 for row in rows if row["name"] == "net-0.5")
    run("collect", folder, "-m", "path_count_cv", "-o", table)
    collected = [json.loads(line) for line in table.read_text().splitlines()]
    assert len(collected) == 4
    assert all("metric.path_count_cv" in row for row in collected)
    assert all(row["proxy.gradient_norm"] > 0 for row in collected)


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
