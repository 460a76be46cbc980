"""Small nets to prune."""

from __future__ import annotations

import itertools

import torch
from torch import nn

from topograph.training import initialise


def chain(widths, seed=0, bias=False, double=False):
    """Fully connected layers with a ReLU between them."""
    layers = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [nn.Linear(n_in, n_out, bias=bias), nn.ReLU()]
    module = nn.Sequential(*layers[:-1])
    initialise(module, seed=seed)
    return module.double() if double else module


def convolutions(seed=0):
    """Two convolutions of odd geometry, pooling, and two linear layers; for (2, 9, 9)."""
    module = nn.Sequential(
        nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2),
        nn.ReLU(),
        nn.MaxPool2d(2, stride=1),
        nn.Conv2d(4, 6, (3, 2), dilation=(1, 2), padding="same"),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(24, 8),
        nn.ReLU(),
        nn.Linear(8, 3),
    )
    initialise(module, seed=seed)
    return module


class Residual(nn.Module):
    """A net that is no chain: its widths do not follow one another."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(5, 7)
        self.skip = nn.Linear(5, 4)
        self.outer = nn.Linear(7, 4)

    def forward(self, values):
        return self.outer(self.inner(values).relu()) + self.skip(values)


def batch(n_inputs, n_classes, count=40, seed=0, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, n_inputs, generator=generator, dtype=dtype)
    return images, torch.arange(count) % n_classes
