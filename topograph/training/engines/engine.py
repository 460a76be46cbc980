"""What every engine can do: train members of an ensemble side by side, and be looked into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from topograph.errors import ParameterError
from topograph.training.data.dataset import Dataset
from topograph.training.engines.member import LayerParameters, Member
from topograph.training.recipes import Recipe

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Inference:
    """What the members make of some images.

    Parameters
    ----------
    logits : Tensor of float32, shape (n_members, n_images, n_classes)
    active : tuple of tuple of Tensor
        ``active[member][level]``: boolean, shape (units,), whether a unit of that hidden
        level is above 0 for one of the images; on the CPU.
    """

    logits: Tensor
    active: tuple[tuple[Tensor, ...], ...]


class Engine(Protocol):
    """A way to train the members of an ensemble side by side.

    An engine is made from members, prepared data, a recipe and a device, and starts from
    `initial_parameters`. All engines do the same arithmetic, up to rounding: the mean cross
    entropy of a batch, its gradient on weights and biases, the recipe's optimizer. A member
    whose loss is not finite must leave the others as they are.

    Attributes
    ----------
    name : str
    members : tuple of Member
    """

    name: ClassVar[str]
    members: tuple[Member, ...]

    def advance(self, order: Tensor, rates: Sequence[float]) -> Floats:
        """Take one step a row of ``order``.

        Parameters
        ----------
        order : Tensor of int64, shape (n_steps, batch)
            Numbers of training images; on the CPU. All members see the same.
        rates : sequence of float, length n_steps
            Learning rates, before each member's factor.

        Returns
        -------
        ndarray of float32, shape (n_steps, n_members)
            Mean loss on each batch before its step, without decay; once a member's loss is
            not finite, its further losses are nan or infinite.
        """

    def infer(self, images: Tensor) -> Inference:
        """Run the members on images of shape (n, n_inputs), on the engine's device."""

    def gradient_norms(self) -> Floats:
        """Return the norms of the last step's gradient on weights; shape (n_members, n_layers).

        Without decay, before momentum; nan before the first step and for retired members.
        """

    def parameters(self) -> list[list[LayerParameters]]:
        """Return copies of the weights and biases of every member, on the CPU."""

    def retire(self, member: int) -> None:
        """Set all of a member's weights, biases and optimizer state to 0, for good."""

    def state(self) -> dict[str, Tensor]:
        """Return copies of all that training changes, by name, on the CPU."""

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned, bit by bit; gradients are forgotten."""

    def check_zeros_outside(self) -> None:
        """Assert that no weight outside a mask is other than exactly 0."""


def flat_images(data: Dataset) -> tuple[Tensor, Tensor]:
    """Return training images of shape (n, n_inputs), contiguous, and their labels.

    Raises
    ------
    ParameterError
        If the images are not prepared, or are to be distorted.
    """
    images = data.train_images
    if data.augmented or not images.is_floating_point():
        raise ParameterError(
            "An engine for fully connected nets must get prepared images that are not "
            "distorted in training, but it does not.",
            hint="topograph.training.prepare(data, recipe), with augmentation off.",
        )
    return images.flatten(1).contiguous(), data.train_labels


def check_members(members: Sequence[Member], data: Dataset, recipe: Recipe) -> tuple[Member, ...]:
    """Return the members as a tuple, all fit for the data.

    Raises
    ------
    ParameterError
        If there is none, levels and data do not fit, or batches are to be normalised.
    """
    if not members:
        raise ParameterError("An engine must have one member at least, but it has none.")
    if recipe.batch_norm:
        raise ParameterError(
            "This engine must have a recipe without batch_norm, but it is on.",
            hint="use the engine module.",
        )
    for member in members:
        check_ends(member.name, member.widths, data.name, (data.n_inputs, data.n_classes))
    return tuple(members)


def check_ends(mask: str, widths: Sequence[int], data: str, needed: tuple[int, int]) -> None:
    """Raise ParameterError unless a chain has the inputs and outputs that a data set needs."""
    ends = (widths[0], widths[-1])
    if ends != needed:
        raise ParameterError(
            f"{mask} must have {needed[0]} inputs and {needed[1]} outputs for the data set "
            f"{data}, but it has {ends[0]} and {ends[1]}.",
            hint="topograph.generators.fit_widths drops units; append_dense adds a layer.",
        )


def images_of(data: Dataset, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return `flat_images` on a device."""
    images, labels = flat_images(data)
    return images.to(device), labels.to(device)
