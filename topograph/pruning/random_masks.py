"""Pruning at random: the control of every other method."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from topograph.generators.allocation import Allocation
from topograph.pruning.record import PrunedMasks, record
from topograph.pruning.selection import keep_random
from topograph.pruning.targets import (
    asked_of,
    checked_sparsity,
    counts_by_allocation,
    pruned_parameters,
)
from topograph.training.seeding import seeded_generator


def prune_random(
    module: nn.Module,
    sparsity: float,
    *,
    allocation: Allocation = "uniform",
    exclude: Iterable[str] = (),
    keep_output_dense: bool = False,
    seed: int = 0,
) -> PrunedMasks:
    """Masks of weights drawn at random, an exact number in each layer.

    Parameters
    ----------
    module : nn.Module
        Only the shapes of its weights matter.
    sparsity : float
        In [0, 1).
    allocation : {"uniform", "erk", "er"}, default "uniform"
        How density is spread over the layers: evenly, or more to small layers.
    exclude, keep_output_dense
        As of `prune_magnitude`.
    seed : int, default 0

    Returns
    -------
    PrunedMasks

    References
    ----------
    Mocanu et al., Nature Communications 2018 (er); Evci et al., "Rigging the lottery", ICML
    2020 (erk). See `topograph.generators.allocation`.

    Examples
    --------
    >>> prune_random(nn.Linear(4, 5), 0.75).kept
    {'weight': 5}
    """
    share = checked_sparsity(sparsity)
    weights = pruned_parameters(module, exclude, keep_output_dense)
    counts = counts_by_allocation(weights, share, allocation)
    everywhere = {
        name: torch.ones(weight.shape, dtype=torch.bool) for name, weight in weights.items()
    }
    masks = keep_random(counts, everywhere, seeded_generator(seed, "masks"))
    parameters = {"allocation": allocation, "seed": seed}
    return record(module, "random", share, masks, asked_of(weights, counts), parameters)
