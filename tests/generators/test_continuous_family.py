"""The continuous family: every point of the cube is valid, and each dial moves its own property."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topograph.errors import ParameterError
from topograph.generators.continuous_family import DIALS, continuous_layer, sample_continuous
from topograph.generators.edge_ends import exchange_sources, level_sources
from topograph.generators.fans import tailed_fans
from topograph.generators.registry import family_net
from topograph.generators.structured_family import banded_layer

seeds = st.integers(0, 2**32)
dials = st.fixed_dictionaries({name: st.floats(0, 1) for name in DIALS})
MIDDLE = {"fan_in_tail": 0.3, "fan_out_tail": 0.3, "locality": 0.6, "rewired": 0.2}
SHAPES = [(784, 300, 11760), (300, 100, 1500), (100, 10, 200), (200, 200, 20000)]


def fans(layer):
    matrix = layer.to_csr()
    return matrix.sum(axis=0), matrix.sum(axis=1)


def properties(layer):
    """Variation of fan-ins and of fan-outs, and the mean distance from the middle of the band."""
    n_in, n_out = layer.shape
    inputs, outputs = layer.to_csr().nonzero()
    middles = outputs.astype(np.int64) * n_in // n_out + layer.n_edges // n_out // 2
    distance = np.abs(inputs - middles) % n_in
    into, out = fans(layer)
    return (
        into.std() / into.mean(),
        out.std() / out.mean(),
        np.minimum(distance, n_in - distance).mean() / (n_in / 4),
    )


def mean_properties(shape, n_seeds=4, **options):
    drawn = (continuous_layer(*shape, np.random.default_rng(s), **options) for s in range(n_seeds))
    return np.mean([properties(layer) for layer in drawn], axis=0)


@given(st.data(), st.integers(1, 30), st.integers(1, 30), dials, seeds)
def test_every_point_of_the_cube_is_a_layer(data, n_in, n_out, point, seed):
    n_edges = data.draw(st.integers(0, n_in * n_out))
    layer = continuous_layer(n_in, n_out, n_edges, np.random.default_rng(seed), **point)
    assert layer.n_edges == n_edges
    assert layer.shape == (n_in, n_out)


@settings(max_examples=40)
@given(st.data(), st.integers(10, 60), st.integers(10, 60), dials, seeds)
def test_fans_are_the_sequences_up_to_half_density(data, n_in, n_out, point, seed):
    n_edges = data.draw(st.integers(max(n_in, n_out), n_in * n_out // 2))
    layer = continuous_layer(n_in, n_out, n_edges, np.random.default_rng(seed), **point)
    sides = zip(
        fans(layer), (n_out, n_in), (n_in, n_out), ("fan_in_tail", "fan_out_tail"), strict=True
    )
    for found, n_units, n_others, dial in sides:
        highest = (n_others + math.ceil(n_edges / n_units)) // 2
        expected = tailed_fans(n_units, n_edges, highest, point[dial])
        astray = np.abs(np.sort(found)[::-1] - expected).sum() / 2
        assert astray <= (dial == "fan_out_tail")  # the very last edge may not find its place
        assert found.min() >= 1


@pytest.mark.parametrize("shape", [*SHAPES, (1000, 700, 350_000), (3000, 2000, 60_000)])
@pytest.mark.parametrize("tails", [(0.0, 0.0), (0.7, 0.0), (0.0, 0.7), (0.6, 0.6)])
def test_fans_are_exact_but_for_two_extreme_tails(shape, tails):
    n_in, n_out, n_edges = shape
    into, out = fans(
        continuous_layer(
            *shape,
            np.random.default_rng(0),
            fan_in_tail=tails[0],
            fan_out_tail=tails[1],
            locality=0.7,
            rewired=0.3,
        )
    )
    for found, n_others, tail in ((into, n_in, tails[0]), (out, n_out, tails[1])):
        highest = (n_others + math.ceil(n_edges / found.size)) // 2
        expected = tailed_fans(found.size, n_edges, highest, tail)
        assert np.array_equal(np.sort(found)[::-1], expected)


@given(st.integers(1, 30), st.integers(1, 30), st.data(), seeds)
def test_full_locality_without_tails_is_the_band(n_in, n_out, data, seed):
    n_edges = n_out * data.draw(st.integers(0, n_in))
    layer = continuous_layer(n_in, n_out, n_edges, np.random.default_rng(seed), locality=1.0)
    band = banded_layer(n_in, n_out, n_edges, np.random.default_rng(seed))
    assert np.array_equal(layer.to_csr().toarray(), band.to_csr().toarray())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("dial", "own", "sign"),
    [("fan_in_tail", 0, 1), ("fan_out_tail", 1, 1), ("locality", 2, -1), ("rewired", 2, 1)],
)
def test_each_dial_moves_its_own_property_and_leaves_the_fans(shape, dial, own, sign):
    steps = np.array(
        [mean_properties(shape, **{**MIDDLE, dial: value}) for value in (0, 0.25, 0.5, 0.75, 1)]
    )
    assert (sign * np.diff(steps[:, own]) > 0).all()
    for other in {0, 1} - {own}:
        assert np.ptp(steps[:, other]) < 0.01
    if own != 2:  # a hub lies far from most of its partners: some distance comes with tails
        assert np.ptp(steps[:, 2]) < 0.35


@given(st.data(), dials, seeds)
def test_rewiring_keeps_all_fans(data, point, seed):
    n_edges = data.draw(st.integers(0, 300))
    made = [
        continuous_layer(
            20, 30, n_edges, np.random.default_rng(seed), **{**point, "rewired": share}
        )
        for share in (0.0, point["rewired"])
    ]
    for one, other in zip(fans(made[0]), fans(made[1]), strict=True):
        assert np.array_equal(one, other)


def test_all_edges_are_exchanged_where_there_is_room():
    layer = banded_layer(500, 500, 5000, np.random.default_rng(0))
    sources, targets = (ends.astype(np.int64) for ends in layer.to_csr().nonzero())
    chosen = np.random.default_rng(1).random(5000) < 0.5
    moved = exchange_sources(sources, targets, chosen, 500, np.random.default_rng(2))
    assert np.array_equal(moved[~chosen], sources[~chosen])
    assert np.array_equal(np.bincount(moved), np.bincount(sources))
    assert np.unique(targets * 500 + moved).size == 5000
    assert np.count_nonzero(moved[chosen] == sources[chosen]) < 50


def test_no_edge_comes_twice_where_cells_are_beyond_the_table():
    sources, targets = np.array([0, 1, 1, 3]), np.array([0, 1, 0, 1 << 25])
    chosen = np.array([True, True, False, False])
    for seed in range(20):
        moved = exchange_sources(sources, targets, chosen, 4, np.random.default_rng(seed))
        assert moved.tolist() == [0, 1, 1, 3]  # the exchange would make 1 -> 0 come twice


def test_surplus_edges_go_to_near_inputs():
    sources, targets = np.repeat(np.arange(0, 200, 2), 4), np.arange(400) % 97
    moved = level_sources(sources, targets, np.full(200, 2), np.random.default_rng(0))
    assert np.bincount(moved).tolist() == [2] * 200
    assert np.abs(moved - sources).mean() < 2
    assert np.unique(targets * 200 + moved).size == 400


def test_very_wide_layers_are_looked_up_by_a_hash():
    layer = continuous_layer(
        20_000, 20_000, 60_000, np.random.default_rng(0), fan_out_tail=0.5, rewired=0.5
    )
    assert layer.n_edges == 60_000
    assert set(fans(layer)[0].tolist()) == {3}


def test_a_sample_is_at_equal_edges_and_spread_over_the_cube():
    sample = list(sample_continuous([64, 32, 10], 0.1, count=32, seed=3))
    assert len({graph.n_edges for _, graph in sample}) == 1
    for name in DIALS:
        assert sorted(int(point[name] * 32) for point, _ in sample) == list(range(32))
    for point, graph in sample[:4]:
        made = graph.provenance
        assert {name: made["parameters"][name] for name in DIALS} == point
        assert family_net(made["family"], **made["parameters"]).equals(graph)


def test_a_sample_depends_on_its_seed_and_goes_on_where_a_shorter_one_ends():
    short = list(sample_continuous([20, 10], 0.2, count=3, seed=5))
    long = list(itertools.islice(sample_continuous([20, 10], 0.2, count=20, seed=5), 3))
    for (one, net), (other, again) in zip(short, long, strict=True):
        assert one == other
        assert net.equals(again)
    other, _ = next(sample_continuous([20, 10], 0.2, count=3, seed=6))
    assert other != short[0][0]


def test_a_sample_with_given_edges():
    ((_, graph),) = sample_continuous([64, 32, 10], edges_per_layer=[301, 77], count=1)
    assert [layer.n_edges for layer in graph.layers] == [301, 77]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "Either a density or edges"),
        ({"density": 0.1, "edges_per_layer": [10, 10]}, "Either a density or edges"),
        ({"edges_per_layer": [10]}, "one number for each of 2 layers"),
        ({"edges_per_layer": [10, 51]}, r"10 x 5 cannot have 51 edges.* nearest: 50"),
        ({"density": 0.1, "count": 0}, "count must be an integer of at least 1"),
        ({"density": 0.1, "seed": -1}, "seed must be an integer of at least 0"),
    ],
)
def test_samples_that_cannot_be_are_refused_at_once(options, words):
    with pytest.raises(ParameterError, match=words):
        sample_continuous([20, 10, 5], **{"count": 2, **options})


@pytest.mark.parametrize("dial", DIALS)
@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, "x"])
def test_dials_go_from_0_to_1(dial, value):
    with pytest.raises(ParameterError, match=f"{dial} must be a number from 0 to 1"):
        family_net("continuous", [10, 10], 0.2, **{dial: value})
