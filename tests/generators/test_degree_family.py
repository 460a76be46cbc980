"""Layers have the degrees of both levels that they promise, at random otherwise."""

import igraph
import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generators.realisations import cells, chance_of_such_uneven_draws, realisations
from tests.strategies import masks
from topograph.errors import ParameterError
from topograph.generators import degree_family
from topograph.generators.degree_family import (
    balanced_layer,
    biregular_counts,
    biregular_layer,
    degree_layer,
)
from topograph.generators.degree_sequences import checked_degrees, some_layer

shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))
seeds = st.integers(0, 2**32)


def fans(layer):
    matrix = layer.to_csr()
    return matrix.sum(axis=0), matrix.sum(axis=1)


@given(st.data(), shapes, seeds)
def test_biregular_layers_have_one_fan_in_and_one_fan_out(data, shape, seed):
    n_in, n_out = shape
    step = np.lcm(n_in, n_out)
    n_edges = int(step * data.draw(st.integers(1, n_in * n_out // step)))
    fan_in, fan_out = fans(biregular_layer(n_in, n_out, n_edges, np.random.default_rng(seed)))
    assert (fan_in * n_out == n_edges).all()
    assert (fan_out * n_in == n_edges).all()


@given(st.data(), shapes, seeds)
def test_balanced_layers_have_degrees_that_differ_by_one_at_most(data, shape, seed):
    n_edges = data.draw(st.integers(0, shape[0] * shape[1]))
    layer = balanced_layer(*shape, n_edges, np.random.default_rng(seed))
    assert layer.n_edges == n_edges
    assert all(np.ptp(side) <= 1 for side in fans(layer))


def test_units_with_one_edge_more_are_random():
    rng = np.random.default_rng(0)
    more = sum(fans(balanced_layer(4, 5, 6, rng))[1] == 2 for _ in range(600))
    assert ((more > 240) & (more < 360)).all()


@given(masks(max_inputs=8, max_outputs=8), seeds)
def test_degree_layers_have_the_degrees_given(mask, seed):
    fan_in, fan_out = mask.sum(axis=0), mask.sum(axis=1)
    layer = degree_layer(fan_in, fan_out.tolist(), np.random.default_rng(seed))
    assert np.array_equal(fans(layer)[0], fan_in)
    assert np.array_equal(fans(layer)[1], fan_out)


@given(masks(max_inputs=8, max_outputs=8), seeds)
def test_degrees_that_pairing_cannot_meet_have_the_layer_of_gale_and_ryser(mask, seed):
    fan_in, fan_out = mask.sum(axis=0), mask.sum(axis=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(degree_family, "repair", lambda *_: None)
        layer = degree_layer(fan_in, fan_out, np.random.default_rng(seed))
    assert np.array_equal(fans(layer)[0], fan_in)
    assert np.array_equal(fans(layer)[1], fan_out)


@pytest.mark.parametrize("seed", range(20))
def test_degrees_that_only_one_layer_has(seed):
    layer = degree_layer([4, 3, 2, 1], [1, 2, 3, 4], np.random.default_rng(seed))
    assert np.array_equal(layer.to_csr().toarray(), np.tri(4, dtype=int))


@pytest.mark.parametrize(
    ("fan_in", "fan_out"),
    [([2, 2, 1], [2, 1, 1, 1]), ([2, 2, 2, 2], [2, 2, 2, 2]), ([3, 2, 2], [2, 2, 2, 1])],
)
def test_layers_with_the_degrees_are_equally_likely(fan_in, fan_out):
    possible = realisations(fan_in, fan_out)
    rng = np.random.default_rng(0)
    chance = chance_of_such_uneven_draws(
        possible, lambda _: cells(degree_layer(fan_in, fan_out, rng)), 25 * len(possible)
    )
    assert chance > 1e-3


def test_biregular_layers_are_equally_likely():
    possible = realisations([3, 3], [2, 2, 2])
    assert len(possible) == 1
    possible = realisations([2, 2, 2], [2, 2, 2])
    chance = chance_of_such_uneven_draws(
        possible, lambda seed: cells(biregular_layer(3, 3, 6, np.random.default_rng(seed))), 600
    )
    assert chance > 1e-3


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=6),
    st.lists(st.integers(0, 5), min_size=1, max_size=6),
)
def test_gale_and_ryser_agree_with_igraph(fan_in, fan_out):
    if igraph.is_bigraphical(fan_out, fan_in):
        into, out = checked_degrees(fan_in, fan_out)
        found = some_layer(into, out)
        assert np.unique(found).size == found.size
        assert np.bincount(found % into.size, minlength=into.size).tolist() == fan_in
        assert np.bincount(found // into.size, minlength=out.size).tolist() == fan_out
    else:
        with pytest.raises(ParameterError):
            checked_degrees(fan_in, fan_out)


def test_networkx_sees_the_same_degrees():
    fan_in, fan_out = [3, 1, 2, 2], [2, 2, 1, 1, 2]
    multigraph = nx.bipartite.configuration_model(fan_out, fan_in, seed=0)
    made = nx.from_numpy_array(np.zeros((9, 9)))
    rows, columns = degree_layer(fan_in, fan_out, np.random.default_rng(0)).to_csr().nonzero()
    made.add_edges_from(zip(rows.tolist(), (5 + columns).tolist(), strict=True))
    assert dict(made.degree) == dict(multigraph.degree)


@given(shapes, st.integers(-5, 200))
def test_nearest_counts_are_multiples_of_both_widths(shape, wish):
    n_in, n_out = shape
    every = [n for n in range(1, n_in * n_out + 1) if n % n_in == 0 and n % n_out == 0]
    below = [n for n in every if n <= wish][-1:]
    above = [n for n in every if n >= wish][:1]
    assert biregular_counts(n_in, n_out, wish) == tuple(sorted({*below, *above}))


@pytest.mark.parametrize(
    ("fan_in", "fan_out", "parts"),
    [
        ([2, 2, 0], [3, 1], ["largest fan-out has 3 edges", "only 2", "by 1"]),
        ([4, 1, 1, 0], [3, 3, 0, 0], ["2 inputs", "have 6 edges", "only 4", "by 2 in all"]),
        ([2, 1], [1, 1], ["add up to 3 and 2", "add 1 to the fan-outs"]),
        ([3, 0], [2, 1], ["Entry 1 of fan_in", "at most 2", "is 3"]),
        ([1, 0], [3], ["Entry 1 of fan_out", "at most 2", "is 3"]),
        ([1, -1], [0], ["Entry 2 of fan_in", "at least 0", "-1"]),
        ([], [0], ["fan_in", "one number or more"]),
        (3, [1], ["fan_in", "list of integers"]),
        ([1], 3, ["fan_out", "list of integers"]),
    ],
)
def test_degrees_that_no_layer_has(fan_in, fan_out, parts):
    with pytest.raises(ParameterError) as caught:
        degree_layer(fan_in, fan_out, np.random.default_rng(0))
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("draw", "n_edges", "parts"),
    [
        (biregular_layer, 20, ["4 x 6", "20 edges", "biregular", "12 or 24"]),
        (biregular_layer, 0, ["0 edges", "12"]),
        (balanced_layer, 25, ["4 x 6", "25 edges", "24"]),
    ],
)
def test_refusals_name_the_nearest(draw, n_edges, parts):
    with pytest.raises(ParameterError) as caught:
        draw(4, 6, n_edges, np.random.default_rng(0))
    for part in parts:
        assert part in str(caught.value)


def test_heavy_tails_and_full_units():
    widest = np.minimum(400 // np.arange(1, 401), 300)
    layer = degree_layer(widest, np.sort(widest), np.random.default_rng(0))
    assert np.array_equal(fans(layer)[0], widest)
    full = degree_layer([5, 5, 1, 1, 1], [5, 2, 2, 2, 2], np.random.default_rng(0))
    assert fans(full)[1].tolist() == [5, 2, 2, 2, 2]
