from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import family_contrasts, holm

SIZES = {"er": 6, "banded": 4, "radix": 1}


def table(seed, *, n_strata=2, n_rows=3, sizes=SIZES):
    """Outcome, families, topologies, strata."""
    random = np.random.default_rng(seed)
    parts = [
        (stratum, family, topology)
        for stratum in range(n_strata)
        for family, size in sizes.items()
        for topology in range(size)
        for _ in range(n_rows)
    ]
    strata, families, _ = zip(*parts, strict=True)
    outcome = random.standard_normal(len(parts)) + 5 * np.array(strata)
    names = [f"{family} {topology}" for _, family, topology in parts]
    return outcome, np.array(families), np.array(names), np.array(strata)


def means_of(columns, stratum, family):
    outcome, families, topologies, strata = columns
    here = (strata == stratum) & (families == family)
    return [outcome[here & (topologies == one)].mean() for one in np.unique(topologies[here])]


@given(st.integers(0, 10_000), st.sampled_from([0.8, 0.95]))
def test_scipy_agrees_on_welch_with_topologies_as_units(seed, level):
    columns = table(seed)
    found = [
        one
        for one in family_contrasts(*columns, baseline="er", level=level)
        if one.family == "banded"
    ]
    assert [one.stratum for one in found] == ["0", "1"]
    for stratum, one in enumerate(found):
        values, base = (means_of(columns, stratum, name) for name in ("banded", "er"))
        expected = ttest_ind(values, base, equal_var=False)
        interval = expected.confidence_interval(level)
        assert one.p_value == pytest.approx(expected.pvalue)
        assert (one.interval.low, one.interval.high) == pytest.approx(tuple(interval))
        assert one.difference == pytest.approx(np.mean(values) - np.mean(base))
        assert (one.n_topologies, one.n_baseline, one.n_rows, one.n_baseline_rows) == (4, 6, 12, 18)
        assert one.rank is None is one.prediction


@given(st.integers(0, 10_000))
def test_a_single_topology_is_a_sample_of_one_with_the_baselines_variance(seed):
    columns = table(seed, n_strata=1)
    (found,) = (one for one in family_contrasts(*columns, baseline="er") if one.family == "radix")
    (value,), base = (means_of(columns, 0, name) for name in ("radix", "er"))
    # Student's test of samples of one and m pools the variance from the m alone.
    expected = ttest_ind([value], base)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.rank == 1 + sum(other < value for other in base)
    inside = found.prediction.low <= value <= found.prediction.high
    assert inside == (found.p_value >= 0.05)
    assert found.interval is None


def test_the_prediction_interval_holds_one_more_topology_as_often_as_it_says():
    hits, p_values = 0, []
    for seed in range(400):
        columns = table(seed, n_strata=1, n_rows=1, sizes={"er": 5, "radix": 1})
        (found,) = family_contrasts(*columns, baseline="er", level=0.8)
        hits += found.prediction.low <= found.mean <= found.prediction.high
        p_values.append(found.p_value)
    assert hits / 400 == pytest.approx(0.8, abs=0.05)
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.05)


def test_the_rank_of_a_tied_topology_is_the_mean_rank():
    (found,) = family_contrasts(
        [2, 1, 2, 2, 3], ["radix"] + ["er"] * 4, range(5), [0] * 5, baseline="er"
    )
    assert found.rank == 3


def test_more_seeds_do_not_narrow_it():
    columns = table(1, n_rows=1)
    once = family_contrasts(*columns, baseline="er")
    many = family_contrasts(*(np.repeat(column, 5) for column in columns), baseline="er")
    assert [one.p_value for one in many] == pytest.approx([one.p_value for one in once])
    assert [one.n_rows for one in many] == [5 * one.n_rows for one in once]


def test_p_values_are_adjusted_over_the_whole_table():
    found = family_contrasts(*table(2), baseline="er")
    assert len(found) == 4
    assert [one.adjusted_p for one in found] == list(holm([one.p_value for one in found]))


def test_the_baseline_turned_round_turns_the_sign():
    columns = table(3, n_strata=1, sizes={"er": 5, "banded": 4})
    (one,) = family_contrasts(*columns, baseline="er")
    (other,) = family_contrasts(*columns, baseline="banded")
    assert other.difference == pytest.approx(-one.difference)
    assert (other.interval.low, other.interval.high) == pytest.approx(
        (-one.interval.high, -one.interval.low)
    )
    assert other.p_value == pytest.approx(one.p_value)


def test_what_cannot_be_compared_says_why():
    outcome, families = [1, 2, 3, 4, 5, 6, 6], ["er", "banded", "banded", "banded", "er", "er", "x"]
    strata = ["one", "one", "one", "none", "same", "same", "same"]
    found = family_contrasts(outcome, families, range(7), strata, baseline="er")
    reasons = {one.stratum: one.undefined for one in found}
    assert reasons == {
        "none": "the stratum has no topology of the baseline",
        "one": "the baseline has one topology in the stratum",
        "same": None,
    }
    assert found[1].difference == 1.5
    assert found[0].p_value is None is found[0].adjusted_p
    constant = family_contrasts([0.3, 0.1, 0.1, 0.1], list("xeee"), range(4), [0] * 4, baseline="e")
    assert constant[0].undefined == "the topologies of a family do not differ: no spread"
    assert constant[0].rank == 4


def test_a_table_without_two_families_is_refused():
    with pytest.raises(ParameterError, match="baseline must be one of er, x, but it is 'radix'"):
        family_contrasts([1, 2], ["er", "x"], [0, 1], [0, 0], baseline="radix")
    with pytest.raises(Undefined, match="no family but er"):
        family_contrasts([1, 2], ["er", "er"], [0, 1], [0, 0], baseline="er")
    with pytest.raises(ParameterError, match="row 1 has two"):
        family_contrasts([1, 2], ["er", "x"], [0, 0], [0, 0], baseline="er")
