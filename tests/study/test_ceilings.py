from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, rankdata

from tests.study.simulated import nets
from topograph.errors import Undefined
from topograph.study.statistics import noise_ceiling
from topograph.study.statistics.ceilings import ceiling_of


def test_two_seeds_agree_by_kendalls_tau():
    random = np.random.default_rng(0)
    _, outcome, _, topologies = nets(random, n_strata=1, n_seeds=2)
    seeds = np.arange(outcome.size) % 2
    found = noise_ceiling(outcome, np.zeros(outcome.size), topologies, seeds, n_splits=3)
    expected = kendalltau(outcome[seeds == 0], outcome[seeds == 1]).statistic
    assert found.agreement == pytest.approx(expected)
    assert found.ceiling == pytest.approx(ceiling_of(expected, 2.0))


def test_ties_weigh_as_in_tau_b():
    random = np.random.default_rng(5)
    outcome = np.column_stack([random.integers(2, size=20), random.integers(6, size=20)]) + 0.0
    outcome[:, 1] += 3 * outcome[:, 0]
    topology, seed = (level.ravel() for level in np.indices((20, 2)))
    found = noise_ceiling(outcome.ravel(), np.zeros(40), topology, seed, n_splits=2)
    expected = kendalltau(outcome[:, 0], outcome[:, 1]).statistic
    assert found.agreement == pytest.approx(expected)


def test_an_effect_that_a_seed_has_on_all_topologies_is_no_noise():
    outcome = [topology + 10 * seed for topology in range(6) for seed in range(4)]
    found = noise_ceiling(outcome, [0] * 24, np.repeat(range(6), 4), list(range(4)) * 6)
    assert found.agreement == pytest.approx(1)


def test_effects_of_labellings_count_as_noise_where_labellings_are_split():
    random = np.random.default_rng(1)
    topology, labelling, seed = (level.ravel() for level in np.indices((40, 4, 3)))
    outcome = random.standard_normal((40, 4, 1)) + 0.1 * random.standard_normal((40, 4, 3))
    by_seed = noise_ceiling(outcome.ravel(), np.zeros(480), topology, seed)
    by_labelling = noise_ceiling(outcome.ravel(), np.zeros(480), topology, labelling)
    assert by_seed.agreement > 0.8
    assert by_labelling.agreement < 0.3


def test_noise_alone_has_no_ceiling():
    outcome = [0, 1, 1, 0, 0, 1, 1, 0]
    found = noise_ceiling(outcome, [0] * 8, np.repeat(range(4), 2), [0, 1] * 4)
    assert found.agreement < 0
    assert found.ceiling is None
    assert "nothing to explain" in found.undefined


@pytest.mark.parametrize("agreement", [0.1, 0.5, 0.9])
def test_the_ceiling_lies_above_the_agreement_and_grows_with_replicates(agreement):
    ceilings = [ceiling_of(agreement, ratio) for ratio in (1.0, 2.0, 10.0)]
    assert agreement < ceilings[0] < ceilings[1] < ceilings[2] < 1
    # A correlation of 1/2 between halves: reliability 2/3 of the whole.
    assert np.sin(np.pi * ceiling_of(1 / 3, 2.0) / 2) == pytest.approx(np.sqrt(2 / 3))


def test_single_seeds_have_no_ceiling():
    with pytest.raises(Undefined, match="no topology has two replicates"):
        noise_ceiling([1, 2], [0, 0], [1, 2], [0, 0])
    with pytest.raises(Undefined, match="tell apart"):
        noise_ceiling([1, 2], [0, 0], [1, 1], [0, 1])


def test_three_seeds_are_split_into_one_and_one():
    random = np.random.default_rng(3)
    outcome = np.add.outer(random.standard_normal(12), random.standard_normal(3))
    outcome += random.standard_normal((12, 3))
    ranks = rankdata(outcome).reshape(12, 3)
    pairs = [kendalltau(ranks[:, i], ranks[:, j]).statistic for i, j in ((0, 1), (0, 2), (1, 2))]
    topology, seed = (level.ravel() for level in np.indices((12, 3)))
    found = noise_ceiling(outcome.ravel(), np.zeros(36), topology, seed, n_splits=1000)
    assert found.agreement == pytest.approx(np.mean(pairs), abs=0.02)
    assert found.ceiling == pytest.approx(ceiling_of(found.agreement, 3.0))
    once = [
        noise_ceiling(outcome.ravel(), np.zeros(36), topology, seed, n_splits=1, seed=at)
        for at in range(12)
    ]
    assert {round(one.agreement, 9) for one in once} == {round(pair, 9) for pair in pairs}


def test_nets_of_a_replicate_count_by_their_mean_rank():
    """Two labellings of three seeds each, in two strata of unlike ranges, with ties."""
    random = np.random.default_rng(4)
    stratum, topology, labelling, _ = (level.ravel() for level in np.indices((2, 8, 2, 3)))
    outcome = np.round(np.exp(2 * random.standard_normal(96)) + 0.5 * topology) * (1 + 9 * stratum)
    balance, weight = 0.0, 0.0
    for at in range(2):
        here = stratum == at
        means = rankdata(outcome[here]).reshape(8, 2, 3).mean(axis=2)
        signs = [np.sign(column[:, None] - column)[np.triu_indices(8, 1)] for column in means.T]
        balance += float(signs[0] @ signs[1])
        weight += float(np.sqrt((signs[0] ** 2).sum() * (signs[1] ** 2).sum()))
    found = noise_ceiling(outcome, stratum, topology, labelling, n_splits=2)
    assert found.agreement == pytest.approx(balance / weight)
