from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from topograph.errors import ParameterError
from topograph.study.statistics import permutation_test, two_part, two_parts


def rows(seed, count=24):
    random = np.random.default_rng(seed)
    prop = random.integers(6, size=count).astype(float)
    outcome = random.standard_normal(count)
    return prop, outcome, random.random(count) < 0.6


@given(st.integers(0, 10_000))
def test_scikit_learn_agrees_on_the_area(seed):
    prop, outcome, predicts_all = rows(seed)
    if predicts_all.all() or not predicts_all.any():
        return
    found = two_part(prop, outcome, predicts_all, ["a"] * 24, n_permutations=9)
    assert found.success.auc == pytest.approx(roc_auc_score(predicts_all, prop))
    assert found.success.rank_biserial == pytest.approx(2 * found.success.auc - 1)


def test_topologies_are_compared_by_their_shares():
    prop = [1, 1, 2, 2, 3, 3]
    predicts_all = np.array([False, True, True, True, False, False])
    found = two_part(prop, range(6), predicts_all, ["a"] * 6, list("ttuuvv"), n_permutations=9)
    # Shares 1/2, 1, 0: of the ordered pairs of topologies (succeeds, fails) weigh
    # tu 0, tv 1/2, ut 1/2, uv 1; the succeeding one is larger in ut only.
    assert found.success.auc == pytest.approx(0.5 / 2)
    assert (found.success.n_succeeded, found.success.n_nets) == (3, 6)


def test_strata_are_not_compared():
    found = two_part(
        [1, 2, 11, 12], range(4), [True, False, True, False], list("aabb"), n_permutations=9
    )
    assert found.success.auc == 0


def test_the_second_part_is_the_test_among_nets_that_predict_all():
    prop, outcome, kept = rows(5)
    strata, topologies = np.repeat([0, 1], 12), np.arange(24) // 2
    found = two_part(prop, outcome, kept, strata, topologies, n_permutations=99)
    alone = permutation_test(
        prop[kept], outcome[kept], strata[kept], topologies[kept], n_permutations=99
    )
    assert found.accuracy == alone


def test_several_properties_are_each_judged_as_alone():
    (one, outcome, kept), (other, _, _) = rows(1), rows(2)
    together = two_parts({"one": one, "other": other}, outcome, kept, [0] * 24, n_permutations=99)
    assert together["other"] == two_part(other, outcome, kept, [0] * 24, n_permutations=99)


def test_parts_without_a_value_say_why():
    prop, outcome, _ = rows(1)
    all_predict = two_part(prop, outcome, [True] * 24, ["a"] * 24, n_permutations=9)
    assert all_predict.success is None
    assert "nets that predict all classes and others" in all_predict.success_undefined
    assert all_predict.accuracy is not None
    none = two_part(prop, outcome, [False] * 24, ["a"] * 24, n_permutations=9)
    assert none.accuracy is None
    assert none.accuracy_undefined == "no net predicts all classes"
    with pytest.raises(ParameterError, match="only True and False"):
        two_part(prop, outcome, [2] * 24, ["a"] * 24)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("shift", [0, 1, 3])
def test_chance_is_that_of_all_orders(sign, shift):
    prop = sign * np.array([1.0, 2, 2, 3, 4, 5])
    shares = np.roll([0.0, 0, 1, 0, 1, 1], shift)
    balances = np.array(
        [
            sum(
                np.sign(prop[i] - prop[j]) * (order[i] - order[j])
                for i, j in itertools.combinations(range(6), 2)
            )
            for order in itertools.permutations(shares)
        ]
    )
    tails = (balances >= balances[0]).mean(), (balances <= balances[0]).mean()
    found = two_part(prop, shares, shares == 1, ["a"] * 6, n_permutations=20_100).success
    assert found.p_value == pytest.approx(min(1.0, 2 * min(tails)), abs=0.02)


def test_chance_is_never_nothing():
    prop, predicts_all = np.arange(30.0), np.arange(30) >= 15
    for order in (prop, -prop):
        found = two_part(order, prop, predicts_all, ["a"] * 30, n_permutations=99).success
        assert found.p_value == pytest.approx(2 / 100)
    prop, outcome, predicts_all = rows(3)
    several = [
        two_part(prop, outcome, predicts_all, ["a"] * 24, n_permutations=600, seed=seed)
        for seed in range(4)
    ]
    assert len({found.success.p_value for found in several}) > 1
    assert len({found.accuracy.p_value for found in several}) > 1
