"""z and p against slow definitions, and against scipy."""

import math
import statistics

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from topograph.errors import ParameterError
from topograph.nulls import significance

few = st.integers(-3, 3)
numbers = st.integers(-(10**6), 10**6)


def naive_p(value, nulls):
    above = [null for null in nulls if null >= value]
    below = [null for null in nulls if null <= value]
    rarer = min(len(above), len(below))
    return min(1, 2 * (rarer + 1) / (len(nulls) + 1))


@given(few | numbers, st.lists(few, min_size=1) | st.lists(numbers, min_size=1))
def test_p_and_z_are_what_the_definitions_say(value, nulls):
    found = significance(value, nulls)
    assert found.p == naive_p(value, nulls)
    assert found.mean == pytest.approx(statistics.fmean(nulls))
    if len(nulls) == 1:
        assert found.standard_deviation is None
        assert found.z is None
    elif len(set(nulls)) == 1:
        assert found.standard_deviation == 0
        assert found.z is None
    else:
        deviation = statistics.stdev(nulls)
        assert found.standard_deviation == pytest.approx(deviation)
        assert found.z == pytest.approx((value - statistics.mean(nulls)) / deviation)


@given(few, st.lists(few, min_size=2, max_size=40))
def test_p_is_that_of_scipy(value, nulls):
    waiting = np.array(nulls, dtype=float)
    found = scipy.stats.monte_carlo_test(
        [float(value)],
        lambda size: waiting[: size[0]].reshape(size),
        lambda sample, axis: np.asarray(sample).mean(axis=axis),
        n_resamples=len(nulls),
        vectorized=True,
    )
    assert significance(value, nulls).p == pytest.approx(min(1, found.pvalue))


@given(numbers, st.lists(numbers, min_size=2))
def test_turning_the_sign_turns_z_alone(value, nulls):
    found, turned = significance(value, nulls), significance(-value, [-null for null in nulls])
    assert turned.p == found.p
    assert turned.z == (None if found.z is None else -found.z)


@given(st.lists(few, min_size=2, max_size=12))
def test_p_of_a_value_drawn_as_the_others_is_seldom_small(everything):
    """Each of exchangeable values in the place of the first: exact, with all ties."""
    ps = [
        significance(value, everything[:at] + everything[at + 1 :]).p
        for at, value in enumerate(everything)
    ]
    for level in sorted(set(ps)):
        assert sum(p <= level for p in ps) / len(ps) <= level


def test_by_hand():
    found = significance(5, [1, 2, 3, 4])
    assert found.p == 2 * (0 + 1) / 5
    assert (found.mean, found.standard_deviation) == (2.5, pytest.approx(math.sqrt(5 / 3)))
    assert found.z == pytest.approx(2.5 / math.sqrt(5 / 3))
    assert significance(3, [1, 2, 3, 4]).p == 1.0  # 2 at least, 3 at most: doubled, 6/5
    assert significance(1, [1, 2, 3, 4]).p == 2 * (1 + 1) / 5  # a tie counts


def test_truth_values_are_nought_and_one():
    found = significance(True, [False, False, True, False])
    assert (found.mean, found.p) == (0.25, 2 * (1 + 1) / 5)


def test_floats_that_differ_by_rounding_are_ties():
    third = 0.1 + 0.2
    found = significance(0.3, [third, 0.3, third])
    assert (found.z, found.standard_deviation, found.p) == (None, 0, 1)
    assert significance(1e-16, [3e-16, -2e-16]).z is not None
    assert significance(1e-16, [3e-16, -2e-16], scale=1.0).z is None


def test_integers_of_any_length_are_told_apart():
    huge = 10**400
    found = significance(huge + 7, [huge, huge + 2, huge + 4])
    assert found.mean == huge + 2
    assert found.standard_deviation == 2.0
    assert found.z == 2.5
    wide = significance(3 * huge, [0, huge, 2 * huge])
    assert wide.standard_deviation == huge
    assert wide.z == 2.0
    beyond = significance(-huge, [0, 2, 4])
    assert isinstance(beyond.z, int)
    assert beyond.z == -(huge + 2) // 2


@pytest.mark.parametrize("values", [[math.nan, 1.0], [1.0, math.inf], [-math.inf, 2.0]])
def test_values_must_be_finite(values):
    with pytest.raises(ParameterError, match="finite"):
        significance(values[0], values[1:])
    with pytest.raises(ParameterError, match="finite"):
        significance(values[1], values[:1])
