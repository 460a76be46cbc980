"""Draws by weight without replacement have the law of drawing one after another."""

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from topograph.generators.arrivals import draw_by_weight, draw_pairs_by_weight

weights = st.lists(st.floats(-30, 30), min_size=1, max_size=12).map(
    lambda logs: np.array(sorted(logs, reverse=True))
)


def law(items, count):
    """Probability of every sequence of ``count`` items, drawn one after another."""
    chances = {}
    for sequence in itertools.permutations(items, count):
        left, chance = sum(items.values()), 1.0
        for item in sequence:
            chance *= items[item] / left
            left -= items[item]
        chances[sequence] = chance
    return chances


def chance_of_such_draws(drawn, chances):
    counts = Counter(drawn)
    assert set(counts) <= set(chances)
    observed = [counts[sequence] for sequence in chances]
    return chisquare(observed, np.array(list(chances.values())) * len(drawn)).pvalue


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("values", [[8, 4, 2, 1], [1, 1, 1, 1], [20, 5, 5, 0.5]])
def test_rows_draw_one_after_another(values, count):
    n_rows = 20_000
    rng = np.random.default_rng(count)
    _, items = draw_by_weight(np.full(n_rows, count), np.log(values), rng)
    drawn = list(map(tuple, items.reshape(n_rows, count).tolist()))
    assert chance_of_such_draws(drawn, law(dict(enumerate(values)), count)) > 1e-3


def test_rows_draw_one_after_another_from_many_items():
    """Here most items are looked at together, and some only in a second period."""
    logs = -0.5 * np.log(np.arange(1, 3001))
    n_rows = 4000
    _, items = draw_by_weight(np.full(n_rows, 2), logs, np.random.default_rng(0))
    first, second = items.reshape(n_rows, 2).T // 500
    groups = np.exp(logs).reshape(6, 500).sum(axis=1)
    expected = groups / groups.sum() * n_rows
    assert chisquare(np.bincount(first, minlength=6), expected).pvalue > 1e-3
    # The second is drawn like the first but for one item, here without weight to speak of.
    assert chisquare(np.bincount(second, minlength=6), expected).pvalue > 1e-3


def test_pairs_are_drawn_one_after_another():
    rows, columns = [4.0, 1.0], [3.0, 2.0, 1.0]
    chances = law(
        {(i, j): rows[i] * columns[j] for i, j in itertools.product(range(2), range(3))}, 2
    )
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(3000):
        ends = draw_pairs_by_weight(2, np.log(rows), np.log(columns), rng)
        drawn.append(tuple(zip(*(end.tolist() for end in ends), strict=True)))
    assert chance_of_such_draws(drawn, chances) > 1e-3


def test_few_of_many_pairs_are_shared_out_by_the_weights():
    logs = -0.5 * np.log(np.arange(1, 51))
    rng = np.random.default_rng(0)
    rows = [draw_pairs_by_weight(40, logs, np.zeros(5000), rng)[0] for _ in range(200)]
    expected = np.exp(logs) / np.exp(logs).sum() * 8000
    assert chisquare(np.bincount(np.concatenate(rows), minlength=50), expected).pvalue > 1e-3


@given(st.data(), weights, st.integers(0, 2**32))
def test_rows_draw_as_many_distinct_items_as_asked_for(data, logs, seed):
    counts = data.draw(st.lists(st.integers(0, logs.size), min_size=1, max_size=6))
    rows, items = draw_by_weight(np.array(counts), logs, np.random.default_rng(seed))
    assert np.bincount(rows, minlength=len(counts)).tolist() == counts
    assert (np.diff(rows) >= 0).all()
    assert len(set(zip(rows.tolist(), items.tolist(), strict=True))) == sum(counts)


@given(st.data(), weights, weights, st.integers(0, 2**32))
def test_as_many_distinct_pairs_as_asked_for(data, row_logs, logs, seed):
    count = data.draw(st.integers(0, row_logs.size * logs.size))
    rng = np.random.default_rng(seed)
    rows, items = draw_pairs_by_weight(count, row_logs, logs, rng)
    assert len(set(zip(rows.tolist(), items.tolist(), strict=True))) == count


@settings(max_examples=10)
@given(st.integers(1, 2000), st.integers(0, 2**32))
def test_weights_far_beyond_floats(count, seed):
    logs = -1e6 * np.log1p(np.arange(2000))
    _, items = draw_by_weight(np.array([count]), logs, np.random.default_rng(seed))
    assert items.tolist() == list(range(count))
