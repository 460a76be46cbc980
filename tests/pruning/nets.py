"""Small nets to prune."""

from __future__ import annotations

import dataclasses
import itertools

import torch
from torch import nn

from topograph.training import MODERN, Dataset, build_model, initialise

SHORT = dataclasses.replace(MODERN, name="short", batch_size=10)


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


def made(shape, n_classes=3, count=40):
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(count, *shape, generator=generator)
    labels = torch.arange(count) % n_classes
    return Dataset("made", images, labels, images, labels, n_classes, verified=False)


class Tied(nn.Module):
    """The same weight in two layers."""

    def __init__(self):
        super().__init__()
        self.first, self.again, self.last = nn.Linear(6, 6), nn.Linear(6, 6), nn.Linear(6, 3)
        self.again.weight = self.first.weight
        initialise(self)

    def forward(self, images):
        values = self.first(images.flatten(1)).relu()
        return self.last(self.again(values).relu())


class Several(nn.Module):
    """A normalised layer, dropout, a frozen layer, and one that is never used."""

    def __init__(self):
        super().__init__()
        self.first, self.frozen, self.last = nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3)
        self.norm, self.drop = nn.BatchNorm1d(8), nn.Dropout(0.5)
        self.unused = nn.Linear(4, 4)
        self.frozen.requires_grad_(False)
        initialise(self)

    def forward(self, images):
        values = self.drop(self.norm(self.first(images.flatten(1))).relu())
        return self.last(self.frozen(values).relu())


SMALL = {"widths": (40, 20)}


def small_net(seed=0):
    return build_model("lenet-300-100", (1, 8, 8), seed=seed, **SMALL)


class Skipping(nn.Module):
    """Two layers; a path may go round the second."""

    def __init__(self, first, second):
        super().__init__()
        self.first, self.second = first, second

    def forward(self, values):
        values = self.first(values)
        return values + self.second(values)
