from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import linregress, ttest_1samp

from topograph.errors import Undefined
from topograph.study.statistics import dose_response
from topograph.study.statistics.doses import sign_flip


def series(seed, count=5, doses=4):
    random = np.random.default_rng(seed)
    dose = np.tile(np.arange(doses) ** 1.5, count)
    return dose, random.standard_normal(dose.size), np.repeat(np.arange(count), doses)


@given(st.integers(0, 10_000))
def test_slopes_and_interval_are_those_of_scipy(seed):
    dose, outcome, base = series(seed)
    found = dose_response(dose, outcome, base, n_permutations=9)
    slopes = [linregress(dose[base == one], outcome[base == one]).slope for one in range(5)]
    assert list(found.slopes.values()) == pytest.approx(slopes)
    expected = ttest_1samp(slopes, 0).confidence_interval()
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(expected))


def test_the_p_value_is_that_of_all_orders_within_series():
    dose, outcome, base = [0, 1, 2, 0, 1, 2], [1, 4, 2, 0, 1, 3], list("aaabbb")

    def mean_slope(first, second):
        return abs(np.polyfit(range(3), first, 1)[0] + np.polyfit(range(3), second, 1)[0])

    observed = mean_slope(outcome[:3], outcome[3:])
    orders = itertools.product(
        *(itertools.permutations(part) for part in (outcome[:3], outcome[3:]))
    )
    exact = np.mean([mean_slope(*order) >= observed - 1e-9 for order in orders])
    found = dose_response(dose, outcome, base, n_permutations=6000)
    assert found.p_value == pytest.approx(exact, abs=0.025)


def test_all_signs_are_flipped():
    slopes = np.array([0.5, 1.0, -0.2, 2.0])
    exact = np.mean(
        [
            abs(np.dot(signs, slopes)) >= abs(slopes.sum()) - 1e-9
            for signs in itertools.product((-1, 1), repeat=4)
        ]
    )
    assert sign_flip(slopes, 10, np.random.default_rng(0)) == pytest.approx(exact)
    many = np.full(20, 1.0)
    assert sign_flip(many, 999, np.random.default_rng(0)) == pytest.approx(0.001)


def test_seeds_are_averaged_first():
    dose, outcome, base = series(1)
    topologies = np.arange(dose.size)
    one = dose_response(dose, outcome, base, topologies, n_permutations=99)
    columns = [np.repeat(column, 5) for column in (dose, outcome, base, topologies)]
    many = dose_response(*columns, n_permutations=99)
    assert many.p_value == one.p_value
    assert many.slope == pytest.approx(one.slope)


def test_a_planted_slope_is_found_though_bases_differ():
    dose, outcome, base = series(3, count=8)
    found = dose_response(dose, outcome * 0.5 + 0.6 * dose + 50 * base, base, n_permutations=999)
    assert found.p_value == 0.001
    assert found.slope == pytest.approx(0.6, abs=0.1)
    assert found.interval.low > 0.3


@pytest.mark.parametrize("value", [0.1, 0.098, 0.1135])
@pytest.mark.parametrize("seeds", [1, 3])
def test_outcomes_that_are_all_alike_have_no_slope(value, seeds):
    dose, outcome, base = (np.repeat(column, seeds) for column in series(0, count=8, doses=6))
    topologies = np.repeat(np.arange(48), seeds)
    found = dose_response(dose, np.full_like(outcome, value), base, topologies, n_permutations=99)
    assert (found.slope, found.p_value, found.sign_flip_p_value) == (0, 1, 1)


def test_equal_doses_of_topologies_with_other_numbers_of_seeds_do_not_vary():
    topologies = [0, 1, 1, 1, 2, 2, 2, 2, 2, 2]
    with pytest.raises(Undefined, match="varies in no series"):
        dose_response([0.1] * 10, np.arange(10), ["a"] * 10, topologies)


def test_series_without_a_slope_say_why():
    found = dose_response([0, 1, 2, 2], [1, 2, 3, 4], list("aabb"), n_permutations=9)
    assert found.undefined == {"b": "the dose does not vary"}
    assert found.interval is None
    with pytest.raises(Undefined, match="varies in no series"):
        dose_response([1, 1], [1, 2], list("aa"))
