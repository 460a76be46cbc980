"""All methods by name, from a net's initial weights to its masks.

======================= ================== ==================================================
method                  masks come from    retraining starts from
======================= ================== ==================================================
magnitude, iterative    the trained net    fresh weights, as in Alford et al. 2018
lottery                 rounds of training the rewound weights: the ticket
random, snip, grasp,    the initial net    the initial weights, on which the masks were chosen
synflow
set, rigl               sparse training    fresh weights: the last masks alone, held fixed
======================= ================== ==================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from torch import nn

from topograph.pruning.calibration import calibration_batch
from topograph.pruning.grasp import prune_grasp
from topograph.pruning.iterative import prune_iterative
from topograph.pruning.lottery import prune_lottery
from topograph.pruning.magnitude import prune_magnitude
from topograph.pruning.random_masks import prune_random
from topograph.pruning.record import PrunedMasks
from topograph.pruning.rigl import train_rigl
from topograph.pruning.set_training import train_set
from topograph.pruning.snip import prune_snip
from topograph.pruning.stage import Stage
from topograph.pruning.synflow import prune_synflow
from topograph.training.masking import apply_masks

Options: TypeAlias = Mapping[str, Any]
_REWIRINGS = 20  # at least, however short the training


@dataclass(frozen=True, eq=False)
class Outcome:
    """Masks, the net that the method leaves, and its accuracies."""

    pruned: PrunedMasks
    module: nn.Module
    accuracy: dict[str, float | None]


@dataclass(frozen=True)
class Method:
    """A method as a run uses it.

    Parameters
    ----------
    run : callable
        ``run(stage, sparsity, options) -> Outcome``.
    options : tuple of str
        Of ``scope``, ``allocation`` and ``rounds``, those it has.
    keeps_weights : bool
        Whether retraining starts from the weights that the method leaves; else from fresh
        ones.
    """

    run: Callable[[Stage, float, Options], Outcome]
    options: tuple[str, ...] = ()
    keeps_weights: bool = False


def _magnitude(stage: Stage, sparsity: float, options: Options) -> Outcome:
    module, accuracy = stage.dense()
    pruned = prune_magnitude(module, sparsity, **options)
    apply_masks(module, pruned.masks)
    return _outcome(pruned, module, dense=accuracy, pruned_to=stage.accuracy(module))


def _iterative(stage: Stage, sparsity: float, options: Options) -> Outcome:
    module, accuracy = stage.dense()
    every = _interval(200, stage.n_steps)
    # A cosine has come to its end; other rates go on where they were.
    first = 0 if stage.recipe.cosine else stage.n_steps
    training = _training(stage, sparsity, options)
    pruned = prune_iterative(module, **training, first_step=first, every=every)
    return _outcome(pruned, module, dense=accuracy, pruned_to=_accuracy(pruned))


def _lottery(stage: Stage, sparsity: float, options: Options) -> Outcome:
    module = stage.initial()
    pruned = prune_lottery(module, **_training(stage, sparsity, options))
    return _outcome(pruned, module, dense=pruned.history[0]["accuracy"])


def _random(stage: Stage, sparsity: float, options: Options) -> Outcome:
    module = stage.initial()
    return _outcome(prune_random(module, sparsity, seed=stage.seed, **options), module)


def _snip(stage: Stage, sparsity: float, options: Options) -> Outcome:
    module = stage.initial()
    images, labels = calibration_batch(stage.data, seed=stage.seed)
    return _outcome(prune_snip(module, images, labels, sparsity, **options), module)


def _grasp(stage: Stage, sparsity: float, options: Options) -> Outcome:
    module = stage.initial()
    images, labels = calibration_batch(stage.data, seed=stage.seed)
    return _outcome(prune_grasp(module, images, labels, sparsity, **options), module)


def _synflow(stage: Stage, sparsity: float, options: Options) -> Outcome:
    module = stage.initial()
    return _outcome(prune_synflow(module, stage.data.shape, sparsity, **options), module)


def _set(stage: Stage, sparsity: float, options: Options) -> Outcome:
    module = stage.initial()
    epoch = max(1, len(stage.data.train_labels) // stage.recipe.batch_size)
    every = _interval(epoch, stage.n_steps)
    pruned = train_set(module, **_training(stage, sparsity, options), every=every)
    return _outcome(pruned, module, pruned_to=_accuracy(pruned))


def _rigl(stage: Stage, sparsity: float, options: Options) -> Outcome:
    module = stage.initial()
    every = _interval(100, stage.n_steps)
    pruned = train_rigl(module, **_training(stage, sparsity, options), every=every)
    return _outcome(pruned, module, pruned_to=_accuracy(pruned))


METHODS: Mapping[str, Method] = {
    "magnitude": Method(_magnitude, ("scope",)),
    "iterative": Method(_iterative),
    "lottery": Method(_lottery, ("scope", "rounds"), keeps_weights=True),
    "random": Method(_random, ("allocation",), keeps_weights=True),
    "snip": Method(_snip, ("scope",), keeps_weights=True),
    "grasp": Method(_grasp, ("scope",), keeps_weights=True),
    "synflow": Method(_synflow, ("rounds",), keeps_weights=True),
    "set": Method(_set, ("allocation",)),
    "rigl": Method(_rigl, ("allocation",)),
}


def _training(stage: Stage, sparsity: float, options: Options) -> dict[str, Any]:
    return {
        "data": stage.data,
        "recipe": stage.recipe,
        "sparsity": sparsity,
        "n_steps": stage.n_steps,
        "seed": stage.seed,
        "device": stage.device,
        "progress": stage.progress,
        **options,
    }


def _interval(usual: int, n_steps: int) -> int:
    """Return the steps between two changes of the masks: fewer than usual in short trainings."""
    return max(1, min(usual, n_steps // _REWIRINGS))


def _accuracy(pruned: PrunedMasks) -> float | None:
    return None if pruned.training is None else pruned.training.accuracy


def _outcome(
    pruned: PrunedMasks,
    module: nn.Module,
    *,
    dense: float | None = None,
    pruned_to: float | None = None,
) -> Outcome:
    return Outcome(pruned, module, {"dense": dense, "pruned": pruned_to, "retrained": None})
