from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from topograph.errors import Undefined
from topograph.study.statistics import partial_rank_correlation


def columns(seed, rows=30):
    random = np.random.default_rng(seed)
    control = random.standard_normal(rows)
    return random.standard_normal((2, rows)) + control, control


@given(st.integers(0, 10_000))
def test_one_control_gives_the_textbook_formula(seed):
    (first, second), control = columns(seed)
    xy, xz, yz = (
        spearmanr(a, b).statistic for a, b in ((first, second), (first, control), (second, control))
    )
    expected = (xy - xz * yz) / np.sqrt((1 - xz**2) * (1 - yz**2))
    found = partial_rank_correlation(first, second, [control], ["a"] * 30, n_permutations=1)
    assert found.rho == pytest.approx(expected)


@given(st.integers(0, 10_000))
def test_without_controls_it_is_spearman(seed):
    (first, second), _ = columns(seed)
    found = partial_rank_correlation(first, second, [], ["a"] * 30, n_permutations=1)
    assert found.rho == pytest.approx(spearmanr(first, second).statistic)


def test_residuals_of_all_strata_are_correlated_together():
    (first, second), control = columns(3)
    strata = np.repeat([0, 1], 15)
    residuals = []
    for column in (first, second):
        left = np.empty(30)
        for stratum in (0, 1):
            rows = strata == stratum
            design = np.array([np.ones(15), rankdata(control[rows])]).T
            ranks = rankdata(column[rows])
            left[rows] = ranks - design @ np.linalg.lstsq(design, ranks, rcond=None)[0]
        residuals.append(left)
    found = partial_rank_correlation(first, second, [control], strata, n_permutations=1)
    assert found.rho == pytest.approx(np.corrcoef(*residuals)[0, 1])


@given(st.integers(0, 10_000))
def test_monotone_transforms_and_doubled_controls_change_nothing(seed):
    (first, second), control = columns(seed)
    strata = ["a"] * 30
    found = partial_rank_correlation(first, second, [control], strata, n_permutations=49)
    same = partial_rank_correlation(
        np.exp(first), second**3, [np.tanh(control), control], strata, n_permutations=49
    )
    assert same.rho == pytest.approx(found.rho)
    assert same.p_value == pytest.approx(found.p_value)


def test_agreement_that_density_explains_is_not_found():
    random = np.random.default_rng(4)
    density = np.repeat(np.arange(6.0), 10)
    first, second = density + 0.3 * random.standard_normal((2, 60))
    assert spearmanr(first, second).statistic > 0.9
    found = partial_rank_correlation(
        first, second, [density], ["a"] * 60, exchangeable=density, n_permutations=999
    )
    assert abs(found.rho) < 0.4
    assert found.p_value > 0.05
    planted = partial_rank_correlation(
        first, second + first, [density], ["a"] * 60, exchangeable=density, n_permutations=999
    )
    assert planted.p_value < 0.01


def test_a_property_that_is_a_control_has_nothing_left():
    (first, second), _ = columns(1)
    with pytest.raises(Undefined, match="controls leave nothing"):
        partial_rank_correlation(first, second, [2 * first], ["a"] * 30)
