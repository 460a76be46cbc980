"""The training loop: masked, plain, and nothing more than pruning needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import torch
from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.training.batching import batches
from topograph.training.data.dataset import Dataset
from topograph.training.devices import find_device, in_fast_layout
from topograph.training.evaluating import evaluate
from topograph.training.masking import (
    apply_masks,
    check_zeros_outside,
    checked_masks,
    mask_gradients,
)
from topograph.training.modes import first_step, gradients_of, training_mode
from topograph.training.optimizers import l2_in_gradients, optimizer_of
from topograph.training.recipes import Recipe
from topograph.training.seeding import seeded_chance, seeded_generator

Progress: TypeAlias = Callable[[str, int, int], None]
_LOOK_EVERY = 50  # steps between looks at the loss, which make a device wait


@dataclass(frozen=True)
class FitRecord:
    """What came of a training run.

    Parameters
    ----------
    accuracy, loss : float
        On the test images; a loss that is not finite is given as nan.
    classes_predicted : int
        Classes that some test image gets.
    diverged : bool
        Whether the loss, in training or in the end, was not finite; training stopped there.
    steps : int
        Steps done.
    """

    accuracy: float
    loss: float
    classes_predicted: int
    diverged: bool
    steps: int


@dataclass
class Training:
    """A training run between two steps, as ``on_step`` sees it.

    Parameters
    ----------
    module : nn.Module
    masks : dict of str to Tensor
        Those in force; change them by `replace_masks`.
    step, n_steps : int
        Steps done, and steps in all.
    optimizer : torch.optim.Optimizer
    batch : pair of Tensor
        Images and labels of the last step.
    label_smoothing : float, default 0.0
        Of the loss.
    """

    module: nn.Module
    masks: dict[str, Tensor]
    step: int
    n_steps: int
    optimizer: torch.optim.Optimizer
    batch: tuple[Tensor, Tensor] = field(repr=False)
    label_smoothing: float = 0.0

    def dense_gradients(self) -> dict[str, Tensor]:
        """Return the gradient of every masked weight on the last batch, outside the masks too.

        Nothing drops out, so that it does not depend on chance.
        """
        images, labels = self.batch
        weights = {name: self.module.get_parameter(name) for name in self.masks}
        with first_step(self.module):
            loss = nn.functional.cross_entropy(
                self.module(images), labels, label_smoothing=self.label_smoothing
            )
            return gradients_of(loss, weights)

    @torch.no_grad()
    def replace_masks(self, masks: Mapping[str, Tensor]) -> None:
        """Put other masks in force: weights outside become 0, and new ones start from 0.

        The momentum of weights that are dropped or new is forgotten.
        """
        for name, mask in checked_masks(self.module, masks).items():
            weight = self.module.get_parameter(name)
            old = self.masks.get(name)
            stays = mask if old is None else mask & old
            weight.masked_fill_(~stays, 0.0)
            for value in self.optimizer.state.get(weight, {}).values():
                if isinstance(value, Tensor) and value.shape == weight.shape:
                    value.masked_fill_(~stays, 0.0)
            self.masks[name] = mask


def fit(
    module: nn.Module,
    data: Dataset,
    recipe: Recipe,
    *,
    n_steps: int | None = None,
    first_step: int = 0,
    masks: Mapping[str, Tensor] | None = None,
    seed: int = 0,
    device: str | torch.device = "auto",
    on_step: Callable[[Training], None] | None = None,
    progress: Progress | None = None,
) -> FitRecord:
    """Train a module by a recipe, its weights outside the masks held at exactly 0.

    Parameters
    ----------
    module : nn.Module
        Changed in place, from the weights it has, and moved to the device. It is trained in
        training mode, and its parts are in the modes they had afterwards.
    data : Dataset
        Prepared for the recipe (`topograph.training.prepare`); moved to the device whole.
    recipe : Recipe
        Batch size, rates, momentum and decay.
    n_steps : int, optional
        Length of the whole schedule; the recipe's own by default.
    first_step : int, default 0
        Where in the schedule to begin.
    masks : mapping of str to Tensor, optional
        Boolean, by parameter name; applied before the first step.
    seed : int, default 0
        Of the order of the images, of their distortion, and of what drops out. The global
        generators of torch are left as they were.
    device : str or torch.device, default "auto"
    on_step : callable, optional
        Called with a `Training` after every step; may replace the masks.
    progress : callable, optional
        Called now and then with what is done, the step, and the number of steps.

    Returns
    -------
    FitRecord
        Accuracy and loss on the test images.

    Raises
    ------
    ParameterError
        If the images are not prepared, a mask does not fit, or weights are of another
        precision than images.
    AssertionError
        If a weight outside its mask is not 0 in the end.
    """
    if not data.test_images.is_floating_point():
        raise ParameterError(
            "The images must be prepared for a model, but they are bytes.",
            hint="topograph.training.prepare(data, recipe).",
        )
    place = find_device(device)
    data, module = data.to(place), in_fast_layout(module.to(place))
    _check_precision(module)
    total = recipe.length(len(data.train_labels)) if n_steps is None else n_steps
    if not 0 <= first_step <= total:
        raise ParameterError.expected("first_step", f"in 0..{total}", first_step)
    source = batches(data, recipe.batch_size, seeded_generator(seed, "order"))
    held = checked_masks(module, masks or {})
    apply_masks(module, held)
    optimizer = optimizer_of(module, recipe)
    run = Training(
        module, held, first_step, total, optimizer, _no_batch(data), recipe.label_smoothing
    )
    diverged = False
    with training_mode(module), seeded_chance(seed, place):
        while run.step < total and not diverged:
            run.batch = next(source)
            loss = _step(run, recipe.rate_at(run.step, total), recipe)
            run.step += 1
            if on_step is not None:
                on_step(run)
            if run.step % _LOOK_EVERY == 0 or run.step == total:
                diverged = not math.isfinite(float(loss))
                if progress is not None:
                    progress("train", run.step, total)
    if not diverged:
        check_zeros_outside(module, run.masks)
    apply_masks(module, run.masks)
    found = evaluate(module, data.test_images, data.test_labels)
    is_finite = math.isfinite(found.loss)
    return FitRecord(
        found.accuracy,
        found.loss if is_finite else math.nan,
        found.classes_predicted,
        diverged or not is_finite,
        run.step - first_step,
    )


def _step(run: Training, rate: float, recipe: Recipe) -> Tensor:
    images, labels = run.batch
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    run.optimizer.zero_grad(set_to_none=True)
    loss = nn.functional.cross_entropy(
        run.module(images), labels, label_smoothing=recipe.label_smoothing
    )
    loss.backward()  # type: ignore[no-untyped-call]
    mask_gradients(run.module, run.masks)
    with l2_in_gradients(run.module, recipe):
        run.optimizer.step()
    return loss.detach()


def _check_precision(module: nn.Module) -> None:
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise ParameterError("A module to be trained must have a parameter to learn, but has none.")
    for name, parameter in module.named_parameters():
        if parameter.is_floating_point() and parameter.dtype != torch.float32:
            raise ParameterError.expected(
                f"The parameter {name}",
                "of 32-bit floating point as the images are",
                parameter.dtype,
                hint="module.float()",
            )


def _no_batch(data: Dataset) -> tuple[Tensor, Tensor]:
    return data.test_images[:0], data.test_labels[:0]
