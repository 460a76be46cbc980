"""Dynamic sparse training: connections are dropped and grown while the net is trained.

What SET and RigL share. Every layer keeps its number of connections at every rewiring; the
two methods differ in which they drop, which they grow, and how many.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.generators.allocation import Allocation
from topograph.pruning.random_masks import prune_random
from topograph.pruning.record import PrunedMasks, record
from topograph.pruning.selection import kept_weights
from topograph.pruning.targets import checked_sparsity, pruned_parameters
from topograph.training.data.dataset import Dataset
from topograph.training.fitting import Progress, Training, fit
from topograph.training.initialisation import initialise
from topograph.training.recipes import Recipe


@dataclass(frozen=True)
class Rewiring:
    """A rule for dropping and growing connections.

    Parameters
    ----------
    method : str
        Name of the method.
    every : int
        Steps between two rewirings.
    until : float
        Share of the steps after which the connections stay.
    drop : callable
        ``drop(training) -> masks``: the connections that stay. (Dense layers keep theirs.)
    grow : callable
        ``grow(training, stay, counts) -> masks``: as many new ones in each layer as counts
        says, among those that are not in ``stay``.
    parameters : mapping
        Of the method, for the record.
    """

    method: str
    every: int
    until: float
    drop: Callable[[Training], dict[str, Tensor]]
    grow: Callable[[Training, Mapping[str, Tensor], Mapping[str, int]], dict[str, Tensor]]
    parameters: Mapping[str, Any]


def train_rewired(
    module: nn.Module,
    data: Dataset,
    recipe: Recipe,
    sparsity: float,
    rewiring: Rewiring,
    *,
    n_steps: int,
    allocation: Allocation,
    exclude: Iterable[str],
    keep_output_dense: bool,
    seed: int,
    device: str | torch.device,
    progress: Progress | None,
) -> PrunedMasks:
    """Train from fresh weights under random masks that are rewired by a rule.

    Parameters
    ----------
    module : nn.Module
        Changed in place: fresh weights first, as the recipe says, scaled by the fan-in that
        the masks leave.
    data, recipe, n_steps, device, progress
        As of `topograph.training.fit`.
    sparsity, allocation, exclude, keep_output_dense
        As of `prune_random`, which draws the first masks.
    rewiring : Rewiring
    seed : int
        Of the masks, the weights, and the order of the images.
    """
    share = checked_sparsity(sparsity)
    if rewiring.every < 1 or not 0.0 <= rewiring.until <= 1.0:
        raise ParameterError(
            f"Rewiring needs every of at least 1 and until in [0, 1], but they are "
            f"{rewiring.every} and {rewiring.until}."
        )
    drawn = prune_random(
        module,
        share,
        allocation=allocation,
        exclude=exclude,
        keep_output_dense=keep_output_dense,
        seed=seed,
    )
    masks = {
        name: drawn.masks[name] for name in pruned_parameters(module, exclude, keep_output_dense)
    }
    initialise(module, recipe.initialisation, seed, masks)
    last = round(rewiring.until * n_steps)
    history: list[dict[str, Any]] = []

    def rewire(training: Training) -> None:
        step = training.step
        if step % rewiring.every or step > last or step == n_steps:
            return
        stay = rewiring.drop(training)
        stay |= {name: mask for name, mask in training.masks.items() if bool(mask.all())}
        before, after = kept_weights(training.masks), kept_weights(stay)
        counts = {name: before[name] - after[name] for name in before}
        grown = rewiring.grow(training, stay, counts)
        masks.update({name: stay[name] | grown[name] for name in stay})
        training.replace_masks(stay)  # first, so that what is dropped and regrown starts from 0
        training.replace_masks(masks)
        history.append({"step": step, "rewired": counts, "kept": kept_weights(masks)})

    trained = fit(
        module,
        data,
        recipe,
        n_steps=n_steps,
        masks=masks,
        seed=seed,
        device=device,
        on_step=rewire,
        progress=progress,
    )
    asked = {name: drawn.asked[name] for name in masks}
    parameters = {
        **rewiring.parameters,
        "every": rewiring.every,
        "until": rewiring.until,
        "allocation": allocation,
        "n_steps": n_steps,
        "seed": seed,
    }
    return record(module, rewiring.method, share, masks, asked, parameters, history, trained)
