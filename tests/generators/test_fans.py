"""Edges shared out to units: totals, bounds, evenness and tails."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.generators.fans import even_fans, places, tailed_fans

tails = st.floats(0, 2)


@given(st.integers(1, 40), st.integers(0, 500))
def test_even_fans_are_the_floor_or_the_ceiling_of_the_mean(n_units, n_edges):
    fans = even_fans(n_units, n_edges).tolist()
    assert sum(fans) == n_edges
    assert set(fans) <= {n_edges // n_units, -(-n_edges // n_units)}


@given(st.integers(1, 40), st.integers(0, 500))
def test_even_fans_are_spread_evenly(n_units, n_edges):
    total = 0
    for unit, fan in enumerate(even_fans(n_units, n_edges).tolist()):
        assert total == unit * n_edges // n_units
        total += fan


@given(st.data(), st.integers(1, 40), st.integers(1, 40), tails)
def test_tailed_fans_keep_their_total_and_their_bounds(data, n_units, highest, tail):
    n_edges = data.draw(st.integers(0, n_units * highest))
    fans = tailed_fans(n_units, n_edges, highest, tail)
    assert fans.sum() == n_edges
    assert (np.diff(fans) <= 0).all()
    assert fans[0] <= highest
    assert fans[-1] >= (n_edges >= n_units)


@given(st.integers(1, 40), st.integers(0, 500))
def test_without_a_tail_all_are_equal(n_units, n_edges):
    fans = tailed_fans(n_units, n_edges, n_edges + 1, 0.0)
    assert fans.max() - fans.min() <= 1


def test_the_tail_is_that_of_the_exponent():
    fans = tailed_fans(100_000, 10_000_000, 10_000_000, 0.5)
    more_than = [np.count_nonzero(fans > threshold) for threshold in (200, 400, 800)]
    ratios = np.divide(more_than[:-1], more_than[1:])
    assert ratios == pytest.approx([4, 4], rel=0.03)  # exponent 3: the tail falls as fan^-2


@pytest.mark.parametrize(("n_units", "n_edges", "highest"), [(300, 6000, 784), (50, 1250, 50)])
def test_heavier_tails_are_more_unequal(n_units, n_edges, highest):
    spreads = [tailed_fans(n_units, n_edges, highest, tail / 10).std() for tail in range(11)]
    assert (np.diff(spreads) > 0).all()


@given(st.lists(st.integers(0, 5), min_size=1, max_size=10))
def test_places_count_the_edges_of_each_unit(fans):
    units, place = places(np.array(fans))
    expected = [(unit, number) for unit, fan in enumerate(fans) for number in range(fan)]
    assert list(zip(units.tolist(), place.tolist(), strict=True)) == expected
