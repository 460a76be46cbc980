from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import permutation_test, ttest_1samp

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import data_alignment

STUDIES = range(1500)


def table(seed, *, topologies=9, labellings=4, seeds=3, n_strata=1, gain=0.0, keep=1.0):
    """Outcome, topologies, labellings, strata; a share of the rows, at random."""
    random = np.random.default_rng(seed)
    shape = (topologies, labellings, seeds)
    topology, labelling, _ = (level.ravel() for level in np.indices(shape))
    outcome = (
        random.standard_normal((topologies, 1, 1))
        + 0.5 * random.standard_normal((topologies, labellings, 1))
        + 0.2 * random.standard_normal(shape)
    ).ravel() + gain * (labelling == 0)
    kept = random.random(outcome.size) < keep
    return outcome[kept], topology[kept], labelling[kept], (topology % n_strata)[kept]


def gains_by_hand(outcome, topologies, labellings, strata):
    rows = list(zip(outcome, topologies, labellings, strata, strict=True))
    by_topology = {}
    for topology, stratum in sorted({(row[1], row[3]) for row in rows}):
        means = {}
        for labelling in {row[2] for row in rows if (row[1], row[3]) == (topology, stratum)}:
            means[labelling] = statistics.fmean(
                row[0] for row in rows if row[1:] == (topology, labelling, stratum)
            )
        natural = means.pop(0, None)
        if natural is not None and means:
            gain = natural - statistics.fmean(means.values())
            by_topology.setdefault(topology, []).append(gain)
    return [statistics.fmean(gains) for gains in by_topology.values()]


@given(st.integers(0, 10_000))
def test_gains_are_those_of_the_definition_and_the_interval_that_of_scipy(seed):
    columns = table(seed, seeds=2, keep=0.5, n_strata=2)
    found = data_alignment(*columns, n_permutations=9)
    gains = gains_by_hand(*columns)
    assert found.overall.gain == pytest.approx(np.mean(gains))
    assert found.overall.n_topologies == len(gains)
    assert found.overall.n_left_out == np.unique(columns[1]).size - len(gains)
    expected = ttest_1samp(gains, 0).confidence_interval(0.95)
    interval = found.overall.interval
    assert (interval.low, interval.high) == pytest.approx(tuple(expected))


def p_by_hand(outcome, topologies, labellings, strata):
    """Every labelling of every topology takes the place of the natural one."""
    names = [sorted(set(labellings[topologies == one])) for one in np.unique(topologies)]
    gains = []
    for chosen in itertools.product(*names):  # the natural choice comes first
        swapped = labellings.copy()
        for one, name in zip(np.unique(topologies), chosen, strict=True):
            here = topologies == one
            swapped[here & (labellings == 0)] = name
            swapped[here & (labellings == name)] = 0
        gains.append(abs(np.mean(gains_by_hand(outcome, topologies, swapped, strata))))
    return np.mean(np.array(gains) >= gains[0] - 1e-9)


@pytest.mark.parametrize("n_strata", [1, 2])
def test_the_p_value_is_that_of_all_choices(n_strata):
    columns = table(5, topologies=4, labellings=3, gain=0.4, n_strata=n_strata)
    assert data_alignment(*columns).overall.p_value == pytest.approx(p_by_hand(*columns))


def test_the_p_value_of_a_topology_of_several_strata_is_that_of_all_choices():
    one = table(3, topologies=4, labellings=3, gain=0.4)
    other = table(8, topologies=4, labellings=3, gain=0.4)
    columns = [np.concatenate(pair) for pair in zip(one[:3], other[:3], strict=True)]
    columns.append(np.repeat([0, 1], one[0].size))
    assert data_alignment(*columns).overall.p_value == pytest.approx(p_by_hand(*columns))


def test_with_two_labellings_each_the_p_value_is_that_of_flipped_signs():
    columns = table(5, labellings=2, gain=0.8)
    expected = permutation_test(
        (gains_by_hand(*columns),), np.mean, permutation_type="samples", n_resamples=np.inf
    )
    assert data_alignment(*columns).overall.p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize("value", [0.1, 0.098, 0.1135])
