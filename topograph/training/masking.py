"""Which weights can be pruned, and how a mask is kept on them.

A mask is a boolean tensor of a weight's shape, True where the weight is kept; masks come as
a mapping from parameter names such as ``fc1.weight``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from topograph.errors import ParameterError

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)


def layer_weights(module: nn.Module) -> dict[str, nn.Parameter]:
    """Weights of all linear and convolution layers, by all names that they have.

    Raises
    ------
    ParameterError
        If a weight is the result of a parametrisation.

    Examples
    --------
    >>> layer = nn.Linear(2, 2)
    >>> list(layer_weights(nn.Sequential(layer, nn.ReLU(), layer)))
    ['0.weight', '2.weight']
    """
    found = {}
    for layer, child in module.named_modules(remove_duplicate=False):
        if isinstance(child, LAYERS):
            weight = child._parameters.get("weight")
            if weight is None:
                raise ParameterError(
                    f"The weight of layer {layer!r} must be a parameter of its own, but it is "
                    f"computed from others.",
                    hint="remove the parametrisation first: torch.nn.utils.prune.remove, or "
                    "torch.nn.utils.parametrize.remove_parametrizations.",
                )
            found[f"{layer}.weight" if layer else "weight"] = weight
    return found


def masks_by_all_names(module: nn.Module, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Masks of all linear and convolution layers: of a shared weight by all names that it has.

    Parameters
    ----------
    module : nn.Module
    masks : mapping of str to Tensor
        By the names of `prunable_parameters`; a layer without one is dense.

    Examples
    --------
    >>> layer = nn.Linear(1, 1)
    >>> masks_by_all_names(nn.Sequential(layer, layer), {"0.weight": torch.tensor([[False]])})
    {'0.weight': tensor([[False]]), '1.weight': tensor([[False]])}
    """
    weights = layer_weights(module)
    of_weights = {id(weights[name]): mask for name, mask in masks.items()}
    return {
        name: of_weights.get(id(weight), torch.ones(weight.shape, dtype=torch.bool))
        for name, weight in weights.items()
    }


def prunable_parameters(module: nn.Module, exclude: Iterable[str] = ()) -> dict[str, nn.Parameter]:
    """Weights of the linear and convolution layers of a module, in order of definition.

    Parameters
    ----------
    module : nn.Module
    exclude : iterable of str
        Names of layers (``fc3``) or of their weights (``fc3.weight``) to leave out.

    Returns
    -------
    dict of str to nn.Parameter
        By parameter name. Biases and normalisation layers are never among them. A weight that
        several layers share is there once, by its first name; one that is a table of
        embeddings too is not, as embeddings are not.

    Raises
    ------
    ParameterError
        If there is nothing to prune, ``exclude`` names no such layer, or a weight is the
        result of a parametrisation.

    Examples
    --------
    >>> net = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 2))
    >>> list(prunable_parameters(net)), list(prunable_parameters(net, exclude=["0"]))
    (['0.weight', '2.weight'], ['2.weight'])
    """
    tables = {id(child.weight) for child in module.modules() if isinstance(child, nn.Embedding)}
    found: dict[str, nn.Parameter] = {}
    others: dict[str, str] = {}  # names of weights that are there by another name
    first_names: dict[int, str] = {}
    for name, weight in layer_weights(module).items():
        if id(weight) in first_names:
            others[name] = first_names[id(weight)]
        elif id(weight) not in tables:
            first_names[id(weight)] = name
            found[name] = weight
    left_out = set()
    for name in exclude:
        key = name if name in found or name in others else f"{name}.weight"
        key = others.get(key, key)
        if key not in found:
            raise ParameterError.expected(
                "An excluded layer", f"one of {', '.join(found) or 'none'}", name
            )
        left_out.add(key)
    kept = {name: weight for name, weight in found.items() if name not in left_out}
    if not kept:
        raise ParameterError(
            "A module to be pruned must have a linear or convolution layer that is not "
            "excluded, but it has none."
        )
    return kept


def checked_masks(module: nn.Module, masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the masks on the devices of their weights.

    Raises
    ------
    ParameterError
        If a mask belongs to no weight, is not boolean, or has another shape.
    """
    if not masks:
        return {}
    weights = prunable_parameters(module)
    checked = {}
    for name, mask in masks.items():
        if name not in weights:
            raise ParameterError.expected("A mask", f"of one of {', '.join(weights)}", name)
        if mask.dtype != torch.bool or mask.shape != weights[name].shape:
            raise ParameterError.expected(
                f"The mask of {name}",
                f"boolean of shape {tuple(weights[name].shape)}",
                (mask.dtype, tuple(mask.shape)),
            )
        checked[name] = mask.to(weights[name].device)
    return checked


@torch.no_grad()
def apply_masks(module: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Set the weights outside the masks to exactly 0, whatever they are.

    Examples
    --------
    >>> layer = nn.Linear(2, 1)
    >>> apply_masks(layer, {"weight": torch.tensor([[True, False]])})
    >>> float(layer.weight.detach()[0, 1])
    0.0
    """
    for name, mask in checked_masks(module, masks).items():
        module.get_parameter(name).masked_fill_(~mask, 0.0)


@torch.no_grad()
def mask_gradients(module: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Set the gradients outside the masks to 0.

    Weights that are 0 there stay exactly 0 under SGD, with momentum and decay, and under
    every optimiser whose step is 0 where all gradients so far were.
    """
    for name, mask in masks.items():
        gradient = module.get_parameter(name).grad
        if gradient is not None:
            gradient.masked_fill_(~mask, 0.0)  # as nan times 0 would be nan


@torch.no_grad()
def check_zeros_outside(module: nn.Module, masks: Mapping[str, Tensor]) -> None:
    """Assert that every weight outside the masks is exactly 0.

    Raises
    ------
    AssertionError
        Naming the layer; something else has written to its weights.
    """
    for name, mask in masks.items():
        weight = module.get_parameter(name)
        stray = int(torch.count_nonzero(weight.masked_fill(mask, 0.0)))
        if stray:
            raise AssertionError(f"{stray} weights of {name} outside its mask are not 0.")
