"""Where are the weights of a module, and their masks, at this moment?"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from topograph.errors import ParameterError
from topograph.monitoring.mask_changes import plain

if TYPE_CHECKING:
    from torch import Tensor, nn

Masks: TypeAlias = Mapping[str, Any] | Callable[[], Mapping[str, Any]]


class WatchedWeights:
    """The weights of linear layers and convolutions, and what masks them.

    Parameters
    ----------
    module : nn.Module
    masks : mapping or callable, optional
        Masks by name of parameter or layer, looked up again every time; or a function that
        returns them.

    Raises
    ------
    ParameterError
        If there is nothing to watch, or a mask belongs to no weight.
    """

    def __init__(self, module: nn.Module, masks: Masks | None) -> None:
        from torch import nn
        from torch.nn.utils import parametrize

        kinds = (nn.Linear, nn.modules.conv._ConvNd)
        self.module, self._masks = module, masks
        self.names = tuple(name for name, part in module.named_modules() if isinstance(part, kinds))
        if not self.names:
            raise ParameterError(
                "The model must have a linear layer or a convolution, but it has none."
            )
        first = {id(part): name for name, part in module.named_modules()}
        self._first = {  # of a layer that is there under several names, by each of them
            name: first[id(part)] for name, part in module.named_modules(remove_duplicate=False)
        }
        given = self._given()
        for name in given:
            if name not in self.names:
                close = difflib.get_close_matches(name, self.names, n=3)
                raise ParameterError(
                    f"A mask must belong to a linear layer or a convolution, but {name!r} is none.",
                    hint=f"did you mean {', '.join(close)}?" if close else None,
                )
        self.parts: dict[str, Any] = {name: module.get_submodule(name) for name in self.names}
        self._is_computed = any(parametrize.is_parametrized(part) for part in self.parts.values())

    def now(self) -> dict[str, tuple[Tensor, Tensor | None]]:
        """Return for each layer the mask in force, and the weights that it should zero.

        A mask of a weight that layers share is that of each of them. There are no weights to be
        zero where the layer multiplies by the mask itself, or where the mask is that of the
        weights that are not 0.
        """
        if not self._is_computed:
            return self._now()
        from topograph.interop.torch.untouched import untouched

        with untouched(self.module):  # computing a weight may draw, or change buffers
            return self._now()

    def _now(self) -> dict[str, tuple[Tensor, Tensor | None]]:
        given = self._given()
        by_weight = {
            id(self.parts[name].weight): mask
            for name, mask in given.items()
            if name in self.parts and "weight" in self.parts[name]._parameters
        }
        found: dict[str, tuple[Tensor, Tensor | None]] = {}
        for name in self.names:
            part = self.parts[name]
            if name not in given and id(part._parameters.get("weight")) in by_weight:
                given[name] = by_weight[id(part.weight)]  # layers that share a weight, one mask
            original = getattr(part, "weight_orig", None)
            buffer = getattr(part, "weight_mask", None)
            weight = (part.weight if original is None else original).detach()
            applied = weight if original is None or buffer is None else weight * buffer
            mask = given.get(name, buffer)
            if mask is None:
                found[name] = (_not_zero(weight), None)
                continue
            found[name] = (
                self._checked(name, mask, weight),
                applied if name in given or original is None else None,
            )
        return found

    def _given(self) -> dict[str, Any]:
        masks: Any = self._masks() if callable(self._masks) else self._masks or {}
        named = {_layer(name): mask for name, mask in masks.items()}
        return {self._first.get(name, name): mask for name, mask in named.items()}

    def _checked(self, name: str, mask: Any, weight: Tensor) -> Tensor:
        import torch

        tensor = torch.as_tensor(mask, device=weight.device)
        if tensor.shape != weight.shape:
            raise ParameterError(
                f"The mask of {name!r} must have the shape {tuple(weight.shape)} of its weights, "
                f"but it has {tuple(tensor.shape)}."
            )
        return tensor if tensor.dtype == torch.bool else tensor != 0


def _not_zero(weight: Tensor) -> Tensor:
    import torch

    found = plain(weight) != 0
    return torch.as_tensor(found)


def _layer(name: str) -> str:
    return "" if name == "weight" else name.removesuffix(".weight")
