"""PyTorch's optimizer for a module, as a recipe names it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from topograph.training.recipes import Recipe


@contextmanager
def l2_in_gradients(module: nn.Module, recipe: Recipe) -> Iterator[None]:
    """Let a step see what ``l2`` of a recipe adds to gradients, where its optimizer does not.

    AdamW has ``weight_decay`` for something else; `optimizer_of` gives the others the ``l2``.
    Gradients are without it again afterwards.
    """
    kept = []
    if recipe.optimizer == "adamw" and recipe.l2:
        for weight in _linear_weights(module):
            if weight.grad is not None:
                kept.append((weight, weight.grad))
                weight.grad = weight.grad.add(weight.detach(), alpha=recipe.l2)
    try:
        yield
    finally:
        for weight, gradient in kept:
            weight.grad = gradient


def optimizer_of(module: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """Return the recipe's optimizer; decay is on the weights of linear layers alone.

    Parameters
    ----------
    module : nn.Module
        On its device.
    recipe : Recipe
        Optimizer, momentum or betas, and decay; the rate is set step by step.

    Examples
    --------
    >>> from topograph.training.recipes import ALFORD_2018
    >>> optimizer = optimizer_of(nn.Linear(3, 2), ALFORD_2018)
    >>> [group["weight_decay"] for group in optimizer.param_groups]
    [0.004, 0.0]
    """
    linear = _linear_weights(module)
    decayed = {id(weight) for weight in linear}
    others = [parameter for parameter in module.parameters() if id(parameter) not in decayed]
    decay = recipe.weight_decay if recipe.optimizer == "adamw" else recipe.l2
    both: list[dict[str, Any]] = [
        {"params": linear, "weight_decay": decay},
        {"params": others, "weight_decay": 0.0},
    ]
    groups = [group for group in both if group["params"]]
    rate = recipe.rates[0][1]
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(groups, lr=rate, momentum=recipe.momentum)
    kind = torch.optim.Adam if recipe.optimizer == "adam" else torch.optim.AdamW
    return kind(groups, lr=rate, betas=recipe.betas, eps=recipe.epsilon)


def _linear_weights(module: nn.Module) -> list[nn.Parameter]:
    """Return the weights of linear layers; one that is shared, once."""
    found: dict[int, nn.Parameter] = {}
    for child in module.modules():
        if isinstance(child, nn.Linear):
            found[id(child.weight)] = child.weight  # type: ignore[assignment]  # of torch's types
    return list(found.values())
