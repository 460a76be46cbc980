"""The lottery ticket: pruning by magnitude in rounds, each from the weights of the start."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from topograph.errors import ParameterError
from topograph.pruning.iterative import surviving_magnitudes
from topograph.pruning.record import PrunedMasks, record
from topograph.pruning.selection import keep_largest, kept_weights
from topograph.pruning.targets import Scope, checked_sparsity, counts_by_scope, pruned_parameters
from topograph.training.data.dataset import Dataset
from topograph.training.fitting import Progress, Training, fit
from topograph.training.masking import apply_masks
from topograph.training.recipes import Recipe

RATE = 0.2  # share of the weights that the paper drops in a round


def rounds_for(sparsity: float) -> int:
    """Return the number of rounds in which at most a fifth of the weights is dropped.

    Examples
    --------
    >>> rounds_for(0.2), rounds_for(0.5), rounds_for(0.99)
    (1, 4, 21)
    """
    if sparsity <= 0.0:
        return 1
    return max(1, math.ceil(math.log(1 - sparsity) / math.log(1 - RATE) - 1e-9))


def prune_lottery(
    module: nn.Module,
    data: Dataset,
    recipe: Recipe,
    sparsity: float,
    *,
    n_steps: int | None = None,
    rounds: int | None = None,
    rewind_step: int = 0,
    scope: Scope = "layer",
    exclude: Iterable[str] = (),
    keep_output_dense: bool = False,
    seed: int = 0,
    device: str | torch.device = "auto",
    progress: Progress | None = None,
) -> PrunedMasks:
    """Find a lottery ticket: train, drop the smallest weights, rewind the rest; repeat.

    Each of ``n`` rounds leaves the share ``(1 - sparsity)^(1 / n)`` of the weights that were
    left. Then all parameters go back, exactly, to what they were at ``rewind_step``. In the
    end the module has these rewound weights, 0 outside the masks: the ticket, not yet
    trained.

    Parameters
    ----------
    module : nn.Module
        At initialisation; changed in place.
    data, recipe, n_steps, device, progress
        As of `topograph.training.fit`.
    sparsity : float
        In [0, 1).
    rounds : int, optional
        By default as many as drop at most a fifth of the weights each.
    rewind_step : int, default 0
        0 rewinds to the initial weights, more to those early in the first training; later
        rounds go through the schedule from there.
    scope : {"layer", "global"}, default "layer"
        How weights are ranked.
    exclude, keep_output_dense
        As of `prune_magnitude`.
    seed : int, default 0
        Of the order of the images, the same in every round.

    Returns
    -------
    PrunedMasks
        Its history has, for each round, the accuracy before pruning and the weights kept.

    References
    ----------
    Frankle & Carbin, "The lottery ticket hypothesis", ICLR 2019; Frankle et al., "Linear mode
    connectivity and the lottery ticket hypothesis", ICML 2020 (rewinding to an early step).
    """
    share = checked_sparsity(sparsity)
    n_rounds = rounds_for(share) if rounds is None else rounds
    total = recipe.length(len(data.train_labels)) if n_steps is None else n_steps
    if n_rounds < 1 or not 0 <= rewind_step <= total:
        raise ParameterError(
            f"Lottery pruning needs at least 1 round and a rewind_step in 0..{total}, but they "
            f"are {n_rounds} and {rewind_step}."
        )
    weights = pruned_parameters(module, exclude, keep_output_dense)
    masks = {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()}
    start = copy.deepcopy(module.state_dict())
    history: list[dict[str, Any]] = []

    def keep_start(training: Training) -> None:
        if not history and training.step == rewind_step:
            start.update(copy.deepcopy(training.module.state_dict()))

    for number in range(1, n_rounds + 1):
        trained = fit(
            module,
            data,
            recipe,
            n_steps=total,
            first_step=rewind_step if history else 0,
            masks=masks,
            seed=seed,
            device=device,
            on_step=keep_start,
            progress=None if progress is None else _overall(progress, number, n_rounds),
        )
        wanted = share if number == n_rounds else 1 - (1 - share) ** (number / n_rounds)
        counts, _ = counts_by_scope(weights, wanted, scope)
        masks = keep_largest(surviving_magnitudes(module, masks), counts)
        history.append(
            {
                "round": number,
                "accuracy": trained.accuracy,
                "sparsity": wanted,
                "kept": kept_weights(masks),
            }
        )
        module.load_state_dict(start)
        apply_masks(module, masks)
    parameters = {
        "rounds": n_rounds,
        "rewind_step": rewind_step,
        "scope": scope,
        "n_steps": total,
        "seed": seed,
    }
    asked = dict.fromkeys(weights, share) if scope == "layer" else None
    return record(module, "lottery", share, masks, asked, parameters, history)


def _overall(progress: Progress, number: int, rounds: int) -> Progress:
    """Count the steps of round ``number`` on from those of the rounds before it."""

    def say(what: str, done: int, total: int) -> None:
        progress(what, (number - 1) * total + done, rounds * total)

    return say
