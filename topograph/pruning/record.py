"""What pruning returns: the masks, and how they came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from topograph.pruning.selection import kept_weights
from topograph.training.fitting import FitRecord
from topograph.training.masking import prunable_parameters


@dataclass(frozen=True, eq=False)
class PrunedMasks:
    """Masks of all layers of a module, with the method that made them.

    Parameters
    ----------
    method : str
        As on the command line: ``magnitude``, ``snip``, ...
    sparsity : float
        Share of weights to be dropped, of the layers that are not excluded.
    masks : mapping of str to Tensor
        Boolean, on the CPU, by parameter name in order of definition; all True where a layer
        was excluded.
    asked : mapping of str to float or None
        Sparsity asked of each layer: 0 where it was excluded, None where the method decides.
    excluded : tuple of str
        Weights that were left dense on request.
    parameters : mapping
        The arguments of the method; fit for JSON.
    history : sequence of mapping
        What happened, step by step, for methods of several steps.
    training : FitRecord, optional
        What came of the training that is part of the method, if there is any.
    """

    method: str
    sparsity: float
    masks: Mapping[str, Tensor]
    asked: Mapping[str, float | None]
    excluded: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    history: tuple[Mapping[str, Any], ...] = ()
    training: FitRecord | None = None

    def __post_init__(self) -> None:
        for name in ("masks", "asked", "parameters"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "history", tuple(self.history))

    @property
    def kept(self) -> dict[str, int]:
        """Weights kept in each layer."""
        return kept_weights(self.masks)

    @property
    def reached(self) -> dict[str, float]:
        """Sparsity of each layer."""
        return {name: 1 - kept / self.masks[name].numel() for name, kept in self.kept.items()}

    @property
    def sparsity_reached(self) -> float:
        """Share of weights dropped, of the layers that are not excluded."""
        pruned = [mask for name, mask in self.masks.items() if name not in self.excluded]
        return 1 - sum(int(mask.sum()) for mask in pruned) / sum(mask.numel() for mask in pruned)

    @property
    def collapsed(self) -> tuple[str, ...]:
        """Layers that have lost every weight: no path leads through them."""
        return tuple(name for name, kept in self.kept.items() if not kept)


def record(
    module: nn.Module,
    method: str,
    sparsity: float,
    masks: Mapping[str, Tensor],
    asked: Mapping[str, float | None] | Mapping[str, float] | None,
    parameters: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]] = (),
    training: FitRecord | None = None,
) -> PrunedMasks:
    """Make the record; excluded layers get a mask that keeps everything.

    Parameters
    ----------
    module : nn.Module
        Whose layers were pruned.
    masks : mapping of str to Tensor
        Of the layers that were not excluded.
    asked : mapping of str to float or None
        Sparsity of each of them, where the method was told.
    method, sparsity, parameters, history, training
        As of `PrunedMasks`.
    """
    whole, wanted, excluded = {}, {}, []
    for name, weight in prunable_parameters(module).items():
        if name in masks:
            whole[name] = masks[name].cpu()
            wanted[name] = None if asked is None else asked[name]
        else:
            whole[name] = torch.ones(weight.shape, dtype=torch.bool)
            wanted[name] = 0.0
            excluded.append(name)
    return PrunedMasks(
        method, sparsity, whole, wanted, tuple(excluded), parameters, tuple(history), training
    )
