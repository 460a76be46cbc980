"""One net pruned by one method to several sparsities, with its accuracies."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from topograph.errors import ParameterError
from topograph.generators.allocation import Allocation
from topograph.pruning.methods import METHODS
from topograph.pruning.provenance import pruning_provenance
from topograph.pruning.record import PrunedMasks
from topograph.pruning.stage import Stage
from topograph.pruning.targets import Scope, checked_sparsity
from topograph.training.data.dataset import Dataset
from topograph.training.data.preparation import prepare
from topograph.training.devices import find_device
from topograph.training.fitting import Progress
from topograph.training.recipes import Recipe

__all__ = ["METHODS", "PrunedLevel", "PruningPlan", "prune_levels", "train_dense"]


@dataclass(frozen=True, eq=False)
class PruningPlan:
    """What to prune, how, and how far.

    Parameters
    ----------
    model : str
        As of `topograph.training.build_model`.
    data : Dataset
        As read; it is prepared as the recipe says.
    method : str
        One of `METHODS`.
    sparsities : tuple of float
        Each in [0, 1).
    recipe : Recipe
        Of all training.
    n_steps : int, optional
        Length of each training; the recipe's own by default.
    scope : {"layer", "global"}, optional
        How weights are ranked, for the methods that let one choose.
    allocation : {"uniform", "erk", "er"}, optional
        How density is spread over layers, for the methods that draw masks.
    rounds : int, optional
        Of lottery or synflow.
    keep_output_dense : bool, default False
        Whether the last layer is left dense.
    retrain : bool, default False
        Whether each mask is trained once more, alone; see `topograph.pruning.methods`.
    seed : int, default 0
    device : str, default "auto"

    Raises
    ------
    ParameterError
        If there is no such method, it has no such option, or a sparsity is out of range.
    """

    model: str
    data: Dataset
    method: str
    sparsities: tuple[float, ...]
    recipe: Recipe
    n_steps: int | None = None
    scope: Scope | None = None
    allocation: Allocation | None = None
    rounds: int | None = None
    keep_output_dense: bool = False
    retrain: bool = False
    seed: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ParameterError.expected("A method", f"one of {', '.join(METHODS)}", self.method)
        for sparsity in self.sparsities:
            checked_sparsity(sparsity)
        if not self.sparsities or len(set(self.sparsities)) < len(self.sparsities):
            raise ParameterError.expected(
                "sparsities", "one or more, all different", self.sparsities
            )
        find_device(self.device)
        if self.n_steps is not None and self.n_steps < 1:
            raise ParameterError.expected("n_steps", "at least 1", self.n_steps)
        for option in self.options:
            if option not in METHODS[self.method].options:
                fitting = [name for name, method in METHODS.items() if option in method.options]
                raise ParameterError(
                    f"The method {self.method} must be given no {option}, but it is.",
                    hint=f"{option} is for {', '.join(fitting)}.",
                )

    @property
    def options(self) -> dict[str, Any]:
        """The options of the method that were given."""
        named = {"scope": self.scope, "allocation": self.allocation, "rounds": self.rounds}
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, eq=False)
class PrunedLevel:
    """One sparsity of a plan, done.

    Parameters
    ----------
    pruned : PrunedMasks
    module : nn.Module
        As the method, or the retraining, left it.
    accuracy : mapping of str to float or None
        On the test images, by stage: ``dense``, ``pruned``, ``retrained``; None for a stage
        that there was not.
    provenance : mapping
        For the file.
    input_shape : (int, int, int)
        Of what the module gets: channels, height and width.
    """

    pruned: PrunedMasks
    module: nn.Module
    accuracy: dict[str, float | None]
    provenance: dict[str, Any]
    input_shape: tuple[int, int, int]


def train_dense(plan: PruningPlan, progress: Progress | None = None) -> nn.Module:
    """Train the dense net of a plan, as `prune_levels` does when it is given none.

    It depends on the model, data, recipe, length and seed alone, so that plans which differ
    in method or sparsities can share it.

    Parameters
    ----------
    plan : PruningPlan
    progress : callable, optional
        As of `prune_levels`.
    """
    return _stage(plan, progress).dense()[0]


def prune_levels(
    plan: PruningPlan, progress: Progress | None = None, dense: nn.Module | None = None
) -> Iterator[PrunedLevel]:
    """Prune to each sparsity of a plan in turn, giving each as soon as it is done.

    The dense net is trained once and shared by all levels; otherwise the levels are
    independent of each other.

    Parameters
    ----------
    plan : PruningPlan
    progress : callable, optional
        Called with what is being done, steps done, and steps in all.
    dense : nn.Module, optional
        What `train_dense` gave for this plan, or for one that differs in method or
        sparsities; left as it is. By default it is trained, if the method needs it.
    """
    stage = _stage(plan, progress)
    if dense is not None:
        stage.have_dense(dense)
    method = METHODS[plan.method]
    for sparsity in plan.sparsities:
        stage.label = f"{plan.method} to {sparsity:g}"
        options = plan.options | {"keep_output_dense": plan.keep_output_dense}
        outcome = method.run(stage, sparsity, options)
        accuracy = outcome.accuracy
        module = outcome.module
        if plan.retrain:
            stage.label = f"retrain at {sparsity:g}"
            module = copy.deepcopy(module) if method.keeps_weights else stage.fresh(outcome.pruned)
            accuracy["retrained"] = stage.train(module, outcome.pruned.masks).accuracy
            if accuracy["dense"] is None:
                accuracy["dense"] = stage.dense()[1]
        provenance = pruning_provenance(
            outcome.pruned,
            model=plan.model,
            data=stage.data,
            recipe=plan.recipe,
            n_steps=stage.n_steps,
            seed=plan.seed,
            device=stage.device.type,
            accuracy=accuracy,
        )
        yield PrunedLevel(outcome.pruned, module, accuracy, provenance, stage.data.shape)


def _stage(plan: PruningPlan, progress: Progress | None) -> Stage:
    """Return the setting of a plan, its data prepared and on the device."""
    device = find_device(plan.device)
    data = prepare(plan.data, plan.recipe).to(device)
    n_steps = plan.n_steps or plan.recipe.length(len(data.train_labels))
    return Stage(plan.model, data, plan.recipe, n_steps, plan.seed, device, progress)
