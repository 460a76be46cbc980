from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

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
