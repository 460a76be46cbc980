"""The setting of a pruning run: a net, its data, a recipe, a seed and a device."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from topograph.pruning.record import PrunedMasks
from topograph.training.data.dataset import Dataset
from topograph.training.evaluating import evaluate
from topograph.training.fitting import FitRecord, Progress, fit
from topograph.training.initialisation import initialise
from topograph.training.models import build_model
from topograph.training.recipes import Recipe


@dataclass
class Stage:
    """What all methods of a run share.

    Parameters
    ----------
    model : str
    data : Dataset
        Prepared, on the device.
    recipe : Recipe
    n_steps : int
        Of each training.
    seed : int
        Of the initial weights and of the order of the images.
    device : torch.device
    report : callable, optional
        Called with the label, steps done, and steps in all.
    label : str
        What is being done.
    """

    model: str
    data: Dataset
    recipe: Recipe
    n_steps: int
    seed: int
    device: torch.device
    report: Progress | None = None
    label: str = ""
    _dense: tuple[nn.Module, float] | None = field(default=None, repr=False)

    def initial(self) -> nn.Module:
        """Return the net with its initial weights."""
        module = build_model(
            self.model,
            self.data.shape,
            self.data.n_classes,
            initialisation=self.recipe.initialisation,
            seed=self.seed,
            relu_logits=self.recipe.relu_logits,
        )
        return module.to(self.device)

    def fresh(self, pruned: PrunedMasks) -> nn.Module:
        """Return the net with other initial weights, scaled by the fan-in the masks leave."""
        module = self.initial()
        initialise(module, self.recipe.initialisation, self.seed + 1, pruned.masks)
        return module

    def dense(self) -> tuple[nn.Module, float]:
        """Return a copy of the dense net, trained from its initial weights, and its accuracy."""
        if self._dense is None:
            label, self.label = self.label, "train dense"
            module = self.initial()
            self._dense = (module, self.train(module).accuracy)
            self.label = label
        module, accuracy = self._dense
        return copy.deepcopy(module), accuracy

    def have_dense(self, module: nn.Module) -> None:
        """Take a dense net that is trained already."""
        module = copy.deepcopy(module).to(self.device)
        self._dense = (module, self.accuracy(module))

    def train(self, module: nn.Module, masks: Mapping[str, Tensor] | None = None) -> FitRecord:
        """Train a net as the recipe says."""
        return fit(
            module,
            self.data,
            self.recipe,
            n_steps=self.n_steps,
            masks=masks,
            seed=self.seed,
            device=self.device,
            progress=self.progress,
        )

    def accuracy(self, module: nn.Module) -> float:
        """Return the accuracy on the test images."""
        return evaluate(module, self.data.test_images, self.data.test_labels).accuracy

    def progress(self, _: str, done: int, total: int) -> None:
        """Report progress under the label of the moment."""
        if self.report is not None:
            self.report(self.label, done, total)
