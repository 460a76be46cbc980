"""How a net is trained: every switch has a name."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from topograph.errors import ParameterError

Initialisation: TypeAlias = Literal["fan_in", "truncated_normal"]
Pixels: TypeAlias = Literal["unit", "standardised"]


@dataclass(frozen=True)
class Recipe:
    """Optimiser, schedule, input scale and initialisation of a training run.

    Parameters
    ----------
    name : str
    batch_size : int
        Images of a step; the rest of an epoch that fills no batch is left out.
    rates : tuple of (int, float)
        ``(step, rate)``: from this step on the learning rate is this; the first step is 0.
    cosine : bool, default False
        Whether the rate is multiplied by ``(1 + cos(pi step / n_steps)) / 2``.
    momentum : float, default 0.0
        Of SGD.
    l2 : float, default 0.0
        Adds ``l2 / 2 * sum(w^2)`` over the weights of fully connected layers to the loss.
    pixels : {"unit", "standardised"}, default "standardised"
        Pixels from 0 to 1, or of mean 0 and deviation 1 over the data set.
    augmentation : bool, default False
        Random crop, flip, brightness and contrast, each image standardised by itself.
    initialisation : {"fan_in", "truncated_normal"}, default "fan_in"
        See `topograph.training.initialise`.
    relu_logits : bool, default False
        Whether the outputs of LeNet-300-100 go through a ReLU.
    n_steps : int, optional
        Length of training in steps; either this or ``n_epochs``.
    n_epochs : int, optional
        Length in passes through the training images.

    Examples
    --------
    >>> ALFORD_2018.rate_at(9_999, 15_000), ALFORD_2018.rate_at(10_000, 15_000)
    (0.2, 0.1)
    >>> MODERN.rate_at(50, 100)
    0.025
    >>> MODERN.length(60_000)
    9360
    """

    name: str
    batch_size: int
    rates: tuple[tuple[int, float], ...]
    cosine: bool = False
    momentum: float = 0.0
    l2: float = 0.0
    pixels: Pixels = "standardised"
    augmentation: bool = False
    initialisation: Initialisation = "fan_in"
    relu_logits: bool = False
    n_steps: int | None = None
    n_epochs: int | None = None

    def __post_init__(self) -> None:
        if (self.n_steps is None) == (self.n_epochs is None):
            raise ParameterError("A recipe must have either n_steps or n_epochs, and not both.")
        if not self.rates or self.rates[0][0] != 0:
            raise ParameterError.expected("rates", "pairs whose first is of step 0", self.rates)
        if self.batch_size < 1:
            raise ParameterError.expected("batch_size", "at least 1", self.batch_size)

    def length(self, n_images: int) -> int:
        """Return the number of steps on a training set of ``n_images``."""
        if self.n_steps is not None:
            return self.n_steps
        return (self.n_epochs or 0) * max(1, n_images // self.batch_size)

    def rate_at(self, step: int, n_steps: int) -> float:
        """Return the learning rate of ``step``, counted from 0, of ``n_steps``."""
        rate = next(rate for start, rate in reversed(self.rates) if step >= start)
        if not self.cosine:
            return rate
        return rate * (1 + math.cos(math.pi * step / n_steps)) / 2

    def provenance(self) -> dict[str, Any]:
        """Return all switches; fit for JSON."""
        return dataclasses.asdict(self) | {"rates": [list(pair) for pair in self.rates]}


ALFORD_2018 = Recipe(
    "alford2018",
    batch_size=100,
    rates=((0, 0.2), (10_000, 0.1), (20_000, 0.05)),
    l2=0.004,
    pixels="unit",
    initialisation="truncated_normal",
    relu_logits=True,
    n_steps=15_000,
)
"""The protocol of Alford et al., "Training Behavior of Sparse Neural Network Topologies"."""

MODERN = Recipe(
    "modern", batch_size=128, rates=((0, 0.05),), cosine=True, momentum=0.9, n_epochs=20
)
"""SGD with momentum and a cosine schedule, weights scaled by the true fan-in, linear logits."""

RECIPES = {recipe.name: recipe for recipe in (MODERN, ALFORD_2018)}


def find_recipe(name: str, data: str) -> Recipe:
    """Return a recipe by name, for a data set.

    The protocol of Alford et al. distorts the images of CIFAR-10, and those alone.

    Raises
    ------
    ParameterError
        If there is no recipe of that name.

    Examples
    --------
    >>> find_recipe("alford2018", "mnist").augmentation
    False
    >>> find_recipe("alford2018", "cifar10").augmentation
    True
    """
    if name not in RECIPES:
        raise ParameterError.expected("A recipe", f"one of {', '.join(RECIPES)}", name)
    recipe = RECIPES[name]
    if recipe is ALFORD_2018 and data == "cifar10":
        return dataclasses.replace(recipe, augmentation=True)
    return recipe
