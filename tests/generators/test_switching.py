"""Switches keep every degree, make no edge twice, and reach all layers equally often."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generators.realisations import chance_of_such_uneven_draws, realisations
from tests.strategies import masks
from topograph.biadjacency import Sparse
from topograph.generators import switching
from topograph.generators.cells import cells_of, layer_from_cells, narrowed, other_cells
from topograph.generators.switching import repair, switch

seeds = st.integers(0, 2**32)

DEGREES = [
    ([1, 1], [1, 1]),
    ([1, 1, 1, 1], [1, 1, 1, 1]),
    ([2, 2, 1], [2, 1, 1, 1]),
    ([3, 1, 1, 1], [1, 2, 2, 1]),
    ([2, 2, 2, 2], [2, 2, 2, 2]),
]


@given(masks(max_inputs=8, max_outputs=8), seeds, st.sampled_from([np.uint32, np.int64]))
def test_switches_keep_degrees_and_make_no_edge_twice(mask, seed, dtype):
    cells = np.flatnonzero(mask).astype(dtype)
    proposed, accepted = switch(cells, mask.shape, 5, np.random.default_rng(seed))
    after = layer_from_cells(cells, mask.shape).to_csr().toarray()
    assert 0 <= accepted <= proposed <= 5 * (cells.size // 2)
    assert np.array_equal(after.sum(axis=0), mask.sum(axis=0))
    assert np.array_equal(after.sum(axis=1), mask.sum(axis=1))


@given(masks(max_inputs=8, max_outputs=8), seeds)
def test_switches_with_shared_places_keep_degrees_too(mask, seed):
    cells = np.flatnonzero(mask)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(switching, "_DENSE", 0)
        switch(cells, mask.shape, 5, np.random.default_rng(seed))
    after = layer_from_cells(cells, mask.shape).to_csr().toarray()
    assert np.array_equal(after.sum(axis=0), mask.sum(axis=0))
    assert np.array_equal(after.sum(axis=1), mask.sum(axis=1))


@pytest.mark.parametrize("dense", [8, 0], ids=["own-places", "shared-places"])
@pytest.mark.parametrize(("fan_in", "fan_out"), DEGREES)
def test_all_layers_with_the_degrees_are_equally_likely(fan_in, fan_out, dense, monkeypatch):
    monkeypatch.setattr(switching, "_DENSE", dense)
    possible = realisations(fan_in, fan_out)
    rng = np.random.default_rng(0)

    def draw(_):
        cells = np.array(possible[0], dtype=np.uint32)
        switch(cells, (len(fan_out), len(fan_in)), 20, rng)
        return tuple(sorted(cells.tolist()))

    assert chance_of_such_uneven_draws(possible, draw, 25 * len(possible) + 500) > 1e-3


@given(st.lists(st.integers(0, 11), max_size=12), seeds)
def test_repair_keeps_degrees_and_leaves_no_edge_twice(given_cells, seed):
    cells = np.array(given_cells, dtype=np.int64)
    before = [np.bincount(cells // 4, minlength=3), np.bincount(cells % 4, minlength=4)]
    made = repair(cells, (3, 4), np.random.default_rng(seed))
    assert np.array_equal(np.bincount(cells // 4, minlength=3), before[0])
    assert np.array_equal(np.bincount(cells % 4, minlength=4), before[1])
    if made is not None:
        assert np.unique(cells).size == cells.size
        assert (made == 0) == (len(set(given_cells)) == len(given_cells))


@given(masks(max_inputs=8, max_outputs=8))
def test_cells_and_layers_are_two_ways_to_say_the_same(mask):
    layer = Sparse.from_matrix(mask)
    cells = cells_of(layer)
    assert cells.tolist() == np.flatnonzero(mask).tolist()
    assert np.array_equal(layer_from_cells(cells[::-1], mask.shape).to_csr().toarray(), mask)
    others = other_cells(cells, mask.size)
    assert others.tolist() == np.flatnonzero(mask == 0).tolist()


def test_cells_beyond_32_bits():
    shape = (70_000, 70_000)
    layer = Sparse.from_edges([0, 69_999, 69_998], [1, 69_999, 5], shape)
    cells = cells_of(layer)
    assert cells.dtype == np.int64
    switch(cells, shape, 3, np.random.default_rng(0))
    assert np.array_equal(
        layer_from_cells(cells, shape).to_csr().sum(axis=0).nonzero()[0][:2], [1, 5]
    )
    assert narrowed(np.array([2**32 - 1]), (65536, 65536)).tolist() == [2**32 - 1]


@pytest.mark.parametrize("fan", [2, 5, 10])
def test_repair_of_many_edges_that_come_twice_at_once(fan):
    rng = np.random.default_rng(0)
    for _ in range(20):
        cells = np.repeat(np.arange(20) * 20, fan) + rng.permutation(np.repeat(np.arange(20), fan))
        assert repair(cells, (20, 20), rng) is not None
        assert np.unique(cells).size == 20 * fan
        assert (np.bincount(cells % 20) == fan).all()
