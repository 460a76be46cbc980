"""The obvious way to train a member."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from topograph import from_layers
from topograph.training.data.dataset import Dataset
from topograph.training.engines.engine import flat_images
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.engines.pattern import Pattern
from topograph.training.recipes import MODERN, Recipe

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
