from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from tests.study.orderings import all_orders, exact_p, mean_rank, tau_within
from tests.study.simulated import nets
from topograph.errors import Undefined
from topograph.study.statistics import (
    kendall_within_strata,
    permutation_test,
    permutation_tests,
)
from topograph.study.statistics.permutations import expected_balances, pair_balances, shuffles
from topograph.study.statistics.units import units_of

small = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=4, max_size=6)


@given(small, st.integers(1, 3))
@settings(max_examples=25)
def test_the_p_value_is_that_of_all_permutations(table, cut):
    first, second = map(list, zip(*table, strict=True))
    strata = ["a"] * cut + ["b"] * (len(first) - cut)
    if tau_within(first, second, strata) is None:
        return
    exact = exact_p(first, second, strata)
    found = permutation_test(first, second, strata, n_permutations=4000)
    assert found.tau == pytest.approx(tau_within(first, second, strata))
    assert found.p_value == pytest.approx(exact, abs=4.5 * np.sqrt(0.25 / 4000))


@given(small, st.integers(1, 3))
@settings(max_examples=25)
def test_every_permutation_has_the_balance_of_its_pairs(table, cut):
    first, second = map(list, zip(*table, strict=True))
    strata = [0] * cut + [1] * (len(first) - cut)
    orders = list(all_orders(strata))
    units = units_of([first, second], strata)
    # Units come sorted by stratum and row, as the rows do.
    found = pair_balances(units, np.array(orders))[:, 0]
    for order, balance in zip(orders, found, strict=True):
        tau = tau_within(first, [second[at] for at in order], strata)
        whole = tau_within(first, second, strata)
        assert (tau is None) == (whole is None)
        if tau is not None:
            weight = kendall_within_strata(first, second, strata)
            assert tau * sum(one.weight for one in weight.strata) == pytest.approx(balance)


def test_shuffles_stay_in_their_block_and_reach_all_orders():
    units = units_of([np.arange(5), np.arange(5)], [0, 0, 0, 1, 1])
    orders = shuffles(units, 500, np.random.default_rng(0))
    assert {tuple(order) for order in orders.tolist()} == {
        tuple(order) for order in all_orders([0, 0, 0, 1, 1])
    }


def test_only_topologies_with_as_many_rows_are_exchanged():
    topologies = [0, 1, 1, 2, 3, 3, 4]
    units = units_of([topologies] * 2, ["a"] * 7, topologies)
    orders = shuffles(units, 200, np.random.default_rng(0))
    assert {frozenset(row) for row in orders[:, [0, 2, 4]].tolist()} == {frozenset({0, 2, 4})}
    assert units.block.tolist() == [0] * 5
    mean = pair_balances(units, shuffles(units, 4000, np.random.default_rng(1))).mean()
    assert mean == pytest.approx(expected_balances(units)[0], abs=0.15)
    with pytest.raises(Undefined, match="as many rows"):
        permutation_test([1, 2, 2], [1, 2, 3], ["a"] * 3, [0, 1, 1])


def test_unequal_numbers_of_rows_reject_no_more_than_they_should():
    """Nets at the ends of the property have one row, those in the middle eight."""
    rows = np.where(np.abs(np.arange(32) - 15.5) > 8, 1, 8)
    topologies = np.repeat(np.arange(32), rows)
    rejected = []
    for seed in range(300):
        random = np.random.default_rng(seed)
        outcome = random.standard_normal(topologies.size)
        found = permutation_test(
            topologies, outcome, np.zeros(topologies.size), topologies, n_permutations=99, seed=seed
        )
        rejected.append(found.p_value <= 0.05)
    assert np.mean(rejected) < 0.085


def test_rows_of_a_topology_are_its_mean_rank():
    random = np.random.default_rng(2)
    (prop,), outcome, strata, topologies = nets(random, n_topologies=7, n_seeds=3)
    ranks = mean_rank(outcome.tolist(), strata.tolist(), topologies.tolist())
    value = dict(zip(topologies.tolist(), prop.tolist(), strict=True))
    keys = sorted(ranks)
    expected = tau_within(
        [value[topology] for _, topology in keys],
        [ranks[key] for key in keys],
        [stratum for stratum, _ in keys],
    )
    found = permutation_test(prop, outcome, strata, topologies, n_permutations=10)
    assert found.tau == pytest.approx(expected)
    assert (found.n_topologies, found.n_strata) == (14, 2)


