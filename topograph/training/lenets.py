"""The nets of the training paper: LeNet-300-100 and its LeNet-5."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TypeAlias

from torch import nn

from topograph.training.layers import ResponseNormalisation

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
