"""Pruning by magnitude, once."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn

from topograph.pruning.record import PrunedMasks, record
from topograph.pruning.selection import keep_largest
from topograph.pruning.targets import Scope, checked_sparsity, counts_by_scope, pruned_parameters


def prune_magnitude(
    module: nn.Module,
    sparsity: float,
    *,
    scope: Scope = "layer",
    exclude: Iterable[str] = (),
    keep_output_dense: bool = False,
    seed: int | None = None,
) -> PrunedMasks:
    """Masks that keep the weights of largest magnitude.

    Of the ``n`` weights of each layer (``scope="layer"``), or of all layers together
    (``"global"``), exactly ``round(sparsity * n)`` with the smallest ``|w|`` are dropped; by
    layer one is kept at least. The module is left as it is; `topograph.training.apply_masks`
    prunes it.

    Parameters
    ----------
    module : nn.Module
        Usually trained.
    sparsity : float
        In [0, 1).
    scope : {"layer", "global"}, default "layer"
        Global ranking can take every weight of a layer whose weights are small.
    exclude : iterable of str, default ()
        Layers that stay dense.
    keep_output_dense : bool, default False
        Whether the last layer stays dense too: the one that is defined last.
    seed : int, optional
        Breaks ties at random; by default the weight that comes first is kept.

    Returns
    -------
    PrunedMasks

    Raises
    ------
    ParameterError
        If an argument is outside what it may be.
    TopographError
        If a weight is not finite.

    References
    ----------
    Han et al., "Learning both weights and connections for efficient neural networks",
    NeurIPS 2015; "one-time pruning" of Alford et al., arXiv 1810.00299.

    Examples
    --------
    >>> import torch
    >>> layer = nn.Linear(4, 1, bias=False)
    >>> _ = layer.weight.data.copy_(torch.tensor([[0.1, -3.0, 2.0, 0.1]]))
    >>> prune_magnitude(layer, 0.5).masks["weight"]
    tensor([[False,  True,  True, False]])
    """
    share = checked_sparsity(sparsity)
    weights = pruned_parameters(module, exclude, keep_output_dense)
    counts, asked = counts_by_scope(weights, share, scope)
    scores = {name: weight.detach().abs() for name, weight in weights.items()}
    masks = keep_largest(scores, counts, seed)
    return record(module, "magnitude", share, masks, asked, {"scope": scope, "seed": seed})
