from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.study.orderings import tau_within
from tests.study.simulated import nets
from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import cluster_bootstrap
from topograph.study.statistics.resampling import resampled_counts, weighted_taus
from topograph.study.statistics.units import units_of


@given(st.integers(0, 10_000))
def test_a_resample_is_the_table_with_topologies_repeated(seed):
    random = np.random.default_rng(seed)
    first, second = random.integers(4, size=(2, 9)).astype(float)
    strata = np.repeat([0, 1], [5, 4])
    units = units_of([first, second], strata)
    counts = resampled_counts(units, 5, random)
    for count, tau in zip(counts.astype(int), weighted_taus(units, counts)[:, 0], strict=True):
        rows = np.repeat(np.arange(9), count)
        # Copies of a topology are tied in both columns, so that they never count as pairs.
        expected = tau_within(first[rows].tolist(), second[rows].tolist(), strata[rows].tolist())
        assert (expected is None) == np.isnan(tau)
        if expected is not None:
            assert tau == pytest.approx(expected)


def test_each_block_is_drawn_from_as_often_as_it_has_topologies():
    units = units_of([np.arange(7.0)] * 2, np.repeat([0, 1], [4, 3]))
    counts = resampled_counts(units, 2000, np.random.default_rng(0))
    assert (counts[:, :4].sum(axis=1) == 4).all()
    assert (counts[:, 4:].sum(axis=1) == 3).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(7), abs=0.1)


def test_more_seeds_with_the_same_outcomes_do_not_narrow_it():
    random = np.random.default_rng(0)
    (prop,), outcome, strata, topologies = nets(random, n_seeds=1)
    one = cluster_bootstrap(prop, outcome, strata, topologies)
    many = (np.tile(column, 10) for column in (prop, outcome, strata, topologies))
    assert cluster_bootstrap(*many) == one


def test_a_higher_level_is_wider():
    random = np.random.default_rng(0)
    (prop,), outcome, strata, topologies = nets(random)
    narrow, wide = (
        cluster_bootstrap(prop, outcome, strata, topologies, level=level) for level in (0.5, 0.95)
    )
    assert wide.low < narrow.low < narrow.high < wide.high


def test_what_has_no_interval_is_said():
    with pytest.raises(Undefined, match="six topologies"):
        cluster_bootstrap(range(5), range(5), ["a"] * 5)
    with pytest.raises(Undefined, match="constant"):
        cluster_bootstrap([1] * 6, range(6), ["a"] * 6)
    with pytest.raises(ParameterError, match="level must be between 0 and 1"):
        cluster_bootstrap([1, 2, 3], [1, 2, 3], ["a"] * 3, level=95)
