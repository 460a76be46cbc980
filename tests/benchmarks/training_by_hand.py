"""How would one train a masked net by hand?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from topograph.training import MODERN, Dataset, apply_masks, build_model
from topograph.training.engines.member import Member
from topograph.training.optimizers import optimizer_of

Advance = Callable[[Tensor], object]  # takes a step for each row of numbers of images


def masked_loop(member: Member, data: Dataset, masked: str) -> Advance:
    """Return what trains one net where the data are, without a look at the loss.

    ``masked`` is "weights", for weights times masks, or "gradients".
    """
    device = data.train_images.device
    module = build_model("lenet-300-100", data.shape, widths=member.widths[1:-1]).to(device)
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