@pytest.mark.parametrize("topologies", [3, 12])
def test_outcomes_that_are_all_alike_show_nothing(value, topologies):
    outcome, *columns = table(0, topologies=topologies, labellings=4)
    found = data_alignment(np.full_like(outcome, value), *columns).overall
    assert (found.gain, found.p_value) == (0, 1)


def test_rare_failures_have_no_sure_gain():
    """Labels mean nothing, and three nets in a hundred fail: gains have a long tail."""
    p_values = []
    for seed in range(400):
        _, topology, labelling, _ = table(seed, topologies=30, seeds=1)
        random = np.random.default_rng(seed)
        works = 0.9 + 0.01 * random.standard_normal(topology.size)
        outcome = np.where(random.random(topology.size) < 0.03, 0.1, works)
        found = data_alignment(outcome, topology, labelling, n_permutations=199)
        p_values.append(found.overall.p_value)
    assert np.mean(np.array(p_values) <= 0.05) < 0.08


def test_a_topology_of_several_strata_counts_once():
    one = table(2)
    both = [np.concatenate([column, column]) for column in one[:3]]
    strata = np.repeat(["digits", "mnist"], one[0].size)
    found = data_alignment(*both, strata)
    alone = data_alignment(*one)
    assert found.overall.interval.low == pytest.approx(alone.overall.interval.low)
    assert found.overall.n_topologies == found.strata["mnist"].n_topologies == 9
    assert found.strata["digits"].gain == pytest.approx(alone.overall.gain)


def test_more_relabellings_of_one_topology_do_not_weigh_it_more():
    outcome = [1.0, 0, 0, 0, 3.0, 1.0]
    found = data_alignment(outcome, [1, 1, 1, 1, 2, 2], [0, 1, 2, 3, 0, 1]).overall
    assert (found.gain, found.n_relabellings) == (1.5, 4)


def test_strata_and_families_are_taken_alone():
    outcome, topology, labelling, strata = table(7, n_strata=3)
    families = np.where(topology < 4, "banded", "er")
    found = data_alignment(outcome, topology, labelling, strata, families)
    for name, here in itertools.chain(
        ((name, families == name) for name in ("banded", "er")),
        ((str(at), strata == at) for at in range(3)),
    ):
        part = (found.families | found.strata)[name]
        alone = data_alignment(outcome[here], topology[here], labelling[here]).overall
        assert part.gain == pytest.approx(alone.gain)
        assert part.p_value == pytest.approx(alone.p_value)
        assert part.n_topologies == alone.n_topologies
    assert data_alignment(outcome, topology, labelling).families == {}


def test_a_planted_gain_is_found():
    found = data_alignment(*table(1, topologies=20, gain=1.0)).overall
    assert found.p_value < 0.001
    assert found.interval.low < 1 < found.interval.high


def test_without_a_gain_p_values_are_as_small_as_they_say():
    p_values = np.array(
        [
            data_alignment(*table(seed, seeds=1), n_permutations=199).overall.p_value
            for seed in STUDIES
        ]
    )
    for bound in (0.05, 0.2, 0.5):
        error = 3 * np.sqrt(bound * (1 - bound) / len(STUDIES))
        assert np.mean(p_values <= bound) == pytest.approx(bound, abs=error)


@given(st.integers(0, 10_000))
def test_the_names_of_relabellings_do_not_matter(seed):
    outcome, topology, labelling, _ = table(seed, keep=0.7)
    moved = np.where(labelling == 0, 0, 100 - labelling)
    one, other = (
        data_alignment(outcome, topology, names).overall.gain for names in (labelling, moved)
    )
    assert one == pytest.approx(other)


def test_what_has_no_gain_says_why():
    found = data_alignment([1, 2, 3, 4], [1, 1, 2, 3], [0, 1, 0, 2], list("aabb"))
    assert found.overall.interval is None
    assert (found.overall.gain, found.overall.p_value, found.overall.n_left_out) == (-1, 1, 2)
    assert "no topology has both" in found.strata["b"].undefined
    assert found.strata["b"].n_left_out == 2
    with pytest.raises(Undefined, match="no topology has both"):
        data_alignment([1, 2], [1, 2], [0, 0])
    with pytest.raises(Undefined, match="no topology has both"):
        data_alignment([1, 2], [1, 2], [1, 2])
    with pytest.raises(ParameterError, match="must have one family"):
        data_alignment([1, 2], [1, 1], [0, 1], families=["a", "b"])
