"""Dense tiles and N of every M."""

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.errors import ParameterError
from topograph.generators.pattern_family import block_sparse_layer, n_m_layer
from topograph.generators.registry import FAMILIES, family_net
from topograph.generators.tiling import Tiling

widths = st.integers(1, 20)
seeds = st.integers(0, 2**32)


def mask(layer):
    return layer.to_csr().toarray()


def tiles(dense, block):
    """Sums and sizes of the tiles of a mask, by slices."""
    n_in, n_out = dense.shape
    for row in range(0, n_in, block):
        for column in range(0, n_out, block):
            tile = dense[row : row + block, column : column + block]
            yield int(tile.sum()), tile.size


@given(st.data(), widths, widths, st.integers(1, 8), seeds)
def test_tiles_are_dense_or_empty(data, n_in, n_out, block, seed):
    tiling = Tiling(n_in, n_out, block)
    n_edges = tiling.edges(data.draw(st.integers(0, tiling.n_tiles)))
    layer = block_sparse_layer(n_in, n_out, n_edges, np.random.default_rng(seed), block=block)
    assert layer.n_edges == n_edges
    assert all(edges in (0, size) for edges, size in tiles(mask(layer), block))


@given(widths, widths, st.integers(1, 8))
def test_kinds_of_tiles_are_those_of_the_grid(n_in, n_out, block):
    tiling = Tiling(n_in, n_out, block)
    expected = Counter(size for _, size in tiles(np.ones((n_in, n_out), dtype=int), block))
    found = Counter()
    for number, size in tiling.kinds:
        found[size] += number
    assert +found == expected


@given(widths, widths, st.integers(1, 8))
def test_one_tile_more_is_one_of_a_single_kind_and_kinds_keep_to_their_share(n_in, n_out, block):
    tiling = Tiling(n_in, n_out, block)
    before = (0, 0, 0, 0)
    for n_dense in range(1, tiling.n_tiles + 1):
        numbers = tiling.numbers(n_dense)
        assert sorted(np.subtract(numbers, before)) == [0, 0, 0, 1]
        for taken, (number, _) in zip(numbers, tiling.kinds, strict=True):
            assert abs(taken - n_dense * number / tiling.n_tiles) < 3
        before = numbers
    assert before == tuple(number for number, _ in tiling.kinds)


@given(widths, widths, st.integers(1, 8), st.integers(-5, 450))
def test_the_nearest_numbers_of_edges_by_trying_all(n_in, n_out, block, wish):
    tiling = Tiling(n_in, n_out, block)
    every = [tiling.edges(number) for number in range(tiling.n_tiles + 1)]
    nearest = tiling.nearest(wish)
    if wish in every:
        assert nearest == (wish,)
    else:
        below = [count for count in every if count < wish][-1:]
        above = [count for count in every if count > wish][:1]
        assert nearest == tuple(below + above)


def test_all_tiles_come_up():
    seen = sum(
        mask(block_sparse_layer(4, 4, 4, np.random.default_rng(seed), block=2))
        for seed in range(80)
    )
    assert (seen > 5).all()


def test_tiles_of_lenet_named_and_taken():
    with pytest.raises(ParameterError, match=r"the nearest are 11648 .* or 11904"):
        family_net("block-sparse", [784, 300, 100, 10], 0.05)
    net = family_net("block-sparse", [784, 300, 100, 10], 0.05, nearest=True)
    assert net.provenance["edges_reached"] == [11648, 1536, 160]


@given(st.data(), st.integers(1, 6), widths, seeds)
def test_each_group_has_exactly_n_of_its_m(data, n_groups, n_out, seed):
    m = data.draw(st.integers(1, 8))
    n = data.draw(st.integers(0, m))
    n_in = n_groups * m
    layer = n_m_layer(n_in, n_out, n_groups * n * n_out, np.random.default_rng(seed), n=n, m=m)
    for group in range(n_groups):
        assert (mask(layer)[group * m : (group + 1) * m].sum(axis=0) == n).all()


def test_all_choices_of_a_group_are_equally_likely():
    layer = mask(n_m_layer(4, 6000, 12000, np.random.default_rng(0)))
    counts = Counter(map(tuple, layer.T.tolist()))
    assert len(counts) == math.comb(4, 2)
    assert min(counts.values()) > 900


def test_counts_other_than_n_of_m_are_refused_with_the_one():
    words = r"Layer 1 .* the nearest is 117600 \(density 0.5\); with others than n = 2, m = 4 other"
    with pytest.raises(ParameterError, match=words):
        family_net("n-m", [784, 300], 0.4)
    assert family_net("n-m", [784, 300], 0.25, n=2, m=8).n_edges == 58800
    with pytest.raises(ParameterError, match="the nearest: 6"):
        n_m_layer(4, 3, 5, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"m": 5}, r"m must divide the number of inputs, 784, .* 5\. Hint: .* 4, 7,.*nearest: 4"),
        ({"n": 5}, r"n must be at most m = 4, but it is 5\. Hint: make it 4"),
        ({"m": 0}, "m must be an integer of at least 1"),
        ({"n": -1}, "n must be an integer of at least 0"),
    ],
)
def test_groups_that_do_not_fit_are_refused(options, words):
    with pytest.raises(ParameterError, match=words):
        family_net("n-m", [784, 300], 0.5, **options)


@pytest.mark.parametrize("block", [0, -1, 1.5, True])
def test_blocks_are_positive_integers(block):
    with pytest.raises(ParameterError, match="block must be an integer of at least 1"):
        family_net("block-sparse", [32, 32], 0.5, block=block)


def test_permuted_tiles_are_the_same_up_to_the_order_of_units():
    layer = mask(
        FAMILIES["block-sparse"].draw(64, 48, 768, np.random.default_rng(3), permuted=True)
    )
    rows, columns = (np.unique(layer, axis=axis, return_counts=True)[1] for axis in (0, 1))
    assert set(rows) <= {16, 32, 48, 64}
    assert set(columns) <= {16, 32, 48}
    assert any(edges not in (0, size) for edges, size in tiles(layer, 16))
