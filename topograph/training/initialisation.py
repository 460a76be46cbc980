"""Fresh weights, drawn on the CPU so that a seed means the same on every device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

import torch
from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.training.masking import (
    apply_masks,
    checked_masks,
    layer_weights,
    prunable_parameters,
)
from topograph.training.recipes import Initialisation
from topograph.training.seeding import seeded_generator

LINEAR_DEVIATION, LINEAR_BIAS = 0.04, 0.1
CONVOLUTION_DEVIATION, CONVOLUTION_BIAS = 0.05, 0.0
_NORMALISATIONS = (
    nn.modules.batchnorm._NormBase,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.GroupNorm,
)


@torch.no_grad()
def initialise(
    module: nn.Module,
    how: Initialisation = "fan_in",
    seed: int = 0,
    masks: Mapping[str, Tensor] | None = None,
) -> None:
    r"""Draw the weights of all linear and convolution layers anew; normalise as at first.

    ``fan_in``: normal of deviation ``sqrt(2 / fan_in)``, ``fan_in`` the number of inputs that
    the mask leaves to this very unit; biases 0. ``dense_fan_in``: the same with all inputs of
    the layer counted, as if it were dense. ``truncated_normal``: normal, cut off at two
    deviations; .04 and bias .1 in linear layers, .05 and bias 0 in convolutions, however many
    inputs the mask leaves. The same seed draws the same numbers under every mask. Layers that
    normalise get scales of 1, shifts of 0, and no means and variances seen. Other layers,
    transposed convolutions among them, stay as they are.

    Parameters
    ----------
    module : nn.Module
        Changed in place.
    how : {"fan_in", "dense_fan_in", "truncated_normal"}, default "fan_in"
    seed : int, default 0
    masks : mapping of str to Tensor, optional
        Weights outside are set to 0.

    Raises
    ------
    ParameterError
        If ``how`` is none of these, or a mask does not fit.

    References
    ----------
    He et al., "Delving deep into rectifiers", ICCV 2015 (fan_in); Alford et al. 2018
    (truncated_normal).

    Examples
    --------
    >>> layer = nn.Linear(10_000, 4)
    >>> initialise(layer, seed=1)
    >>> round(float(layer.weight.detach().std()), 3)
    0.014
    """
    if how not in get_args(Initialisation):
        known = ", ".join(get_args(Initialisation))
        raise ParameterError.expected("initialisation", f"one of {known}", how)
    kept = checked_masks(module, masks or {})
    generator = seeded_generator(seed, "weights")
    names = layer_weights(module)
    for name, weight in prunable_parameters(module).items():
        is_linear = weight.ndim == 2
        if how != "truncated_normal":
            mask = kept.get(name) if how == "fan_in" else None
            fresh = torch.randn(weight.shape, generator=generator)
            fresh *= _true_fan_in(weight, mask).clamp_min(1).reciprocal().mul(2).sqrt()
            constant = 0.0
        else:
            deviation = LINEAR_DEVIATION if is_linear else CONVOLUTION_DEVIATION
            fresh = torch.empty(weight.shape)
            nn.init.trunc_normal_(
                fresh, 0.0, deviation, -2 * deviation, 2 * deviation, generator=generator
            )
            constant = LINEAR_BIAS if is_linear else CONVOLUTION_BIAS
        weight.copy_(fresh)
        for other, shared in names.items():  # layers that share a weight have biases of their own
            bias = module.get_submodule(other.rpartition(".")[0]).bias
            if shared is weight and isinstance(bias, Tensor):
                bias.fill_(constant)
    for child in module.modules():
        if isinstance(child, _NORMALISATIONS):
            child.reset_parameters()
    apply_masks(module, kept)


def _true_fan_in(weight: Tensor, mask: Tensor | None) -> Tensor:
    """Return the inputs of every unit (filter), shaped to scale the weights with."""
    shape = (weight.shape[0], *([1] * (weight.ndim - 1)))
    if mask is None:
        return torch.full(shape, float(weight[0].numel()))
    return mask.flatten(1).sum(dim=1).cpu().float().view(shape)
