from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from tests.study.orderings import tau_within
from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import kendall_within_strata

rows = st.lists(
    st.tuples(st.integers(-3, 3), st.integers(-3, 3), st.sampled_from("abc")),
    min_size=2,
    max_size=15,
)


@given(rows)
def test_is_the_sum_over_pairs(table):
    first, second, strata = map(list, zip(*table, strict=True))
    expected = tau_within(first, second, strata)
    if expected is None:
        with pytest.raises(Undefined, match="constant in every stratum"):
            kendall_within_strata(first, second, strata)
    else:
        assert kendall_within_strata(first, second, strata).tau == pytest.approx(expected)


@given(rows)
def test_scipy_agrees_in_every_stratum(table):
    first, second, strata = map(np.array, zip(*table, strict=True))
    assume(tau_within(first, second, strata) is not None)
    for one in kendall_within_strata(first, second, strata).strata:
        inside = strata == one.stratum
        varied = np.ptp(first[inside]) and np.ptp(second[inside])
        if varied:
            assert one.tau == pytest.approx(kendalltau(first[inside], second[inside]).statistic)
        else:
            assert one.tau is None
            assert one.undefined


@given(rows)
def test_is_the_mean_of_the_strata_by_comparable_pairs(table):
    first, second, strata = map(list, zip(*table, strict=True))
    assume(tau_within(first, second, strata) is not None)
    found = kendall_within_strata(first, second, strata)
    valued = [one for one in found.strata if one.tau is not None]
    mean = np.average([one.tau for one in valued], weights=[one.weight for one in valued])
    assert found.tau == pytest.approx(mean)


@given(rows)
def test_monotone_transforms_and_other_names_of_strata_change_nothing(table):
    first, second, strata = map(list, zip(*table, strict=True))
    assume(tau_within(first, second, strata) is not None)
    tau = kendall_within_strata(first, second, strata).tau
    other = kendall_within_strata(np.exp(first), np.array(second) ** 3 + 5, strata).tau
    renamed = kendall_within_strata(first, second, [{"a": 9, "b": 1, "c": 5}[s] for s in strata])
    turned = kendall_within_strata(first, -np.array(second), strata).tau
    assert tau == other == renamed.tau == -turned


def test_a_difference_between_strata_is_no_agreement():
    first = [1, 2, 11, 12]
    second = [1, 0, 11, 10]
    assert kendall_within_strata(first, second, list("aabb")).tau == -1
    assert kendall_within_strata(first, second, list("aaaa")).tau > 0


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1, 2], [1, np.nan], "ab"), "outcome must be finite in every row, but row 1 holds nan"),
        (([1, 2, 3], [1, 2], "ab"), "property must be of 2 rows"),
        (([[1, 2]], [1, 2], "ab"), "property must be one value a row"),
        ((["x", "y"], [1, 2], "ab"), "property must be a column of numbers"),
    ],
)
def test_what_cannot_be_compared_is_said(columns, message):
    first, second, strata = columns
    with pytest.raises(ParameterError, match=message):
        kendall_within_strata(first, second, list(strata))
