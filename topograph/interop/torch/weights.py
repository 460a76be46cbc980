"""Which weights of a module are kept?"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from topograph.biadjacency.entries import kept_entries
from topograph.biadjacency.operator import Values
from topograph.errors import GraphError, ParameterError
from topograph.interop.torch.program import WeightNames


class Weights:
    """The masks of a module's weights, from wherever they are.

    In this order: a mask that is given, the buffer ``weight_mask`` that torch's pruning makes,
    the weights themselves, as parametrizations give them.

    Parameters
    ----------
    names : WeightNames
    given : mapping of str to array, optional
        Masks by the dotted name of the parameter.
    threshold : float
        Weights are kept where ``|w| > threshold``.

    Raises
    ------
    ParameterError
        If a mask belongs to no parameter, or has another shape.
    """

    def __init__(
        self, names: WeightNames, given: Mapping[str, Any] | None, threshold: float
    ) -> None:
        self.names, self.threshold = names, threshold
        self.used: set[str] = set()
        self.constants: set[str] = set()
        self.shapes = weight_shapes(names.module)
        self.given = {name: self._checked(name, mask) for name, mask in (given or {}).items()}

    def kept(self, tensor: Tensor, scope: str) -> tuple[Values, str | None]:
        """Return the mask of a weight, and the name of its parameter if it has one."""
        view = self.names.viewed(tensor)
        if view is not None:
            source, places = view
            source = source.removesuffix("_orig")
            if places.shape != self.shapes.get(source) or not _in_order(places):
                return self._kept_of_view(tensor, source, places), None
        name = self.names.name_of(tensor, scope)
        if name is not None:
            name = name.removesuffix("_orig")
            self.used.add(name)
            if name in self.given:
                return self.given[name], name
        weights = as_array(tensor)
        try:
            kept = kept_entries(weights, self.threshold)
            pruned = None if name is None else _pruned(self.names.module, name)
            if pruned is not None and pruned.shape == tensor.shape:
                mask = kept_entries(as_array(pruned), 0.0)
                kept = mask & kept if self.threshold else mask
        except GraphError as error:
            raise error.within(f"weight {name or scope!r}") from error
        return kept, name

    def _kept_of_view(self, tensor: Tensor, source: str, places: Tensor) -> Values:
        """Return the mask of a weight that is turned, or a part of it."""
        self.used.add(source)
        mask: Values | None = self.given.get(source)
        if mask is None:
            pruned = _pruned(self.names.module, source) if source in self.shapes else None
            mask = None if pruned is None else kept_entries(as_array(pruned), 0.0)
        if mask is None:
            return kept_entries(as_array(tensor), self.threshold)
        found: Values = np.ascontiguousarray(mask).reshape(-1)[places.numpy()]
        return found

    def see(self, tensors: Iterable[Tensor], scope: str) -> None:
        """Keep the names of tensors that operations read."""
        names = (self.names.name_of(tensor, scope) for tensor in tensors)
        self.constants.update(name.removesuffix("_orig") for name in names if name)

    def unused(self) -> list[str]:
        """Return sentences on weights and masks that no layer used; refuse a lost mask."""
        for name in self.given:
            if name not in self.used and len(self.shapes[name]) > 1:
                raise ParameterError(
                    f"The mask of {name!r} must reach a layer, but the model computes its weights "
                    f"from others, or does not use them.",
                    hint="multiply the weights by the mask and trace the module again.",
                )
        left = [name for name in self.given if name not in self.used]
        found = [f"The mask of {name!r} joins no units." for name in left]
        matrices = [name for name, shape in self.shapes.items() if len(shape) > 1]
        found += [
            f"The parameter {name!r} enters as a constant, and joins no units."
            if name in self.constants
            else f"The parameter {name!r} does not lead from the input to the output."
            for name in matrices
            if name not in self.used
        ]
        return found

    def _checked(self, name: str, mask: Any) -> Values:
        if name not in self.shapes:
            close = difflib.get_close_matches(name, self.shapes, n=3)
            raise ParameterError(
                f"A mask must belong to a parameter of the module, but {name!r} does not.",
                hint=f"did you mean {', '.join(close)}?" if close else None,
            )
        array = as_array(mask) if isinstance(mask, Tensor) else np.asarray(mask)
        if array.shape != self.shapes[name]:
            raise ParameterError(
                f"The mask of {name!r} must have the shape {self.shapes[name]} of the parameter, "
                f"but it has {array.shape}."
            )
        try:
            return kept_entries(array, 0.0)
        except GraphError as error:
            raise error.within(f"mask of {name!r}") from error


def weight_shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """Return shapes of all parameters by the name that they have unpruned and unparametrized."""
    found = {}
    for scope, part in module.named_modules():
        before = f"{scope}." if scope else ""
        for name in getattr(part, "parametrizations", ()):
            found[before + name] = tuple(getattr(part, name).shape)
    for name, tensor in module.named_parameters():
        if ".parametrizations." not in f".{name}":
            found[name.removesuffix("_orig")] = tuple(tensor.shape)
    return found


def as_array(tensor: Tensor) -> Values:
    """Return a tensor of any type and device as an array of numbers."""
    plain = tensor.detach()
    if plain.is_floating_point() and plain.dtype not in (torch.float32, torch.float64):
        plain = plain.to(torch.float32)
    found: Values = plain.to("cpu").numpy()
    return found


def _in_order(places: Tensor) -> bool:
    return bool(torch.equal(places.reshape(-1), torch.arange(places.numel())))


def _pruned(module: nn.Module, name: str) -> Tensor | None:
    scope, _, attribute = name.rpartition(".")
    found = dict(module.get_submodule(scope).named_buffers(recurse=False))
    return found.get(f"{attribute}_mask")
