from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import out_of_family
from topograph.study.statistics.scoring_families import ridge

FAMILIES = np.repeat(np.arange(8), 12)
DENSITY = np.tile(np.repeat([1.0, 2.0, 3.0], 4), 8)
WHOLE = ["all"] * 96


def columns(seed=0):
    random = np.random.default_rng(seed)
    prop = random.standard_normal(96)
    return prop, prop + 3 * DENSITY + 0.5 * random.standard_normal(96)


def test_ridge_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    features, target = random.standard_normal((20, 3)), random.standard_normal(20)
    expected = Ridge(alpha=2.5, fit_intercept=False).fit(features, target).coef_
    assert ridge(features, target, 2.5) == pytest.approx(expected)


def test_within_strata_of_equal_density_the_baseline_has_nothing_to_say():
    prop, outcome = columns()
    found = out_of_family([prop], outcome, [DENSITY], FAMILIES, DENSITY)
    assert found.baseline_tau == 0
    assert found.gain == found.tau > 0.5
    assert found.interval.low > 0.4


def test_over_all_densities_the_baseline_has_nearly_everything():
    prop, outcome = columns()
    found = out_of_family([prop], outcome, [DENSITY], FAMILIES, WHOLE)
    assert found.baseline_tau > 0.6
    assert 0 < found.gain < 0.3
    assert found.tau == pytest.approx(found.baseline_tau + found.gain)


def test_a_property_without_effect_gains_nothing():
    _, outcome = columns()
    noise = np.random.default_rng(9).standard_normal(96)
    found = out_of_family([noise], outcome, [DENSITY], FAMILIES, DENSITY)
    assert found.interval.low < 0 < found.interval.high


def test_the_outcomes_of_a_family_do_not_help_to_rank_it():
    # Within each family the property works in one direction, but in another one family it is
    # turned: a fit that saw it would have a smaller slope, one that does not ranks it wrongly.
    prop, outcome = columns()
    turned = np.where(FAMILIES == 3, 3 * DENSITY - prop, outcome)
    found = out_of_family([prop], turned, [], FAMILIES, DENSITY)
    scores = {score.family: score.tau for score in found.families}
    assert scores["3"] == -1
    assert all(tau > 0.3 for name, tau in scores.items() if name != "3")


def test_a_family_that_is_alone_against_the_others_is_scored_by_the_others():
    prop, _ = columns()
    two = FAMILIES < 2
    turned = np.where(FAMILIES == 0, 3 * DENSITY - prop, 3 * DENSITY + prop)
    found = out_of_family([prop[two]], turned[two], [], FAMILIES[two], DENSITY[two])
    assert [score.tau for score in found.families] == [-1, -1]
    assert found.interval is None


def test_the_worst_environment_is_named():
    prop, outcome = columns()
    random = np.random.default_rng(1)
    places = np.repeat(["good", "bad"], 96)
    both = np.concatenate([outcome, 3 * DENSITY + random.standard_normal(96)])
    strata = np.concatenate([DENSITY, DENSITY + 10])
    topologies = np.tile(np.arange(96), 2)
    found = out_of_family(
        [np.tile(prop, 2)], both, [], np.tile(FAMILIES, 2), strata, topologies, places
    )
    assert found.worst_environment == "bad"
    assert found.worst_gain < 0.3 < found.gain + 0.2
    assert {score.environment for score in found.environments} == {"good", "bad"}


def test_one_family_cannot_be_left_out():
    with pytest.raises(Undefined, match="fewer than two families"):
        out_of_family([[1, 2]], [1, 2], [], ["a", "a"], [0, 0])
    with pytest.raises(ParameterError, match="penalty must be positive"):
        out_of_family([[1, 2]], [1, 2], [], ["a", "a"], [0, 0], penalty=0)
