from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, false_discovery_control

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import benjamini_hochberg, holm, wilson_interval

p_values = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(p_values)
def test_statsmodels_agrees(values):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    for ours, theirs in ((holm, "holm"), (benjamini_hochberg, "fdr_bh")):
        with mock.patch("gc.collect"):  # which it calls, and which takes long late in a test run
            expected = multitest.multipletests(values, method=theirs)[1]
        assert ours(values) == pytest.approx(expected)


@given(p_values)
def test_scipy_agrees_on_the_false_discovery_rate(values):
    assert benjamini_hochberg(values) == pytest.approx(false_discovery_control(values))


@given(p_values)
def test_holm_steps_down(values):
    # Rejected at a level: the smallest p-values, as long as each stands its own Bonferroni.
    level = 0.05
    kept = sorted(values)
    rejected = 0
    while rejected < len(kept) and kept[rejected] * (len(kept) - rejected) <= level:
        rejected += 1
    assert sum(p <= level for p in holm(values)) == rejected


@given(p_values)
def test_adjusting_keeps_the_order_and_never_lowers(values):
    for adjust in (holm, benjamini_hochberg):
        adjusted = np.array(adjust(values))
        assert (adjusted >= np.array(values) * (1 - 1e-12)).all()
        assert (adjusted <= 1).all()
        assert (np.diff(adjusted[np.argsort(values, kind="stable")]) >= 0).all()
    assert (np.array(holm(values)) >= np.array(benjamini_hochberg(values)) - 1e-12).all()


def test_nothing_to_adjust_is_nothing():
    assert holm([]) == benjamini_hochberg([]) == ()


def test_a_p_value_lies_between_0_and_1():
    with pytest.raises(ParameterError, match=r"between 0 and 1, but it is 1\.5"):
        holm([0.2, 1.5])


@given(st.integers(0, 40), st.integers(1, 40), st.sampled_from([0.5, 0.9, 0.95]))
def test_wilson_is_that_of_scipy(successes, n, level):
    successes = min(successes, n)
    expected = binomtest(successes, n).proportion_ci(level, method="wilson")
    assert wilson_interval(successes, n, level=level) == pytest.approx(tuple(expected), abs=1e-12)


def test_wilson_is_that_of_statsmodels():
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    expected = proportion.proportion_confint(7, 23, method="wilson")
    assert wilson_interval(7, 23) == pytest.approx(expected)


def test_no_trials_have_no_interval():
    with pytest.raises(Undefined, match="no trials"):
        wilson_interval(0, 0)
    with pytest.raises(ParameterError, match="from 0 to n = 3"):
        wilson_interval(4, 3)
