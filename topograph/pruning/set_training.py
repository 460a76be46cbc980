"""SET: sparse evolutionary training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.generators.allocation import Allocation
from topograph.pruning.record import PrunedMasks
from topograph.pruning.rewiring import Rewiring, train_rewired
from topograph.pruning.selection import keep_largest, keep_random
from topograph.training.data.dataset import Dataset
from topograph.training.fitting import Progress, Training
from topograph.training.recipes import Recipe
from topograph.training.seeding import seeded_generator


def train_set(
    module: nn.Module,
    data: Dataset,
    recipe: Recipe,
    sparsity: float,
    *,
    n_steps: int | None = None,
    every: int | None = None,
    fraction: float = 0.3,
    allocation: Allocation = "erk",
    exclude: Iterable[str] = (),
    keep_output_dense: bool = False,
    seed: int = 0,
    device: str | torch.device = "auto",
    progress: Progress | None = None,
) -> PrunedMasks:
    """Train a sparse net whose weakest connections are replaced by random ones every epoch.

    At every rewiring each layer drops the ``fraction`` of its positive weights that are
    smallest, the same of its negative weights, and all weights that are exactly 0, and grows
    as many connections drawn at random among all that it has not. New weights start from 0,
    so that the function of the net does not jump (drawn as the initial ones they cost
    accuracy in short trainings). The number of connections of a layer never changes.

    Parameters
    ----------
    module : nn.Module
        Changed in place, and first given fresh weights as the recipe says.
    data, recipe, n_steps, device, progress
        As of `topograph.training.fit`.
    sparsity : float
        In [0, 1).
    every : int, optional
        Steps between two rewirings; an epoch by default. There is none after the last step.
    fraction : float, default 0.3
        In [0, 1].
    allocation : {"uniform", "erk", "er"}, default "erk"
        Of density to layers; the paper has Erdos-Renyi layers, ``er``.
    exclude, keep_output_dense
        As of `prune_magnitude`.
    seed : int, default 0

    Returns
    -------
    PrunedMasks
        The last masks; its history has the connections replaced at each rewiring.

    References
    ----------
    Mocanu et al., "Scalable training of artificial neural networks with adaptive sparse
    connectivity inspired by network science", Nature Communications 2018.
    """
    if not 0.0 <= fraction <= 1.0:
        raise ParameterError.expected("fraction", "in [0, 1]", fraction)
    n_images = len(data.train_labels)
    generator = seeded_generator(seed, "growth")

    def drop(training: Training) -> dict[str, Tensor]:
        return drop_weakest(training, fraction)

    def grow(
        _: Training, stay: Mapping[str, Tensor], counts: Mapping[str, int]
    ) -> dict[str, Tensor]:
        return keep_random(counts, {name: ~mask for name, mask in stay.items()}, generator)

    epoch = max(1, n_images // recipe.batch_size)
    rewiring = Rewiring(
        "set",
        epoch if every is None else every,
        1.0,
        drop,
        grow,
        {"fraction": fraction},
    )
    return train_rewired(
        module,
        data,
        recipe,
        sparsity,
        rewiring,
        n_steps=recipe.length(n_images) if n_steps is None else n_steps,
        allocation=allocation,
        exclude=exclude,
        keep_output_dense=keep_output_dense,
        seed=seed,
        device=device,
        progress=progress,
    )


def drop_weakest(training: Training, fraction: float) -> dict[str, Tensor]:
    """Return the masks without zeros and the weakest weights, a share of each sign and layer."""
    return {
        name: _without_weakest(training.module.get_parameter(name).detach(), mask, fraction)
        for name, mask in training.masks.items()
    }


def _without_weakest(weight: Tensor, mask: Tensor, fraction: float) -> Tensor:
    """Return the mask without the smallest positive and the largest negative weights."""
    stay = torch.zeros_like(mask)
    for side in (mask & (weight > 0), mask & (weight < 0)):
        count = int(side.sum())
        scores = weight.abs().masked_fill(~side, -torch.inf)
        stay |= keep_largest({"": scores}, {"": count - round(fraction * count)})[""]
    return stay
