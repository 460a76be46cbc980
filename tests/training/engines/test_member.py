"""The initial weights that every engine starts from, held against scipy's distributions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from scipy import stats

from tests.training.engines.plain_loop import PLAIN, random_member
from topograph import from_layers
from topograph.training import ALFORD_2018
from topograph.training.engines.member import Member, initial_parameters

DENSE_FAN_IN = dataclasses.replace(PLAIN, initialisation="dense_fan_in")
TRUNCATED = dataclasses.replace(PLAIN, initialisation="truncated_normal")


def two_fans():
    """Return a member whose first units hear 4 of 50 inputs each, and the others all."""
    mask = np.ones((50, 400), bool)
    mask[4:, :300] = False
    return Member.of_graph(from_layers([mask, np.ones((400, 60), bool)]))


def assert_normal(weights, deviation):
    assert stats.kstest(weights.numpy() / deviation, "norm").pvalue > 0.01


def test_variance_is_two_over_the_edges_into_a_unit():
    first, second = initial_parameters(two_fans(), PLAIN)
    assert_normal(first.weights[:1200], (2 / 4) ** 0.5)
    assert_normal(first.weights[1200:], (2 / 50) ** 0.5)
    assert_normal(second.weights, (2 / 400) ** 0.5)


def test_variance_by_the_dense_fan_in_is_two_over_the_width_below():
    first, second = initial_parameters(two_fans(), DENSE_FAN_IN)
    assert_normal(first.weights, (2 / 50) ** 0.5)
    assert_normal(second.weights, (2 / 400) ** 0.5)


def test_the_papers_weights_are_normal_and_cut_off_at_two_deviations():
    """Those of a fully connected layer: deviation 0.04, biases of 0.1."""
    assert ALFORD_2018.initialisation == "truncated_normal"
    for layer in initial_parameters(two_fans(), TRUNCATED):
        law = stats.truncnorm(-2, 2, scale=0.04)
        assert stats.kstest(layer.weights.numpy(), law.cdf).pvalue > 0.01
        assert float(layer.weights.abs().max()) <= 0.08
        assert torch.equal(layer.biases, torch.full_like(layer.biases, 0.1))


@pytest.mark.parametrize("recipe", [PLAIN, DENSE_FAN_IN], ids=lambda recipe: recipe.initialisation)
def test_other_biases_start_at_0(recipe):
    assert not any(layer.biases.any() for layer in initial_parameters(two_fans(), recipe))
    without = dataclasses.replace(recipe, biases=False)
    assert all(layer.biases is None for layer in initial_parameters(two_fans(), without))


@pytest.mark.parametrize(
    "recipe", [PLAIN, DENSE_FAN_IN, TRUNCATED], ids=lambda recipe: recipe.initialisation
)
def test_layers_and_seeds_have_numbers_of_their_own(recipe):
    """Members of one seed have the same: the nets of an ensemble differ in edges alone."""
    square = Member.of_graph(from_layers([np.ones((9, 9), bool)] * 3), seed=4)
    other = dataclasses.replace(square, seed=5, name="other")
    drawn = [layer.weights for net in (square, other) for layer in initial_parameters(net, recipe)]
    assert len({tuple(weights.tolist()) for weights in drawn}) == 6
    again = dataclasses.replace(square, name="again", rate_factor=2.0)
    for one, same in zip(drawn, initial_parameters(again, recipe), strict=False):
        assert torch.equal(one, same.weights)


def test_units_without_edges_take_no_numbers():
    member = random_member((30, 40, 10), 0.02)
    pattern = member.patterns[0]
    assert (pattern.fan_in() == 0).any()
    (first, _) = initial_parameters(member, PLAIN)
    assert len(first.weights) == pattern.n_edges
    assert torch.isfinite(first.weights).all()
