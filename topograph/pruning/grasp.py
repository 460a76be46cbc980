"""GraSP: pruning that preserves the flow of gradients."""

from __future__ import annotations

from collections.abc import Iterable

import torch
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


def grasp_scores(
    module: nn.Module,
    images: Tensor,
    labels: Tensor,
    weights: Parameters,
    temperature: float = 200.0,
) -> dict[str, Tensor]:
    r"""How much the gradient flow grows if a weight is removed: ``-w * (H g)``.

    ``g`` is the gradient and ``H`` the Hessian of the loss in the weights given, the logits
    divided by the temperature; ``||g||^2`` changes by ``2 delta^T H g`` to first order, and
    removing a weight is the step ``delta = -w``. Batches are normalised by their own means and
    variances, whatever mode the module is in, and nothing drops out.

    Parameters
    ----------
    module : nn.Module
    images, labels : Tensor
        One batch.
    weights : mapping of str to nn.Parameter
        As of `topograph.training.prunable_parameters`.
    temperature : float, default 200.0
        Flattens the predictions of a net at initialisation, as the authors do.
    """
    with first_step(module):
        loss = nn.functional.cross_entropy(module(images) / temperature, labels)
        gradients = gradients_of(loss, weights, create_graph=True)
        squares = [(gradient.detach() * gradient).sum() for gradient in gradients.values()]
        products = gradients_of(torch.stack(squares).sum(), weights)
    return {name: -weight.detach() * products[name] for name, weight in weights.items()}


def prune_grasp(
    module: nn.Module,
    images: Tensor,
    labels: Tensor,
    sparsity: float,
    *,
    scope: Scope = "global",
    temperature: float = 200.0,
    exclude: Iterable[str] = (),
    keep_output_dense: bool = False,
    seed: int | None = None,
) -> PrunedMasks:
    """Masks that drop the weights whose removal raises the gradient flow most.

    Parameters
    ----------
    module : nn.Module
        At initialisation; left as it is.
    images, labels : Tensor
        One batch on the module's device; the paper takes ten images of each class.
    sparsity : float
        In [0, 1).
    scope : {"layer", "global"}, default "global"
        The paper ranks all layers in one list.
    temperature : float, default 200.0
        Divides the logits.
    exclude, keep_output_dense, seed
        As of `prune_magnitude`.

    Returns
    -------
    PrunedMasks

    References
    ----------
    Wang, Zhang & Grosse, "Picking winning tickets before training by preserving gradient
    flow", ICLR 2020.
    """
    share = checked_sparsity(sparsity)
    weights = pruned_parameters(module, exclude, keep_output_dense)
    counts, asked = counts_by_scope(weights, share, scope)
    scores = grasp_scores(module, images, labels, weights, temperature)
    masks = keep_largest({name: -score for name, score in scores.items()}, counts, seed)
    parameters = {
        "scope": scope,
        "images": len(labels),
        "temperature": temperature,
        "seed": seed,
    }
    return record(module, "grasp", share, masks, asked, parameters)
