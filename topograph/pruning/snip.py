"""SNIP: single-shot pruning by connection sensitivity."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from topograph.pruning.record import PrunedMasks, record
from topograph.pruning.selection import keep_largest
from topograph.pruning.targets import (
    Parameters,
    Scope,
    checked_sparsity,
    counts_by_scope,
    pruned_parameters,
)
from topograph.training.modes import first_step, gradients_of


def snip_scores(
    module: nn.Module, images: Tensor, labels: Tensor, weights: Parameters
) -> dict[str, Tensor]:
    r"""Connection sensitivity of each weight: ``|w * dL/dw|``.

    With a gate ``c`` on every connection, the net of weights ``c w``, this is ``|dL/dc|`` at
    ``c = 1``: how fast the loss changes as the connection is closed. Batches are normalised by
    their own means and variances, whatever mode the module is in, and nothing drops out. The
    score of a weight that the loss does not depend on is 0.

    Parameters
    ----------
    module : nn.Module
    images, labels : Tensor
        One batch.
    weights : mapping of str to nn.Parameter
        As of `topograph.training.prunable_parameters`.
    """
    with first_step(module):
        gradients = gradients_of(nn.functional.cross_entropy(module(images), labels), weights)
    return {name: (weight.detach() * gradients[name]).abs() for name, weight in weights.items()}


def prune_snip(
    module: nn.Module,
    images: Tensor,
    labels: Tensor,
    sparsity: float,
    *,
    scope: Scope = "global",
    exclude: Iterable[str] = (),
    keep_output_dense: bool = False,
    seed: int | None = None,
) -> PrunedMasks:
    """Masks that keep the connections to which the loss is most sensitive, before training.

    Parameters
    ----------
    module : nn.Module
        At initialisation; left as it is.
    images, labels : Tensor
        One batch, such as `topograph.pruning.calibration_batch` draws, on the module's
        device.
    sparsity : float
        In [0, 1).
    scope : {"layer", "global"}, default "global"
        The paper ranks all layers in one list, and so a whole layer can be lost.
    exclude, keep_output_dense, seed
        As of `prune_magnitude`.

    Returns
    -------
    PrunedMasks

    References
    ----------
    Lee, Ajanthan & Torr, "SNIP: single-shot network pruning based on connection
    sensitivity", ICLR 2019.
    """
    share = checked_sparsity(sparsity)
    weights = pruned_parameters(module, exclude, keep_output_dense)
    counts, asked = counts_by_scope(weights, share, scope)
    masks = keep_largest(snip_scores(module, images, labels, weights), counts, seed)
    parameters = {"scope": scope, "images": len(labels), "seed": seed}
    return record(module, "snip", share, masks, asked, parameters)
