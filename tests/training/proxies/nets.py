"""Small nets, images and weights that proxies are taken of."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch

import topograph
from topograph.training import Dataset
from topograph.training.engines.member import LayerParameters, Member


def net(rng, widths=(6, 5, 4, 3), density=0.6, seed=0):
    """Return a random member; every unit has an edge in, some have none out."""
    masks = []
    for n_in, n_out in pairwise(widths):
        mask = rng.random((n_in, n_out)) < density
        mask[rng.integers(n_in, size=n_out), np.arange(n_out)] = True
        masks.append(mask.astype(int))
    return Member.of_graph(topograph.from_layers(masks), seed=seed)


def images_for(member, rng, count=7):
    n_in, n_out = member.widths[0], member.widths[-1]
    images = torch.from_numpy(rng.normal(size=(count, 1, 1, n_in))).float()
    labels = torch.from_numpy(rng.integers(0, n_out, count))
    return Dataset("made", images, labels, images, labels, n_out, verified=False)


def with_biases(member, rng):
    """Return random weights, and biases that are not 0."""
    return [
        LayerParameters(
            torch.from_numpy(rng.normal(size=pattern.n_edges)).float(),
            torch.from_numpy(rng.normal(size=pattern.shape[1])).float(),
        )
        for pattern in member.patterns
    ]


def units(member, value=1.0):
    return [
        LayerParameters(torch.full((pattern.n_edges,), value), None) for pattern in member.patterns
    ]


def masked(member, layer, values):
    """Return a dense matrix (n_in, n_out) with the values on the edges of a layer."""
    pattern = member.patterns[layer]
    dense = np.zeros(pattern.shape)
    dense[pattern.sources, pattern.targets()] = values
    return dense
