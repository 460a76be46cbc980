"""Nets by name, with fresh weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from topograph.architectures.convolution_nets import conv_net
from topograph.architectures.lenets import Shape, lenet_5, lenet_300_100
from topograph.architectures.residual_nets import resnet_20
from topograph.errors import ParameterError
from topograph.training.initialisation import initialise
from topograph.training.recipes import Initialisation

__all__ = ["MODELS", "Shape", "build_model", "conv_net", "lenet_5", "lenet_300_100", "resnet_20"]

MODELS: Mapping[str, Callable[..., nn.Sequential]] = {
    "lenet-300-100": lenet_300_100,
    "lenet-5": lenet_5,
    "conv-net": conv_net,
    "resnet-20": resnet_20,
}
"""Every net is made from the shape of an image and the number of classes."""


def build_model(
    name: str,
    input_shape: Sequence[int],
    n_classes: int = 10,
    *,
    initialisation: Initialisation = "fan_in",
    seed: int = 0,
    relu_logits: bool = False,
    **options: Any,
) -> nn.Sequential:
    """Build a net by name, with fresh weights.

    Parameters
    ----------
    name : {"lenet-300-100", "lenet-5", "conv-net", "resnet-20"}
    input_shape : sequence of int
        Channels, height and width.
    n_classes : int, default 10
    initialisation : {"fan_in", "truncated_normal"}, default "fan_in"
        See `topograph.training.initialise`.
    seed : int, default 0
        Of the weights. The global generator of torch is left as it was.
    relu_logits : bool, default False
        Whether the logits go through a ReLU, the last layer ``relu_logits`` of the net.
    **options
        Those of `lenet_300_100` (widths), `lenet_5` (pool_size,
        second_normalisation) or `conv_net` (channels).

    Raises
    ------
    ParameterError
        If there is no such net, or it has no such option.

    Examples
    --------
    >>> build_model("lenet-300-100", (1, 8, 8), widths=(20,))(torch.zeros(2, 1, 8, 8)).shape
    torch.Size([2, 10])
    """
    if name not in MODELS:
        raise ParameterError.expected("A model", f"one of {', '.join(MODELS)}", name)
    if len(input_shape) != 3 or min(input_shape) < 1:
        raise ParameterError.expected("input_shape", "channels, height and width", input_shape)
    with torch.random.fork_rng(devices=[]):  # the layers' own initialisation draws from it
        try:
            module = MODELS[name](tuple(input_shape), n_classes, **options)
        except TypeError as error:
            raise ParameterError(f"The options do not fit the model {name!r}: {error}.") from error
    if relu_logits:
        module.add_module("relu_logits", nn.ReLU())
    initialise(module, initialisation, seed)
    return module
