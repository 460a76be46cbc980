"""RigL: rigging the lottery."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.generators.allocation import Allocation
from topograph.pruning.iterative import surviving_magnitudes
from topograph.pruning.record import PrunedMasks
from topograph.pruning.rewiring import Rewiring, train_rewired
from topograph.pruning.selection import keep_largest, kept_weights
from topograph.training.data.dataset import Dataset
from topograph.training.fitting import Progress, Training
from topograph.training.recipes import Recipe


def cosine_fraction(step: int, last: int, fraction: float) -> float:
    """Share of the connections replaced at a step: ``fraction / 2 (1 + cos(pi step / last))``.

    Parameters
    ----------
    step, last : int
        Now, and the end of rewiring; 0 from there on.
    fraction : float
        At step 0.

    Examples
    --------
    >>> [round(cosine_fraction(step, 100, 0.3), 3) for step in (0, 50, 100)]
    [0.3, 0.15, 0.0]
    """
    if step >= last:
        return 0.0
    return fraction / 2 * (1 + math.cos(math.pi * step / last))


def train_rigl(
    module: nn.Module,
    data: Dataset,
    recipe: Recipe,
    sparsity: float,
    *,
    n_steps: int | None = None,
    every: int = 100,
    fraction: float = 0.3,
    until: float = 0.75,
    allocation: Allocation = "erk",
    exclude: Iterable[str] = (),
    keep_output_dense: bool = False,
    seed: int = 0,
    device: str | torch.device = "auto",
    progress: Progress | None = None,
) -> PrunedMasks:
    """Train a sparse net that drops its smallest weights and grows where gradients are large.

    At every rewiring each layer drops the share `cosine_fraction` of its connections, those
    of smallest ``|w|``, and grows as many of those it then has not, where the gradient of the
    loss on the batch is largest in magnitude. New weights start from 0. The number of
    connections of a layer never changes.

    Parameters
    ----------
    module : nn.Module
        Changed in place, and first given fresh weights as the recipe says.
    data, recipe, n_steps, device, progress
        As of `topograph.training.fit`.
    sparsity : float
        In [0, 1).
    every : int, default 100
        Steps between two rewirings.
    fraction : float, default 0.3
        Share of the connections replaced at the start, in [0, 1].
    until : float, default 0.75
        Share of the steps after which the connections stay.
    allocation : {"uniform", "erk", "er"}, default "erk"
        Of density to layers.
    exclude, keep_output_dense
        As of `prune_magnitude`.
    seed : int, default 0

    Returns
    -------
    PrunedMasks
        The last masks; its history has the connections replaced at each rewiring.

    References
    ----------
    Evci, Gale, Menick, Castro & Elsen, "Rigging the lottery: making all tickets winners",
    ICML 2020.
    """
    if not 0.0 <= fraction <= 1.0:
        raise ParameterError.expected("fraction", "in [0, 1]", fraction)
    total = recipe.length(len(data.train_labels)) if n_steps is None else n_steps
    last = round(until * total)

    def drop(training: Training) -> dict[str, Tensor]:
        return drop_smallest(training, cosine_fraction(training.step, last, fraction))

    rewiring = Rewiring("rigl", every, until, drop, grow_by_gradient, {"fraction": fraction})
    return train_rewired(
        module,
        data,
        recipe,
        sparsity,
        rewiring,
        n_steps=total,
        allocation=allocation,
        exclude=exclude,
        keep_output_dense=keep_output_dense,
        seed=seed,
        device=device,
        progress=progress,
    )


def drop_smallest(training: Training, share: float) -> dict[str, Tensor]:
    """Return the masks without the share of connections of smallest ``|w|``, layer by layer."""
    kept = kept_weights(training.masks)
    counts = {name: count - round(share * count) for name, count in kept.items()}
    return keep_largest(surviving_magnitudes(training.module, training.masks), counts)


def grow_by_gradient(
    training: Training, stay: Mapping[str, Tensor], counts: Mapping[str, int]
) -> dict[str, Tensor]:
    """Return the connections outside ``stay`` with the largest gradients, so many a layer."""
    scores = {
        name: gradient.abs().masked_fill(stay[name], -torch.inf)
        for name, gradient in training.dense_gradients().items()
    }
    return keep_largest(scores, counts)
