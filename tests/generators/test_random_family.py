"""Random layers have exactly the edges and the fan-ins that they promise."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generators.realisations import cells, chance_of_such_uneven_draws, realisations
from topograph.errors import ParameterError
from topograph.generators.random_family import (
    bernoulli_layer,
    covering_fan_ins,
    fixed_fan_in_covered_layer,
    fixed_fan_in_layer,
    uniform_layer,
    whole_fan_ins,
)
from topograph.generators.random_subsets import random_subsets

shapes = st.tuples(st.integers(1, 12), st.integers(1, 12))
seeds = st.integers(0, 2**32)


def fans(layer):
    matrix = layer.to_csr()
    return matrix.sum(axis=0), matrix.sum(axis=1)


@given(st.data(), st.integers(1, 60), seeds)
def test_subsets_have_their_sizes_and_no_element_twice(data, width, seed):
    sizes = data.draw(st.lists(st.integers(0, width), min_size=1, max_size=8))
    found = random_subsets(sizes, width, np.random.default_rng(seed))
    assert found.dtype == np.int64
    assert (found[1:] > found[:-1]).all()
    assert np.bincount(found // width, minlength=len(sizes)).tolist() == sizes


@pytest.mark.parametrize(("size", "width"), [(1, 40), (2, 5), (3, 5), (3, 40)])
def test_subsets_are_all_equally_likely(size, width):
    rng = np.random.default_rng(0)
    possible = list(itertools.combinations(range(width), size))[:9880]
    drawn = random_subsets(np.full(40 * len(possible), size), width, rng) % width
    rows = iter(map(tuple, drawn.reshape(-1, size).tolist()))
    assert chance_of_such_uneven_draws(possible, lambda _: next(rows), 40 * len(possible)) > 1e-3


@given(st.data(), shapes, seeds)
def test_uniform_layers_have_exactly_the_edges_asked_for(data, shape, seed):
    n_edges = data.draw(st.integers(0, shape[0] * shape[1]))
    layer = uniform_layer(*shape, n_edges, np.random.default_rng(seed))
    assert (layer.shape, layer.n_edges) == (shape, n_edges)


def test_uniform_layers_are_all_equally_likely():
    possible = list(itertools.combinations(range(6), 2))
    chance = chance_of_such_uneven_draws(
        possible, lambda seed: cells(uniform_layer(2, 3, 2, np.random.default_rng(seed))), 1500
    )
    assert chance > 1e-3


@pytest.mark.parametrize("density", [1e-5, 1 - 1e-3])
def test_memory_of_a_uniform_layer_follows_the_edges(density):
    width = 65536 if density < 0.5 else 2048
    n_edges = int(density * width**2)
    tracemalloc.start()
    layer = uniform_layer(width, width, n_edges, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert layer.n_edges == n_edges
    assert peak < 64 * n_edges + 4_000_000


@pytest.mark.slow
def test_uniform_layer_of_four_billion_cells():
    layer = uniform_layer(65536, 65536, 42_949_673, np.random.default_rng(0))
    assert layer.n_edges == 42_949_673


def test_bernoulli_layers_have_the_edges_in_expectation():
    rng = np.random.default_rng(0)
    counts = np.array([bernoulli_layer(20, 30, 120, rng).n_edges for _ in range(2000)])
    spread = np.sqrt(120 * 0.8)
    assert abs(counts.mean() - 120) < 4 * spread / np.sqrt(2000)
    assert counts.std() == pytest.approx(spread, rel=0.1)


@pytest.mark.parametrize("n_edges", [0, 600])
def test_bernoulli_layers_of_density_nought_and_one(n_edges):
    assert bernoulli_layer(20, 30, n_edges, np.random.default_rng(0)).n_edges == n_edges


@given(st.data(), shapes, seeds)
def test_fixed_fan_in(data, shape, seed):
    fan_in = data.draw(st.integers(1, shape[0]))
    layer = fixed_fan_in_layer(*shape, fan_in * shape[1], np.random.default_rng(seed))
    assert (fans(layer)[0] == fan_in).all()


@given(st.data(), shapes, seeds)
def test_fixed_fan_in_covered_uses_every_input(data, shape, seed):
    n_in, n_out = shape
    fan_in = data.draw(st.integers(-(-n_in // n_out), n_in))
    layer = fixed_fan_in_covered_layer(n_in, n_out, fan_in * n_out, np.random.default_rng(seed))
    assert (fans(layer)[0] == fan_in).all()
    assert (fans(layer)[1] >= 1).all()


def test_fixed_fan_in_covered_with_no_edge_to_spare_is_uniform():
    possible = realisations([2, 2], [1, 1, 1, 1])
    chance = chance_of_such_uneven_draws(
        possible,
        lambda seed: cells(fixed_fan_in_covered_layer(4, 2, 4, np.random.default_rng(seed))),
        1200,
    )
    assert chance > 1e-3


@given(shapes, st.integers(-5, 200))
def test_nearest_counts_are_those_that_enumeration_finds(shape, wish):
    n_in, n_out = shape
    for counts, lowest in ((whole_fan_ins, 1), (covering_fan_ins, n_in)):
        every = [n for n in range(lowest, n_in * n_out + 1) if n % n_out == 0]
        below = [n for n in every if n <= wish][-1:]
        above = [n for n in every if n >= wish][:1]
        assert counts(n_in, n_out, wish) == tuple(sorted({*below, *above}))


@pytest.mark.parametrize(
    ("draw", "n_edges", "parts"),
    [
        (uniform_layer, 13, ["3 x 4", "13 edges", "12"]),
        (bernoulli_layer, -1, ["3 x 4", "-1 edges", "0"]),
        (fixed_fan_in_layer, 6, ["fixed-fan-in", "6 edges", "4 or 8"]),
        (fixed_fan_in_layer, 0, ["0 edges", "nearest", "4"]),
        (fixed_fan_in_covered_layer, 5, ["fixed-fan-in-covered", "4 or 8"]),
    ],
)
def test_refusals_name_the_nearest(draw, n_edges, parts):
    with pytest.raises(ParameterError) as caught:
        draw(3, 4, n_edges, np.random.default_rng(0))
    for part in parts:
        assert part in str(caught.value)
