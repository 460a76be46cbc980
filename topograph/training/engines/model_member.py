"""One net of an ensemble that is a model by name, convolutions and all, under masks."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor

from topograph.errors import ParameterError
from topograph.training.masking import prunable_parameters
from topograph.training.models import MODELS
from topograph.training.recipes import OutputLayer

_ANY_SHAPE = (1, 8, 8)  # names of layers do not depend on the input


@dataclass(frozen=True, eq=False)
class ModelMember:
    """A net to be trained whose architecture is a model's; some of its layers have masks.

    Parameters
    ----------
    name : str
        For messages.
    model : str
        As of `topograph.training.build_model`.
    masks : mapping of str to Tensor
        Boolean, by parameter name, of the weight's shape; layers without a mask are dense.
    seed : int, default 0
        Of the initial weights.
    rate_factor : float, default 1.0
        The recipe's learning rate is multiplied by it.

    Raises
    ------
    ParameterError
        If there is no such model, or a mask is not boolean or of none of its layers.

    Examples
    --------
    >>> mask = torch.zeros(10, 128, dtype=torch.bool)
    >>> mask[:, :32] = True
    >>> member = ModelMember("quarter", "conv-net", {"fc.weight": mask})
    >>> member.n_edges, member.density
    (320, 0.25)
    """

    name: str
    model: str
    masks: Mapping[str, Tensor]
    seed: int = 0
    rate_factor: float = 1.0

    def __post_init__(self) -> None:
        known = layer_names(self.model)
        for name, mask in self.masks.items():
            if name not in known:
                raise ParameterError.expected(
                    f"{self.name}: A mask", f"of one of {', '.join(known)}", name
                )
            if mask.dtype != torch.bool:
                raise ParameterError.expected(
                    f"{self.name}: The mask of {name}", "boolean", mask.dtype
                )

    @classmethod
    def of_masks(
        cls,
        model: str,
        masks: Mapping[str, Any],
        name: str = "net",
        seed: int = 0,
        rate_factor: float = 1.0,
        output_layer: OutputLayer = "as_masked",
    ) -> Self:
        """Return the member for masks, that of the last layer all True if it is to be dense.

        Parameters
        ----------
        model : str
        masks : mapping of str to Tensor or ndarray
            As `topograph.io.convolution_masks.read_convolution_masks` gives them.
        name, seed, rate_factor
            As of the class.
        output_layer : {"as_masked", "dense"}, default "as_masked"
            The last layer is the one the model defines last, whether it has a mask or not.

        Raises
        ------
        ParameterError
            As of the class.

        Examples
        --------
        >>> masks = {"conv2.weight": torch.zeros(50, 20, 5, 5) > 0, "fc2.weight": torch.eye(10) > 0}
        >>> list(ModelMember.of_masks("lenet-5", masks, output_layer="dense").masks)
        ['conv2.weight', 'fc2.weight']
        """
        kept = {key: torch.as_tensor(mask) for key, mask in masks.items()}
        last = layer_names(model)[-1]
        if output_layer == "dense" and last in kept:
            kept[last] = torch.ones_like(kept[last])
        return cls(name, model, kept, seed, rate_factor)

    @property
    def n_edges(self) -> int:
        """Weights that the masks keep; those of layers without a mask are not counted."""
        return sum(int(mask.sum()) for mask in self.masks.values())

    @property
    def density(self) -> float:
        """Weights kept over all weights of the layers with a mask; 1 if there is none."""
        n_weights = sum(mask.numel() for mask in self.masks.values())
        return self.n_edges / n_weights if n_weights else 1.0


@functools.cache
def layer_names(model: str) -> tuple[str, ...]:
    """Return the names of the weights of a model that may have masks, in order of definition.

    Raises
    ------
    ParameterError
        If there is no such model.

    Examples
    --------
    >>> layer_names("lenet-300-100")
    ('fc1.weight', 'fc2.weight', 'fc3.weight')
    """
    if model not in MODELS:
        raise ParameterError.expected("A model", f"one of {', '.join(MODELS)}", model)
    with torch.device("meta"):  # names without numbers
        return tuple(prunable_parameters(MODELS[model](_ANY_SHAPE)))
