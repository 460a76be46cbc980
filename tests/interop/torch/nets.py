"""Small random nets of convolutions, poolings, sums and concatenations, and one's own."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor, nn

from tests.interop.torch.counts import prune_at_random


class Forward(nn.Module):
    """A module with a forward pass of one's own."""

    def __init__(self, forward, **parts):
        super().__init__()
        self.function = forward
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *args):
        return self.function(self, *args)


class Residual(nn.Module):
    """``x + f(x)``, with an activation after, in place or not."""

    def __init__(self, inner: nn.Module, in_place: bool) -> None:
        super().__init__()
        self.inner, self.in_place = inner, in_place
        self.relu = nn.ReLU()

    def forward(self, values: Tensor) -> Tensor:
        found = self.inner(values)
        if self.in_place:
            found += values
        else:
            found = values + found
        return self.relu(found)


class Dense(nn.Module):
    """``[x, f(x)]`` along channels."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, values: Tensor) -> Tensor:
        return torch.cat([values, self.inner(values)], 1)


class Twice(nn.Module):
    """One module used twice."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, values: Tensor) -> Tensor:
        return self.inner(self.inner(values))


class Means(nn.Module):
    """Global sums, in the linear copy, by a mean over one place."""

    def forward(self, values: Tensor) -> Tensor:
        return values.sum((2, 3))


@st.composite
def small_nets(
    draw: st.DrawFn, most_blocks: int = 4, largest: int = 5
) -> tuple[nn.Module, tuple[int, int, int]]:
    """A net of random blocks with half of its weights, and the shape of its input."""
    channels = draw(st.integers(1, 2))
    shape = (channels, draw(st.integers(2, largest)), draw(st.integers(2, largest)))
    width, size = channels, min(shape[1:])
    blocks: list[nn.Module] = []
    for _ in range(draw(st.integers(1, most_blocks))):
        kind = draw(st.sampled_from(["conv", "turned", "pool", "residual", "dense", "twice"]))
        same = nn.Conv2d(width, width, 3, padding="same", groups=draw(st.sampled_from([1, width])))
        if kind == "conv":
            to = draw(st.integers(1, 3))
            stride, dilation = draw(st.integers(1, 2)), draw(st.integers(1, 2))
            blocks += [nn.Conv2d(width, to, 2, stride, 1, dilation), nn.BatchNorm2d(to)]
            width, size = to, (size + 1 - dilation) // stride + 1
        elif kind == "turned" and size < largest:
            blocks.append(nn.ConvTranspose2d(width, 2, 2, draw(st.integers(1, 2))))
            width, size = 2, size + 1
        elif kind == "pool" and size > 1:
            pooling = draw(st.sampled_from(["max", "avg", "adaptive"]))
            if pooling == "adaptive":
                blocks.append(nn.AdaptiveAvgPool2d(2))
                size = 2
            else:
                made = nn.MaxPool2d if pooling == "max" else nn.AvgPool2d
                blocks.append(made(2, draw(st.integers(1, 2)), draw(st.integers(0, 1))))
                size = max(1, size // 2)
        elif kind == "residual":
            blocks.append(Residual(nn.Sequential(same, nn.BatchNorm2d(width)), draw(st.booleans())))
        elif kind == "dense" and width < 4:
            blocks.append(Dense(nn.Conv2d(width, 1, 1)))
            width += 1
        elif kind == "twice":
            blocks.append(Twice(same))
        if size < 2:
            break
    blocks += draw(st.sampled_from([[nn.Flatten()], [Means()]]))
    net = nn.Sequential(*blocks)
    with torch.no_grad():
        features = net.eval()(torch.zeros(1, *shape)).shape[1]
    net.append(nn.Linear(features, 2))
    return prune_at_random(net, draw(st.integers(0, 999))), shape
