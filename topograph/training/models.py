"""The nets of the training paper, by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import nn

from topograph.errors import ParameterError
from topograph.training.initialisation import initialise
from topograph.training.layers import ResponseNormalisation
from topograph.training.recipes import Initialisation

Shape: TypeAlias = tuple[int, int, int]

_KERNEL, _CHANNELS, _HIDDEN = 5, (20, 50), 384


def lenet_300_100(
    input_shape: Shape,
    n_classes: int = 10,
    widths: Sequence[int] = (300, 100),
    relu_logits: bool = False,
) -> nn.Sequential:
    """LeNet-300-100: fully connected layers with a ReLU after each but the last.

    Parameters
    ----------
    input_shape : (int, int, int)
        Channels, height and width.
    n_classes : int, default 10
    widths : sequence of int, default (300, 100)
        Units of the hidden levels.
    relu_logits : bool, default False
        Whether the last layer has a ReLU as well, as in Alford et al. 2018.

    Examples
    --------
    >>> net = lenet_300_100((1, 28, 28))
    >>> [tuple(net.get_submodule(name).weight.shape) for name in ("fc1", "fc2", "fc3")]
    [(300, 784), (100, 300), (10, 100)]
    """
    channels, height, width = input_shape
    levels = [channels * height * width, *widths, n_classes]
    layers: list[tuple[str, nn.Module]] = [("flatten", nn.Flatten())]
    for number in range(1, len(levels)):
        layers.append((f"fc{number}", nn.Linear(levels[number - 1], levels[number])))
        if number < len(levels) - 1 or relu_logits:
            layers.append((f"relu{number}", nn.ReLU()))
    return nn.Sequential(OrderedDict(layers))


def lenet_5(
    input_shape: Shape,
    n_classes: int = 10,
    pool_size: int | None = None,
    second_normalisation: bool | None = None,
) -> nn.Sequential:
    """LeNet-5 as in Alford et al. 2018: two convolutions and two fully connected layers.

    5 x 5 convolution to 20 channels, ReLU, max pooling, local response normalisation; 5 x 5
    convolution to 50 channels, ReLU, normalisation, max pooling; 384 units, ReLU; classes.
    Convolutions keep height and width, poolings of stride 2 halve them, rounding up.

    Parameters
    ----------
    input_shape : (int, int, int)
        Channels, height and width: (1, 28, 28) for MNIST, (3, 24, 24) for cropped CIFAR-10.
    n_classes : int, default 10
    pool_size : int, optional
        Window of the poolings; by default 2 for grey images and 3 for color.
    second_normalisation : bool, optional
        Whether there is one after the second convolution; by default for grey images.

    Examples
    --------
    >>> lenet_5((1, 28, 28)).fc1, lenet_5((3, 24, 24)).fc1.in_features
    (Linear(in_features=2450, out_features=384, bias=True), 1800)
    """
    channels, height, width = input_shape
    is_grey = channels == 1
    window = pool_size or (2 if is_grey else 3)
    normalised = is_grey if second_normalisation is None else second_normalisation
    first, second = _CHANNELS
    height, width = (-(-side // 4) for side in (height, width))
    convolution: Callable[..., nn.Module] = nn.Conv2d
    layers: list[tuple[str, nn.Module]] = [
        ("conv1", convolution(channels, first, _KERNEL, padding="same")),
        ("relu1", nn.ReLU()),
        ("pool1", nn.MaxPool2d(window, stride=2, ceil_mode=True)),
        ("norm1", ResponseNormalisation(first)),
        ("conv2", convolution(first, second, _KERNEL, padding="same")),
        ("relu2", nn.ReLU()),
        *([("norm2", ResponseNormalisation(second))] if normalised else []),
        ("pool2", nn.MaxPool2d(window, stride=2, ceil_mode=True)),
        ("flatten", nn.Flatten()),
        ("fc1", nn.Linear(second * height * width, _HIDDEN)),
        ("relu3", nn.ReLU()),
        ("fc2", nn.Linear(_HIDDEN, n_classes)),
    ]
    return nn.Sequential(OrderedDict(layers))


MODELS: Mapping[str, Callable[..., nn.Sequential]] = {
    "lenet-300-100": lenet_300_100,
    "lenet-5": lenet_5,
}


def build_model(
    name: str,
    input_shape: Sequence[int],
    n_classes: int = 10,
    *,
    initialisation: Initialisation = "fan_in",
    seed: int = 0,
    **options: Any,
) -> nn.Sequential:
    """Build a net by name, with fresh weights.

    Parameters
    ----------
    name : {"lenet-300-100", "lenet-5"}
    input_shape : sequence of int
        Channels, height and width.
    n_classes : int, default 10
    initialisation : {"fan_in", "truncated_normal"}, default "fan_in"
        See `topograph.training.initialise`.
    seed : int, default 0
        Of the weights. The global generator of torch is left as it was.
    **options
        Those of `lenet_300_100` (widths, relu_logits) or `lenet_5` (pool_size,
        second_normalisation).

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
    initialise(module, initialisation, seed)
    return module
