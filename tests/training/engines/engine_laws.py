"""The laws every engine is held against."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from tests.training.engines.plain_loop import random_member, schedule, train_plainly
from topograph.training.data.dataset import Dataset
from topograph.training.engines.engine import Engine, flat_images
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.recipes import Recipe

MakeEngine: TypeAlias = Callable[[Sequence[Member], Dataset, Recipe], Engine]


def check_engine(
    make_engine: MakeEngine, members: Sequence[Member], data: Dataset, recipe: Recipe
) -> None:
    """Hold an engine against all laws below."""
    check_steps(make_engine, members, data, recipe)
    check_restoring(make_engine, members, data, recipe)
    check_retirement(make_engine, members, data, recipe)


def check_steps(
    make_engine: MakeEngine,
    members: Sequence[Member],
    data: Dataset,
    recipe: Recipe,
    n_steps: int = 20,
) -> None:
    """Losses, weights, biases, gradients and logits are those of the plain loop."""
    engine = make_engine(members, data, recipe)
    assert tuple(engine.members) == tuple(members)
    for member, found in zip(members, engine.parameters(), strict=True):
        for layer, drawn in zip(found, initial_parameters(member, recipe), strict=True):
            assert _same_layer(layer, drawn)
    assert np.isnan(engine.gradient_norms()).all()
    order, rates = schedule(data, recipe, n_steps)
    half = n_steps // 2
    parts = (slice(half), slice(half, None))
    losses = np.concatenate([engine.advance(order[part], rates[part]) for part in parts])
    assert losses.dtype == np.float32
    assert losses.shape == (n_steps, len(members))
    images = flat_images(data)[0][:50]
    inference, norms, parameters = (
        engine.infer(images),
        engine.gradient_norms(),
        engine.parameters(),
    )
    assert len(inference.active) == len(members)
    for index, member in enumerate(members):
        run = train_plainly(member, data, recipe, order, rates)
        np.testing.assert_allclose(losses[:, index], run.losses, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(norms[index], run.gradient_norms, rtol=1e-4, atol=1e-6)
        for number, layer in enumerate(parameters[index]):
            torch.testing.assert_close(layer.weights, run.weights[number], rtol=1e-5, atol=1e-5)
            if run.biases is None:
                assert layer.biases is None
            else:
                torch.testing.assert_close(layer.biases, run.biases[number], rtol=1e-5, atol=1e-5)
        _check_inference(run.net, images, inference.logits[index], inference.active[index])
    engine.check_zeros_outside()


def _check_inference(
    net: nn.Sequential, images: Tensor, logits: Tensor, active: Sequence[Tensor]
) -> None:
    with torch.no_grad():
        torch.testing.assert_close(logits.cpu(), net(images), rtol=1e-4, atol=1e-4)
        values, hidden = images, []
        for module in net[: -1 if isinstance(net[-1], nn.Linear) else -2]:
            values = module(values)
            if isinstance(module, nn.ReLU):
                hidden.append(values)
    assert len(active) == len(hidden)
    for found, level in zip(active, hidden, strict=True):
        assert found.dtype == torch.bool
        assert found.shape == level.shape[1:]
        highest = level.amax(dim=0)
        is_clear = (highest == 0) | (highest > 1e-4)  # rounding decides about the others
        assert torch.equal(found[is_clear], (highest > 0)[is_clear])


def check_restoring(
    make_engine: MakeEngine,
    members: Sequence[Member],
    data: Dataset,
    recipe: Recipe,
    n_steps: int = 4,
) -> None:
    """An engine that was stopped and started anew goes on as if nothing had happened."""
    order, rates = schedule(data, recipe, 2 * n_steps, seed=1)
    whole, first, second = (make_engine(members, data, recipe) for _ in range(3))
    start = second.state()
    losses = whole.advance(order, rates)
    first.advance(order[:n_steps], rates[:n_steps])
    kept = first.state()
    continued = first.advance(order[n_steps:], rates[n_steps:])  # must not change what was kept
    np.testing.assert_array_equal(continued, losses[n_steps:])
    second.advance(order[-1:], rates[-1:])  # something to be forgotten
    second.restore(kept)
    assert np.isnan(second.gradient_norms()).all()
    restored = second.advance(order[n_steps:], rates[n_steps:])
    np.testing.assert_array_equal(restored, losses[n_steps:])
    assert_same_state(whole.state(), first.state())
    assert_same_state(whole.state(), second.state())
    second.restore(start)
    np.testing.assert_array_equal(second.advance(order, rates), losses)


def check_retirement(
    make_engine: MakeEngine,
    members: Sequence[Member],
    data: Dataset,
    recipe: Recipe,
    n_steps: int = 3,
) -> None:
    """A retired member is 0 and stays 0, and the others do not notice."""
    order, rates = schedule(data, recipe, 2 * n_steps, seed=2)
    one, other = (make_engine(members, data, recipe) for _ in range(2))
    for engine in (one, other):
        engine.advance(order[:n_steps], rates[:n_steps])
    one.retire(0)
    restored = make_engine(members, data, recipe)
    restored.restore(one.state())
    expected = other.advance(order[n_steps:], rates[n_steps:])
    for engine in (one, restored):
        losses = engine.advance(order[n_steps:], rates[n_steps:])
        assert not np.isfinite(losses[:, 0]).any()
        np.testing.assert_array_equal(losses[:, 1:], expected[:, 1:])
        assert np.isnan(engine.gradient_norms()[0]).all()
        np.testing.assert_array_equal(engine.gradient_norms()[1:], other.gradient_norms()[1:])
        pairs = list(zip(engine.parameters(), other.parameters(), strict=True))
        for layer in pairs[0][0]:
            assert not layer.weights.any()
            assert layer.biases is None or not layer.biases.any()
        for found, wanted in pairs[1:]:
            assert all(_same_layer(*both) for both in zip(found, wanted, strict=True))
        engine.check_zeros_outside()


def check_divergence(make_engine: MakeEngine, data: Dataset, recipe: Recipe, index: int) -> None:
    """A member whose rate is absurd ends in losses that are not finite; the others go on."""
    widths = (data.n_inputs, 20, 15, data.n_classes)
    calm = [random_member(widths, 0.4, seed) for seed in range(3)]
    wild = [*calm]
    wild[index] = dataclasses.replace(calm[index], rate_factor=1e6)
    order, rates = schedule(data, recipe, 30)
    losses = make_engine(wild, data, recipe).advance(order, rates)
    expected = make_engine(calm, data, recipe).advance(order, rates)
    is_finite = np.isfinite(losses[:, index])
    assert is_finite[0]
    assert not is_finite[-1]
    assert (np.diff(is_finite.astype(int)) <= 0).all()
    others = [other for other in range(3) if other != index]
    np.testing.assert_array_equal(losses[:, others], expected[:, others])


def assert_same_state(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    """Assert that two states are equal to the last bit."""
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], rtol=0, atol=0, equal_nan=True, msg=name)


def _same_layer(one: LayerParameters, other: LayerParameters) -> bool:
    if (one.biases is None) != (other.biases is None):
        return False
    is_same = torch.equal(one.weights, other.weights)
    return is_same and (one.biases is None or torch.equal(one.biases, other.biases))
