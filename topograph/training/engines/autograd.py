"""The training step of the engines whose gradients PyTorch takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from topograph.training.data.dataset import Dataset
from topograph.training.engines.engine import (
    Floats,
    Inference,
    check_members,
    images_of,
)
from topograph.training.engines.member import LayerParameters, Member
from topograph.training.engines.updates import Updates
from topograph.training.recipes import Recipe


class AutogradEngine(ABC):
    """Step, state and retirement over tensors that hold all members.

    A subclass makes the tensors, says how images go through them, and where in them a
    member's weights are.

    Parameters
    ----------
    members : sequence of Member
    data : Dataset
        Prepared; moved to the device.
    recipe : Recipe
    device : torch.device
    """

    name: ClassVar[str]

    def __init__(
        self, members: Sequence[Member], data: Dataset, recipe: Recipe, device: torch.device
    ) -> None:
        self.members = check_members(members, data, recipe)
        self.recipe, self.device = recipe, device
        self._images, self._labels = images_of(data, device)
        weights, biases, weight_factors, bias_factors = self._make()
        self.weights, self.biases = weights, biases
        self._tensors = [*weights, *biases]
        for tensor in self._tensors:
            tensor.requires_grad_()
        is_weight = [True] * len(weights) + [False] * len(biases)
        self._updates = Updates(recipe, self._tensors, is_weight, [*weight_factors, *bias_factors])
        self._last_norms: Tensor | None = None
        self._retired: set[int] = set()

    @abstractmethod
    def _make(
        self,
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor | float], list[Tensor | float]]:
        """Return weights and biases, one tensor a layer, and the rate factors of each."""

    @abstractmethod
    def _forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return logits, (n_members, n, n_classes), and the values of the hidden levels."""

    @abstractmethod
    def _is_active(self, hidden: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], ...]:
        """Return `Inference.active` from the values of the hidden levels."""

    @abstractmethod
    def _norms(self, gradients: Sequence[Tensor]) -> Tensor:
        """Return the norm of each member's part of each layer's gradient on weights."""

    @abstractmethod
    def _slices(self, member: int) -> list[tuple[Tensor, Tensor]]:
        """Return for each tensor ``(tensor, index)``, the entries that are the member's."""

    @abstractmethod
    def parameters(self) -> list[list[LayerParameters]]:
        """Return copies of the weights and biases of every member, on the CPU."""

    @abstractmethod
    def check_zeros_outside(self) -> None:
        """Assert that no weight outside a mask is other than exactly 0."""

    def _mask(self, gradients: Sequence[Tensor]) -> None:  # noqa: B027  nothing outside to mask
        """Set to 0 what of the gradients lies outside the masks."""

    def advance(self, order: Tensor, rates: Sequence[float]) -> Floats:
        """Take one step a row of ``order``; see `Engine`."""
        losses = []
        is_trained = torch.ones(len(self.members), device=self.device)
        is_trained[sorted(self._retired)] = 0.0
        for step, (rows, rate) in enumerate(zip(order.to(self.device), rates, strict=True)):
            loss = self._losses(self._images[rows], self._labels[rows])
            # the last biases of a retired member would have a gradient
            gradients = list(torch.autograd.grad(loss, self._tensors, is_trained))
            self._mask(gradients)
            if step == len(order) - 1:
                self._last_norms = self._norms(gradients[: len(self.weights)])
            self._updates.step(gradients, rate)
            losses.append(loss.detach())
        found: Floats = torch.stack(losses).cpu().numpy()
        found[:, sorted(self._retired)] = np.nan
        return found

    def _losses(self, images: Tensor, labels: Tensor) -> Tensor:
        logits, _ = self._forward(images)
        n_members, n_images, n_classes = logits.shape
        each = functional.cross_entropy(
            logits.reshape(-1, n_classes),
            labels.repeat(n_members),
            reduction="none",
            label_smoothing=self.recipe.label_smoothing,
        )
        return each.view(n_members, n_images).mean(dim=1)

    @torch.no_grad()
    def infer(self, images: Tensor) -> Inference:
        """Run the members on images of shape (n, n_inputs); see `Engine`."""
        logits, hidden = self._forward(images)
        return Inference(logits, self._is_active(hidden))

    @torch.no_grad()
    def gradient_norms(self) -> Floats:
        """Return the norms of the last step's gradient on weights; see `Engine`."""
        if self._last_norms is None:
            return np.full((len(self.members), len(self.weights)), np.nan)
        found: Floats = self._last_norms.cpu().numpy().copy()
        found[sorted(self._retired)] = np.nan
        return found

    @torch.no_grad()
    def retire(self, member: int) -> None:
        """Set all of a member's weights, biases and optimizer state to 0, for good."""
        self._retired.add(member)
        for number, (tensor, index) in enumerate(self._slices(member)):
            for held in (tensor, *(moments[number] for moments in self._updates.moments)):
                held[index] = 0.0

    def state(self) -> dict[str, Tensor]:
        """Return copies of all that training changes, by name, on the CPU."""
        tensors = {
            f"tensor.{index}": tensor.detach().cpu().clone()
            for index, tensor in enumerate(self._tensors)
        }
        moments = {f"update.{name}": value for name, value in self._updates.state().items()}
        return tensors | moments | {"retired": torch.tensor(sorted(self._retired))}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned, bit by bit; gradients are forgotten."""
        self._last_norms = None
        for index, tensor in enumerate(self._tensors):
            tensor.copy_(state[f"tensor.{index}"])
        prefix = "update."
        self._updates.restore(
            {key.removeprefix(prefix): state[key] for key in state if key.startswith(prefix)}
        )
        self._retired = {int(member) for member in state["retired"]}
