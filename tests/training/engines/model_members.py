"""Models as members, and the obvious way to train one."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from tests.training.engines.plain_loop import plain_optimizer
from topograph.training import build_model, initialise, prunable_parameters
from topograph.training.data.augmentation import augment
from topograph.training.engines.model_member import ModelMember
from topograph.training.engines.module import ModuleEngine, distortion_generator

CPU = torch.device("cpu")
SHAPE = (1, 8, 8)


def make_module(members, data, recipe):
    return ModuleEngine(members, data, recipe, CPU)


def masks_of(model, density=0.3, seed=0, leave=()):
    """Return random masks of all layers of a model but some, for the digits."""
    rng = np.random.default_rng(seed)
    return {
        name: torch.from_numpy(rng.random(tuple(weight.shape)) < density)
        for name, weight in prunable_parameters(build_model(model, SHAPE), leave).items()
    }


def conv_member(seed=0, rate_factor=1.0, leave=("fc",)):
    return ModelMember(
        f"conv {seed}", "conv-net", masks_of("conv-net", 0.3, seed, leave), seed, rate_factor
    )


def train_model_plainly(member, data, recipe, order, rates, distort=False):
    """Train a model in the obvious way; return it, its losses and its last gradients.

    The gradients are those of the loss, without ``l2``.
    """
    module = build_model(member.model, data.shape)
    initialise(module, recipe.initialisation, member.seed, member.masks)
    linear = [part.weight for part in module.modules() if isinstance(part, nn.Linear)]
    optimizer, losses = plain_optimizer(linear, module, recipe), []
    for rows, rate in zip(order, rates, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = rate * member.rate_factor
        images = data.train_images[rows]
        if distort:
            images = augment(images, distortion_generator(rows))
        optimizer.zero_grad()
        logits = module(images).relu() if recipe.relu_logits else module(images)
        loss = nn.functional.cross_entropy(logits, data.train_labels[rows])
        loss.backward()
        for name, mask in member.masks.items():
            module.get_parameter(name).grad *= mask
        gradients = {name: value.grad.clone() for name, value in module.named_parameters()}
        for weight in linear:
            weight.grad += recipe.l2 * weight.detach()
        optimizer.step()
        losses.append(loss.item())
    return module, losses, gradients
