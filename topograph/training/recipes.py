"""How a net is trained: every switch has a name."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from topograph.errors import ParameterError

Initialisation: TypeAlias = Literal["fan_in", "dense_fan_in", "truncated_normal"]
Pixels: TypeAlias = Literal["unit", "standardised"]
OptimizerName: TypeAlias = Literal["sgd", "adam", "adamw"]
OutputLayer: TypeAlias = Literal["as_masked", "dense"]


_CHOICES: dict[str, tuple[str, ...]] = {
    "optimizer": get_args(OptimizerName),
    "pixels": get_args(Pixels),
    "initialisation": get_args(Initialisation),
    "output_layer": get_args(OutputLayer),
}
_RANGES = {
    "batch_size": (1, math.inf),
    "warmup_steps": (0, math.inf),
    "momentum": (0, 1),
    "epsilon": (0, math.inf),
    "l2": (0, math.inf),
    "weight_decay": (0, math.inf),
    "label_smoothing": (0, 1),
    "n_steps": (1, math.inf),
    "n_epochs": (1, math.inf),
}


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
    warmup_steps : int, default 0
        The rate of step ``s`` below this is multiplied by ``(s + 1) / (warmup_steps + 1)``.
    optimizer : {"sgd", "adam", "adamw"}, default "sgd"
        As in PyTorch.
    momentum : float, default 0.0
        Of SGD.
    betas : (float, float), default (0.9, 0.999)
        Of Adam: how much of the running means of gradients and squares a step keeps.
    epsilon : float, default 1e-8
        Of Adam: added to the root of the mean square.
    l2 : float, default 0.0
        Adds ``l2 / 2 * sum(w^2)`` over the weights of fully connected layers to the loss.
    weight_decay : float, default 0.0
        Of AdamW: the same weights are multiplied by ``1 - rate * weight_decay`` every step.
    label_smoothing : float, default 0.0
        Share of each label's weight that is spread evenly over all classes.
    pixels : {"unit", "standardised"}, default "standardised"
        Pixels from 0 to 1, or of mean 0 and deviation 1 over the data set.
    augmentation : bool, default False
        Random crop, flip, brightness and contrast, each image standardised by itself.
    initialisation : {"fan_in", "truncated_normal"}, default "fan_in"
        See `topograph.training.initialise`.
    relu_logits : bool, default False
        Whether the logits go through a ReLU.
    biases : bool, default True
        Whether units of a net of fully connected layers have biases.
    batch_norm : bool, default False
        Whether its hidden levels are normalised over the batch, before the ReLU.
    output_layer : {"as_masked", "dense"}, default "as_masked"
        Whether the last layer is trained with the edges of its mask or with all edges.
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
    warmup_steps: int = 0
    optimizer: OptimizerName = "sgd"
    momentum: float = 0.0
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    l2: float = 0.0
    weight_decay: float = 0.0
    label_smoothing: float = 0.0
    pixels: Pixels = "standardised"
    augmentation: bool = False
    initialisation: Initialisation = "fan_in"
    relu_logits: bool = False
    biases: bool = True
    batch_norm: bool = False
    output_layer: OutputLayer = "as_masked"
    n_steps: int | None = None
    n_epochs: int | None = None

    def __post_init__(self) -> None:
        if (self.n_steps is None) == (self.n_epochs is None):
            raise ParameterError("A recipe must have either n_steps or n_epochs, and not both.")
        steps = [step for step, _ in self.rates]
        if not steps or steps[0] != 0 or steps != sorted(set(steps)):
            raise ParameterError.expected(
                "rates", "pairs (step, rate), the first of step 0, others later", self.rates
            )
        if not all(math.isfinite(rate) and rate >= 0 for _, rate in self.rates):
            raise ParameterError.expected("A learning rate", "finite and at least 0", self.rates)
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ParameterError.expected(
                    name, f"one of {', '.join(allowed)}", getattr(self, name)
                )
        for name, (low, high) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not (low <= value <= high and math.isfinite(value)):
                wanted = f"at least {low:g}" if high == math.inf else f"in {low:g}..{high:g}"
                raise ParameterError.expected(name, wanted, value)
        if not all(0 <= beta < 1 for beta in self.betas):
            raise ParameterError.expected("betas", "each at least 0 and below 1", self.betas)
        for name in ("batch_size", "warmup_steps", "n_steps", "n_epochs"):
            value = getattr(self, name)
            if value is not None and value != int(value):
                raise ParameterError.expected(name, "a whole number", value)
        if self.batch_norm and self.batch_size < 2:
            raise ParameterError.expected(
                "batch_size", "at least 2 with batch_norm", self.batch_size
            )
        if self.weight_decay and self.optimizer != "adamw":
            raise ParameterError(
                f"weight_decay must be 0 for the optimizer {self.optimizer}, but it is "
                f"{self.weight_decay:g}.",
                hint="l2 adds the decay to the loss; weight_decay is that of adamw.",
            )

    def length(self, n_images: int) -> int:
        """Return the number of steps on a training set of ``n_images``."""
        if self.n_steps is not None:
            return self.n_steps
        return (self.n_epochs or 0) * max(1, n_images // self.batch_size)

    def rate_at(self, step: int, n_steps: int) -> float:
        """Return the learning rate of ``step``, counted from 0, of ``n_steps``."""
        rate = next(rate for start, rate in reversed(self.rates) if step >= start)
        if step < self.warmup_steps:
            rate *= (step + 1) / (self.warmup_steps + 1)
        if not self.cosine:
            return rate
        return rate * (1 + math.cos(math.pi * step / n_steps)) / 2

    def provenance(self) -> dict[str, Any]:
        """Return all switches; fit for JSON."""
        rates, betas = [list(pair) for pair in self.rates], list(self.betas)
        return dataclasses.asdict(self) | {"rates": rates, "betas": betas}

    def switches(self) -> dict[str, Any]:
        """Return all that matters to a result: everything but the name; fit for JSON."""
        return {key: value for key, value in self.provenance().items() if key != "name"}


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
