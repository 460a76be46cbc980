from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from topograph.pruning.synflow import synflow_scores
from topograph.training import initialise


def net(*between):
    """Return two convolutions with layers between them, and a linear layer."""
    module = nn.ModuleDict(
        {"conv": nn.Conv2d(2, 6, 3), "wide": nn.Conv2d(6, 4, 2), "fc": nn.Linear(4 * 9, 3)}
    )
    initialise(module, seed=1)
    layers = [module["conv"], *between, nn.ReLU(), module["wide"], nn.ReLU(), nn.Flatten()]
    return nn.Sequential(*layers, module["fc"])


@pytest.mark.parametrize(
    "layer",
    [nn.GroupNorm(3, 6), nn.LayerNorm((6, 4, 4)), nn.LocalResponseNorm(3), nn.Dropout(0.5)],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_that_are_not_homogeneous_are_passed_over(layer):
    found = list(synflow_scores(net(layer), (2, 6, 6)).values())
    expected = list(synflow_scores(net(), (2, 6, 6)).values())
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))
    assert all(bool((score > 0).all()) for score in expected)


def test_normalised_batches_scale_by_their_variance_and_shift_nothing():
    """However large the means and the shifts are that were learnt."""
    norm = nn.BatchNorm2d(6, eps=0.0)
    norm.running_var.fill_(4.0)
    shifted = copy.deepcopy(norm)
    shifted.running_mean.fill_(100.0)
    nn.init.constant_(shifted.bias, -50.0)
    nn.init.constant_(shifted.weight, -1.0)
    expected = list(synflow_scores(net(), (2, 6, 6)).values())
    for between in (norm, shifted):
        found = list(synflow_scores(net(between), (2, 6, 6)).values())
        for score, plain in zip(found, expected, strict=True):
            torch.testing.assert_close(score, plain / 2)