def test_scipy_has_the_same_p_value_in_one_stratum():
    random = np.random.default_rng(5)
    first, second = random.standard_normal((2, 9))
    second = second + 0.6 * first
    exact = kendalltau(first, second, method="exact").pvalue
    found = permutation_test(first, second, ["a"] * 9, n_permutations=20_000)
    assert found.p_value == pytest.approx(exact, abs=4 * np.sqrt(exact / 20_000))


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_monotone_transforms_and_other_names_change_nothing(seed):
    random = np.random.default_rng(seed)
    (prop,), outcome, strata, topologies = nets(random, n_topologies=5, n_seeds=3)
    found = permutation_test(prop, outcome, strata, topologies, n_permutations=99)
    same = permutation_test(
        np.exp(prop), np.tanh(outcome / 9), strata * 7 + 1, topologies + 50, n_permutations=99
    )
    assert same == found


@given(st.integers(0, 10_000))
@settings(max_examples=10)
def test_doubling_every_row_changes_nothing(seed):
    random = np.random.default_rng(seed)
    (prop,), outcome, strata, topologies = nets(random, n_topologies=5, n_seeds=2)
    found = permutation_test(prop, outcome, strata, topologies, n_permutations=99)
    doubled = (np.tile(column, 2) for column in (prop, outcome, strata, topologies))
    assert permutation_test(*doubled, n_permutations=99) == found


def test_several_properties_are_each_tested_as_alone():
    random = np.random.default_rng(3)
    properties, outcome, strata, topologies = nets(random, n=3)
    columns = {f"p{at}": column for at, column in enumerate(properties)}
    columns["constant"] = np.ones(outcome.size)
    found = permutation_tests(columns, outcome, strata, topologies, n_permutations=200)
    for name in ("p0", "p1", "p2"):
        alone = permutation_test(columns[name], outcome, strata, topologies, n_permutations=200)
        assert found[name] == alone
    assert found["constant"].tau is None
    assert "constant in every stratum" in found["constant"].undefined


def test_a_topology_takes_its_outcomes_in_all_strata_with_it():
    # One mask on two data sets: five topologies, whatever the number of data sets.
    outcome, prop = [1, 2, 3, 4, 5] * 2, [1, 2, 3, 4, 5] * 2
    strata, topologies = ["x"] * 5 + ["y"] * 5, list("abcde") * 2
    together = permutation_test(prop, outcome, strata, topologies, n_permutations=4000)
    apart = permutation_test(prop, outcome, strata, n_permutations=4000)
    assert together.p_value == pytest.approx(2 / 120, abs=0.01)
    assert apart.p_value < 2 / 1000


def test_topologies_missing_in_a_stratum_move_the_centre():
    # Of the stratum's six topologies two occur elsewhere too: they are exchanged apart.
    outcome = [1, 2, 3, 4, 5, 6, 1, 2]
    prop = [2, 1, 3, 6, 5, 4, 2, 1]
    strata, topologies = ["x"] * 6 + ["y"] * 2, list("abcdefab")
    units = units_of([prop, outcome], strata, topologies)
    orders = np.array(list(all_orders(units.block.tolist())))
    assert len(orders) == 48
    balances = pair_balances(units, orders)[:, 0]
    assert expected_balances(units)[0] == pytest.approx(balances.mean())
    centre = balances.mean()
    exact = np.mean(np.abs(balances - centre) >= abs(balances[0] - centre) - 1e-9)
    found = permutation_test(prop, outcome, strata, topologies, n_permutations=4000)
    assert found.p_value == pytest.approx(exact, abs=0.04)


def test_what_cannot_be_exchanged_is_said():
    with pytest.raises(Undefined, match="none can be exchanged"):
        permutation_test([1, 2, 1], [1, 2, 3], list("xxy"), list("aba"))


def test_no_p_value_is_smaller_than_one_over_the_draws_and_one():
    values = np.arange(30)
    assert permutation_test(values, values, [0] * 30, n_permutations=99).p_value == 0.01
    assert permutation_test(values, -values, [0] * 30, n_permutations=99).p_value == 0.01


def test_a_seed_gives_one_answer():
    random = np.random.default_rng(1)
    (prop,), outcome, strata, topologies = nets(random)
    answers = {
        permutation_test(prop, outcome, strata, topologies, n_permutations=700, seed=s).p_value
        for s in (1, 1, 2)
    }
    assert len(answers) == 2
