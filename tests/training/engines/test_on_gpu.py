"""Engines on a CUDA device against the plain loop on the CPU.

    pytest -m gpu tests/training

Sums are taken in another order there, and by default not in the same order in every run: what
is equal to the last bit on a CPU is held to a tolerance here. `--noconftest` runs it where
hypothesis is not installed.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.training.engines.engine_laws import assert_same_state
from tests.training.engines.gpu_cases import (
    ADAM,
    CASES,
    CPU,
    CUDA,
    MOMENTUM,
    ON_GPU,
    assert_close,
    made,
    spots,
)
from tests.training.engines.plain_loop import (
    PLAIN,
    RECIPES_TO_TRY,
    random_member,
    schedule,
    train_plainly,
)
from topograph import from_layers
from topograph.training import build_model, prunable_parameters
from topograph.training.engines import radix_layers
from topograph.training.engines.choosing import make_engine
from topograph.training.engines.engine import flat_images
from topograph.training.engines.member import Member, initial_parameters
from topograph.training.engines.model_member import ModelMember
from topograph.training.ensemble import Watch, train_ensemble

pytestmark = ON_GPU
COMMON_TENSORS = [name for name, case in CASES.items() if case.engine != "module"]


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
    return spots()


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


@pytest.mark.parametrize("case", COMMON_TENSORS, indirect=True)
@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_weights_that_are_not_numbers_touch_no_other_member(case, data, poison):
    """Products of sparse matrices must skip what is not stored, and not multiply it by 0."""
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
