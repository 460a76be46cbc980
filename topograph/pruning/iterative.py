"""Pruning by magnitude, little by little while training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.pruning.record import PrunedMasks, record
from topograph.pruning.selection import keep_largest, kept_weights
from topograph.pruning.targets import checked_sparsity, counts_by_scope, pruned_parameters
from topograph.training.data.dataset import Dataset
from topograph.training.fitting import Progress, Training, fit
from topograph.training.recipes import Recipe


def cubic_sparsity(progress: float, final: float, initial: float = 0.0) -> float:
    """Sparsity of the cubic schedule: ``s_f + (s_0 - s_f) (1 - p)^3``.

    Parameters
    ----------
    progress : float
        ``p``: the share of the pruning phase that has passed; cut off at 0 and 1.
    final, initial : float
        ``s_f`` and ``s_0``.

    References
    ----------
    Zhu & Gupta, "To prune, or not to prune", arXiv 1710.01878.

    Examples
    --------
    >>> [cubic_sparsity(p, 0.5) for p in (0.0, 0.5, 1.0)]
    [0.0, 0.4375, 0.5]
    """
    left = 1.0 - min(max(progress, 0.0), 1.0)
    return final + (initial - final) * left**3


def prune_iterative(
    module: nn.Module,
    data: Dataset,
    recipe: Recipe,
    sparsity: float,
    *,
    n_steps: int | None = None,
    first_step: int = 0,
    every: int = 200,
    initial_sparsity: float = 0.0,
    ramp: float = 0.75,
    exclude: Iterable[str] = (),
    keep_output_dense: bool = False,
    seed: int = 0,
    device: str | torch.device = "auto",
    progress: Progress | None = None,
) -> PrunedMasks:
    """Train on while the smallest weights of each layer are dropped by a cubic schedule.

    Every so many steps each layer loses its smallest weights until it has the sparsity that
    `cubic_sparsity` gives; a weight once dropped stays dropped. In the end the module has
    its trained weights, exactly 0 outside the masks.

    Parameters
    ----------
    module : nn.Module
        Usually trained; changed in place.
    data, recipe, n_steps, device, progress
        As of `topograph.training.fit`.
    sparsity : float
        In [0, 1): that of each layer in the end.
    first_step : int, default 0
        Where in the recipe's schedule of rates this training begins: the steps that the net has
        been trained for, if training goes on.
    every : int, default 200
        Steps between two prunings.
    initial_sparsity : float, default 0.0
        Of the start of the schedule.
    ramp : float, default 0.75
        Share of the steps after which the final sparsity is reached, in (0, 1].
    exclude, keep_output_dense
        As of `prune_magnitude`.
    seed : int, default 0
        Of the order of the images. Ties keep the weight that comes first.

    Returns
    -------
    PrunedMasks
        Its history has the step, the sparsity asked for and the weights each layer keeps.

    References
    ----------
    Zhu & Gupta, arXiv 1710.01878; "iterative pruning" of Alford et al., arXiv 1810.00299.
    """
    share, start = checked_sparsity(sparsity), checked_sparsity(initial_sparsity)
    total = recipe.length(len(data.train_labels)) if n_steps is None else n_steps
    if first_step < 0:
        raise ParameterError.expected("first_step", "at least 0", first_step)
    if min(total, every) < 1 or not 0.0 < ramp <= 1.0 or start > share:
        raise ParameterError(
            f"Iterative pruning needs n_steps and every of at least 1, ramp in (0, 1] and an "
            f"initial sparsity up to the final one, but they are {total}, {every}, {ramp} and "
            f"{start} (final {share})."
        )
    weights = pruned_parameters(module, exclude, keep_output_dense)
    masks = {name: torch.ones_like(weight, dtype=torch.bool) for name, weight in weights.items()}
    last = max(1, round(ramp * total))
    history: list[dict[str, Any]] = []

    def prune(training: Training) -> None:
        step = training.step - first_step
        if step > last or not (step % every == 0 or step == last):
            return
        wanted = cubic_sparsity(step / last, share, start)
        counts, _ = counts_by_scope(weights, wanted, "layer")
        masks.update(keep_largest(surviving_magnitudes(training.module, masks), counts))
        training.replace_masks(masks)
        history.append({"step": step, "sparsity": wanted, "kept": kept_weights(masks)})

    trained = fit(
        module,
        data,
        recipe,
        n_steps=first_step + total,
        first_step=first_step,
        masks=masks,
        seed=seed,
        device=device,
        on_step=prune,
        progress=progress,
    )
    parameters = {
        "every": every,
        "initial_sparsity": start,
        "ramp": ramp,
        "n_steps": total,
        "first_step": first_step,
        "seed": seed,
    }
    asked = dict.fromkeys(weights, share)
    return record(module, "iterative", share, masks, asked, parameters, history, trained)


def surviving_magnitudes(module: nn.Module, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return ``|w|`` of the weights inside the masks and -inf outside: once gone, for good."""
    magnitudes = {}
    for name, mask in masks.items():
        weight = module.get_parameter(name).detach()
        magnitudes[name] = weight.abs().masked_fill(~mask.to(weight.device), -torch.inf)
    return magnitudes
