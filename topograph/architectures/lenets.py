"""LeNet-300-100, and LeNet-5 as in the training paper and as in 1998."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from torch import nn

from topograph.architectures.response_normalisation import ResponseNormalisation
from topograph.architectures.shapes import Shapes, count_of, n_channels, size

Shape: TypeAlias = tuple[int, int, int]

_KERNEL, _CHANNELS, _HIDDEN = 5, (20, 50), 384
_OLD_CHANNELS, _OLD_HIDDEN = (6, 16), (120, 84)


def lenet_300_100(
    input_shape: Shape,
    n_classes: int = 10,
    widths: Sequence[int] = (300, 100),
) -> nn.Sequential:
    """LeNet-300-100: fully connected layers with a ReLU after each but the last.

    Parameters
    ----------
    input_shape : (int, int, int)
        Channels, height and width.
    n_classes : int, default 10
    widths : sequence of int, default (300, 100)
        Units of the hidden levels.

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
        if number < len(levels) - 1:
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


def lenet_5_1998(input_shape: Shape, n_classes: int = 10) -> nn.Sequential:
    """LeNet-5 as it is built today: two convolutions, and layers of 120, 84 and 10 units.

    5 x 5 convolution to 6 channels, ReLU, 2 x 2 max pooling; 5 x 5 convolution to 16 channels,
    ReLU, 2 x 2 max pooling; 120 units, ReLU; 84 units, ReLU; classes. The first convolution has
    two zeros of padding for images below 32 x 32. The paper's own has trained poolings, a
    second convolution that sees some channels only, and another last layer.

    Parameters
    ----------
    input_shape : (int, int, int)
        Channels, height and width: (1, 28, 28) for MNIST, (3, 32, 32) for CIFAR-10.
    n_classes : int, default 10

    References
    ----------
    LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 1998, section II.B.

    Examples
    --------
    >>> net = lenet_5_1998((1, 28, 28))
    >>> sum(parameter.numel() for parameter in net.parameters())
    61706
    """
    channels, height, width = input_shape
    padding = 2 if max(height, width) < 32 else 0
    first, second = _OLD_CHANNELS
    height, width = (((side + 2 * padding - 4) // 2 - 4) // 2 for side in (height, width))
    levels = (second * height * width, *_OLD_HIDDEN)
    layers: list[tuple[str, nn.Module]] = [
        ("conv1", nn.Conv2d(channels, first, _KERNEL, padding=padding)),
        ("relu1", nn.ReLU()),
        ("pool1", nn.MaxPool2d(2)),
        ("conv2", nn.Conv2d(first, second, _KERNEL)),
        ("relu2", nn.ReLU()),
        ("pool2", nn.MaxPool2d(2)),
        ("flatten", nn.Flatten()),
        ("fc1", nn.Linear(levels[0], levels[1])),
        ("relu3", nn.ReLU()),
        ("fc2", nn.Linear(levels[1], levels[2])),
        ("relu4", nn.ReLU()),
        ("fc3", nn.Linear(levels[2], n_classes)),
    ]
    return nn.Sequential(OrderedDict(layers))


def lenet_300_100_options(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes of a state dict say about the options of `lenet_300_100`."""
    count = count_of(shapes, "fc") or 0
    widths = [size(shapes, f"fc{number}.weight", 0) for number in range(1, count + 1)]
    image = (1, 28, 28)
    n_inputs = size(shapes, "fc1.weight", 1)
    return {
        "input_shape": image if n_inputs in (None, 784) else (1, 1, n_inputs),
        "n_classes": widths[-1] if widths else None,
        "widths": None if None in widths or not widths else tuple(widths[:-1]),
    }


def lenet_5_options(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes of a state dict say about the options of `lenet_5`."""
    channels = n_channels(shapes, "conv1.weight", 1)
    n_features = size(shapes, "fc1.weight", 1) or 0
    side = 4 * math.isqrt(n_features // _CHANNELS[1])
    return {
        "input_shape": (channels, side, side) if side else None,
        "n_classes": size(shapes, "fc2.weight", 0),
    }


def lenet_5_1998_options(shapes: Shapes) -> dict[str, Any]:
    """Return what the shapes of a state dict say about the options of `lenet_5_1998`."""
    channels = n_channels(shapes, "conv1.weight", 1)
    side = 28 if channels == 1 else 32
    return {"input_shape": (channels, side, side), "n_classes": size(shapes, "fc3.weight", 0)}
