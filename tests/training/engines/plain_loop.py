"""The obvious way to train a member, and the laws every engine is held against."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from topograph import from_layers
from topograph.training.data.dataset import Dataset
from topograph.training.engines.engine import Engine, flat_images
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.engines.pattern import Pattern
from topograph.training.recipes import MODERN, Recipe

MakeEngine: TypeAlias = Callable[[Sequence[Member], Dataset, Recipe], Engine]

PLAIN = dataclasses.replace(
    MODERN, name="sgd", batch_size=16, rates=((0, 0.05),), momentum=0.0, cosine=False
)
# A large epsilon, as Adam's quotient magnifies rounding where a gradient is nearly 0.
_ADAM = {"rates": ((0, 0.01),), "betas": (0.8, 0.95), "epsilon": 1e-3}
RECIPES_TO_TRY = [
    PLAIN,
    dataclasses.replace(PLAIN, name="momentum and l2", momentum=0.9, l2=0.01),
    dataclasses.replace(PLAIN, name="adam and l2", optimizer="adam", l2=0.01, **_ADAM),
    dataclasses.replace(
        PLAIN, name="adamw and weight decay", optimizer="adamw", weight_decay=0.5, **_ADAM
    ),
    dataclasses.replace(
        PLAIN, name="adamw and both", optimizer="adamw", weight_decay=0.5, l2=0.7, **_ADAM
    ),
    dataclasses.replace(PLAIN, name="label smoothing", label_smoothing=0.2, momentum=0.5),
    dataclasses.replace(PLAIN, name="relu logits", relu_logits=True),
    dataclasses.replace(PLAIN, name="no biases", biases=False, momentum=0.9),
    dataclasses.replace(PLAIN, name="dense fan-in", initialisation="dense_fan_in"),
    dataclasses.replace(PLAIN, name="truncated normal", initialisation="truncated_normal"),
]
"""One recipe for each switch; use with ``ids=lambda recipe: recipe.name``."""


@dataclass(frozen=True, eq=False)
class PlainRun:
    """What became of a member; weights and biases as of `LayerParameters`, by layer."""

    losses: npt.NDArray[np.float32]
    weights: list[Tensor]
    biases: list[Tensor] | None
    gradient_norms: list[float]
    net: nn.Sequential


def random_member(
    widths: Sequence[int], density: float, seed: int = 0, rate_factor: float = 1.0
) -> Member:
    """Return a member whose edges are drawn one by one; units without any are likely."""
    rng = np.random.default_rng(seed)
    pairs = itertools.pairwise(widths)
    graph = from_layers([rng.random(shape) < density for shape in pairs])
    return Member.of_graph(graph, f"random {seed}", seed, rate_factor)


def places(pattern: Pattern) -> tuple[Tensor, Tensor]:
    """Return where the edges are in the weight of an ``nn.Linear``: rows and columns."""
    targets, sources = (torch.from_numpy(ends) for ends in (pattern.targets(), pattern.sources))
    return targets.long(), sources.long()


def plain_net(
    member: Member, layers: Sequence[LayerParameters], recipe: Recipe
) -> tuple[nn.Sequential, list[nn.Linear]]:
    """Return a net of dense layers with these weights, and its linear layers."""
    modules: list[nn.Module] = []
    for pattern, given in zip(member.patterns, layers, strict=True):
        linear = nn.Linear(*pattern.shape, bias=recipe.biases)
        with torch.no_grad():
            linear.weight.zero_()
            linear.weight[places(pattern)] = given.weights
            if recipe.biases:
                linear.bias.copy_(given.biases)
        modules += [linear, nn.ReLU()]
    if not recipe.relu_logits:
        modules.pop()
    return nn.Sequential(*modules), [each for each in modules if isinstance(each, nn.Linear)]


def plain_optimizer(
    weights: Sequence[Tensor], net: nn.Module, recipe: Recipe
) -> torch.optim.Optimizer:
    """Return an optimizer that knows nothing of ``l2``, which the loop adds to the gradients."""
    of_weights = {id(weight) for weight in weights}
    biases = [parameter for parameter in net.parameters() if id(parameter) not in of_weights]
    rate, adam = recipe.rates[0][1], {"betas": recipe.betas, "eps": recipe.epsilon}
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(net.parameters(), lr=rate, momentum=recipe.momentum)
    if recipe.optimizer == "adam":
        return torch.optim.Adam(net.parameters(), lr=rate, **adam)
    groups = [
        {"params": list(weights), "weight_decay": recipe.weight_decay},
        {"params": biases, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=rate, **adam)


def train_plainly(
    member: Member, data: Dataset, recipe: Recipe, order: Tensor, rates: Sequence[float]
) -> PlainRun:
    """Train a member with ``nn.Linear``, ``torch.optim`` and masks on the gradients."""
    net, linear = plain_net(member, initial_parameters(member, recipe), recipe)
    masks = []
    for layer, pattern in zip(linear, member.patterns, strict=True):
        masks.append(torch.zeros_like(layer.weight))
        masks[-1][places(pattern)] = 1.0
    optimizer = plain_optimizer([layer.weight for layer in linear], net, recipe)
    images, labels = flat_images(data)
    losses = []
    for rows, rate in zip(order, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate * member.rate_factor
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(
            net(images[rows]), labels[rows], label_smoothing=recipe.label_smoothing
        )
        loss.backward()
        for layer, mask in zip(linear, masks, strict=True):
            layer.weight.grad *= mask
        losses.append(loss.item())
        norms = [float(layer.weight.grad.norm()) for layer in linear]
        for layer in linear:
            layer.weight.grad += recipe.l2 * layer.weight.detach()
        optimizer.step()
    pairs = zip(linear, member.patterns, strict=True)
    weights = [layer.weight.detach()[places(pattern)] for layer, pattern in pairs]
    biases = [layer.bias.detach().clone() for layer in linear] if recipe.biases else None
    return PlainRun(np.array(losses, np.float32), weights, biases, norms, net)


def schedule(data: Dataset, recipe: Recipe, n_steps: int, seed: int = 0) -> tuple[Tensor, Any]:
    """Return an order of images and rates that change from step to step."""
    generator = torch.Generator().manual_seed(seed)
    shape = (n_steps, recipe.batch_size)
    order = torch.randint(len(data.train_labels), shape, generator=generator)
    return order, [recipe.rates[0][1] * (1 + step % 3) / 2 for step in range(n_steps)]


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
