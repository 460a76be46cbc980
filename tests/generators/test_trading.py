"""Trades keep fans and make all layers with them equally likely."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generators.realisations import chance_of_such_uneven_draws, realisations
from topograph.generators.trading import trade


@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**32 - 1),
    n_rounds=st.integers(0, 5),
)
def test_every_unit_keeps_its_fans_and_no_edge_comes_twice(shape, share, seed, n_rounds):
    rng = np.random.default_rng(seed)
    before = np.flatnonzero(rng.random(shape[0] * shape[1]) < share)
    after = trade(before, shape, n_rounds, rng)
    assert np.unique(after).size == before.size
    for fans in (lambda cells: cells // shape[1], lambda cells: cells % shape[1]):
        assert np.array_equal(np.sort(fans(after)), np.sort(fans(before)))


@pytest.mark.parametrize(
    ("fan_in", "fan_out"),
    [([2, 2, 1], [2, 1, 1, 1]), ([3, 2, 2], [2, 2, 2, 1]), ([1] * 4, [1] * 4)],
)
@pytest.mark.parametrize("n_rounds", [15, 16])
def test_all_layers_with_the_degrees_are_equally_likely(fan_in, fan_out, n_rounds):
    possible, shape = realisations(fan_in, fan_out), (len(fan_out), len(fan_in))

    def draw(seed):
        rng = np.random.default_rng(seed)
        return tuple(sorted(trade(np.array(possible[0]), shape, n_rounds, rng).tolist()))

    assert chance_of_such_uneven_draws(possible, draw, 60 * len(possible) + 300) > 1e-3
