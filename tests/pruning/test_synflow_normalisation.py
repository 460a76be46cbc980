from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from tests.pruning.nets import Skipping, chain
from topograph.pruning import prune_magnitude, prune_synflow
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


def test_halves_are_rounded_as_in_the_other_methods():
    module = chain([5, 1])
    kept = prune_magnitude(module, 0.5, scope="global").kept
    assert prune_synflow(module, (5,), 0.5, rounds=3).kept == kept == {"0.weight": 3}


def test_a_net_without_any_path_is_pruned_too():
    module = chain([3, 3, 3])
    module[2].weight.data.zero_()
    assert sum(prune_synflow(module, (3,), 0.5).kept.values()) == 9


def test_a_layer_that_carries_nothing_is_none_that_paths_go_round():
    module = Skipping(nn.Linear(3, 4), nn.Linear(4, 4)).double()
    module.first.weight.data.fill_(1e250)
    module.second.weight.data.zero_()
    kept = prune_synflow(module, (3,), 16 / 28).kept
    assert kept == {"first.weight": 12, "second.weight": 0}


def test_layers_left_out_stay_whole_and_others_reach_the_sparsity():
    kept = prune_synflow(chain([6, 8, 8, 4]), (6,), 0.5, exclude=["0"]).kept
    assert kept.get("0.weight", 48) == 48
    assert kept["2.weight"] + kept["4.weight"] == 48
    kept = prune_synflow(chain([6, 8, 8, 4]), (6,), 0.5, keep_output_dense=True).kept
    assert kept.get("4.weight", 32) == 32
    assert kept["0.weight"] + kept["2.weight"] == 56
