"""Twins keep what they promise to keep, and nothing else."""

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.generators.realisations import cells, chance_of_such_uneven_draws, realisations
from tests.strategies import layered_graphs
from topograph.biadjacency import Sparse
from topograph.errors import ParameterError
from topograph.generators import degree_preserving_twin, density_preserving_twin, radix_net
from topograph.generators.registry import family_net
from topograph.generators.switching import switch
from topograph.graph import chain
from topograph.metrics import path_count_cv
from topograph.toy import fano, shortcut

seeds = st.integers(0, 2**40)


def structure(graph):
    return [(layer.name, layer.source, layer.target, layer.shape) for layer in graph.layers]


@given(layered_graphs(), seeds)
def test_degree_twins_keep_every_fan_in_and_fan_out_of_every_layer(graph, seed):
    twin = degree_preserving_twin(graph, seed)
    assert structure(twin) == structure(graph)
    for layer, own in zip(graph.layers, twin.layers, strict=True):
        if layer.is_structural:
            assert own.biadjacency is layer.biadjacency
        else:
            assert isinstance(own.biadjacency, Sparse)
        assert np.array_equal(layer.fan_in(), own.fan_in())
        assert np.array_equal(layer.fan_out(), own.fan_out())


@given(layered_graphs(), seeds)
def test_density_twins_keep_the_edges_of_every_layer(graph, seed):
    twin = density_preserving_twin(graph, seed)
    assert structure(twin) == structure(graph)
    assert [layer.n_edges for layer in twin.layers] == [layer.n_edges for layer in graph.layers]
    for layer, own in zip(graph.layers, twin.layers, strict=True):
        assert layer.is_structural or isinstance(own.biadjacency, Sparse)


@pytest.mark.parametrize("make", [degree_preserving_twin, density_preserving_twin])
def test_same_seed_same_twin(make):
    net = radix_net([[10, 10]], [2, 1, 1])
    assert make(net, 3).equals(make(net, 3))
    assert not make(net, 3).equals(make(net, 4))


@pytest.mark.parametrize("make", [degree_preserving_twin, density_preserving_twin])
def test_layers_are_rewired_whatever_the_others_are(make):
    net = radix_net([[4, 4], [4, 4]])
    alone, whole = make(net.select_layers(1, 2), 3), make(net, 3)
    assert whole.select_layers(1, 2).equals(alone)


@pytest.mark.parametrize("make", [degree_preserving_twin, density_preserving_twin])
def test_a_net_and_its_twin_may_have_the_same_seed(make):
    net = family_net("uniform", [30, 30], 0.3, seed=0)
    assert not make(net, 0).equals(net)


@pytest.mark.parametrize("make", [degree_preserving_twin, density_preserving_twin])
def test_provenance_says_how_and_of_what(make):
    twin = make(shortcut(), seed=7)
    assert twin.provenance["operation"] == make.__name__
    assert twin.provenance["parameters"]["seed"] == 7
    assert twin.provenance["of"] == {"toy": "shortcut"}


@pytest.mark.parametrize(
    ("fan_in", "fan_out"), [([2, 2, 1], [2, 1, 1, 1]), ([3, 2, 2], [2, 2, 2, 1])]
)
def test_all_layers_with_the_degrees_are_equally_likely_twins(fan_in, fan_out):
    possible = realisations(fan_in, fan_out)
    shape = (len(fan_out), len(fan_in))
    start = np.array(possible[-1])
    graph = chain([Sparse.from_edges(start // shape[1], start % shape[1], shape)])

    def draw(seed):
        return cells(degree_preserving_twin(graph, seed).layers[0].biadjacency)

    assert chance_of_such_uneven_draws(possible, draw, 25 * len(possible) + 300) > 1e-3


def test_all_layers_with_the_edges_are_equally_likely_twins():
    graph = chain([Sparse.from_edges([0, 0], [0, 1], (2, 3))])
    every = [(i, j) for i in range(6) for j in range(i + 1, 6)]

    def draw(seed):
        return cells(density_preserving_twin(graph, seed).layers[0].biadjacency)

    assert chance_of_such_uneven_draws(every, draw, 1200) > 1e-3


@pytest.mark.parametrize("density", [0.02, 0.3, 0.8])
def test_mixing_leaves_no_more_edges_than_chance(density):
    net = family_net("uniform", [120, 90], density, seed=1)
    mixing = degree_preserving_twin(net).provenance["mixing"][0]
    assert mixing["proposed"] >= 9 * min(net.n_edges, 120 * 90 - net.n_edges)
    assert 0 < mixing["accepted"] <= mixing["proposed"]
    assert mixing["kept"] == pytest.approx(mixing["expected"], abs=0.02 + 3 / net.n_edges**0.5)


def test_where_swaps_are_refused_trades_mix():
    """A few hubs on either side, joined to nearly all; of the rest few edges can be swapped."""
    rng = np.random.default_rng(0)
    ranks = np.arange(60)
    mask = rng.random((60, 60)) < 9 / (1 + ranks[:, None] + ranks)
    net = chain([Sparse.from_matrix(mask)])
    kept, far = [], []
    for seed in range(5):
        told = degree_preserving_twin(net, seed).provenance["mixing"][0]
        assert 3 * told["accepted"] < told["proposed"]
        assert told["trades"] == 20
        assert told["mixed"]
        kept.append(told["kept"])
        far.append(_kept_after_swaps_alone(net, mask, 2000, seed))
    assert statistics.fmean(kept) == pytest.approx(statistics.fmean(far), abs=0.02)


def _kept_after_swaps_alone(net, mask, n_batches, seed):
    before = np.flatnonzero(mask)
    after = before.copy()
    switch(after, net.layers[0].shape, n_batches, np.random.default_rng(seed))
    return np.isin(after, before).mean()


def test_a_layer_that_was_hardly_moved_is_not_mixed():
    net = family_net("biregular", [200, 200], fan_in=8)
    told = degree_preserving_twin(net, swaps_per_edge=1).provenance["mixing"][0]
    assert told["kept_halfway"] > told["kept"] + 0.1
    assert not told["mixed"]
    assert degree_preserving_twin(net).provenance["mixing"][0]["mixed"]


def test_kept_edges_are_counted():
    net = family_net("uniform", [40, 30], 0.2, seed=1)
    twin = degree_preserving_twin(net, 5, swaps_per_edge=0.5)
    one, other = (set(cells(graph.layers[0].biadjacency)) for graph in (net, twin))
    assert twin.provenance["mixing"][0]["kept"] == len(one & other) / net.n_edges
    assert len(one & other) < net.n_edges


def test_few_swaps_keep_most_edges():
    net = family_net("biregular", [200, 200], fan_in=8)
    kept = [
        degree_preserving_twin(net, swaps_per_edge=swaps).provenance["mixing"][0]["kept"]
        for swaps in (0.5, 1, 10)
    ]
    assert 1 > kept[0] > kept[1] > kept[2]


def test_twin_of_a_radix_net_loses_its_symmetry():
    net = radix_net([[10, 10]])
    assert path_count_cv(net) == 0
    assert 0.75 < path_count_cv(degree_preserving_twin(net)) < 1.05


def test_layers_in_which_nothing_can_be_swapped_stay():
    star = chain([Sparse.from_edges([0, 0, 0], [0, 1, 2], (2, 3))])
    twin = degree_preserving_twin(star)
    assert twin.equals(star)
    assert twin.provenance["mixing"][0]["accepted"] == 0
    assert twin.provenance["mixing"][0]["kept"] == 1.0


@pytest.mark.parametrize("swaps", [0, -1, float("nan"), float("inf")])
def test_swaps_are_above_nought(swaps):
    with pytest.raises(ParameterError, match="swaps_per_edge must be a number above 0"):
        degree_preserving_twin(fano(), swaps_per_edge=swaps)


@pytest.mark.parametrize("make", [degree_preserving_twin, density_preserving_twin])
@pytest.mark.parametrize("seed", [-1, 0.5, True])
def test_seeds_are_integers(make, seed):
    with pytest.raises(ParameterError, match="seed must be an integer of at least 0"):
        make(fano(), seed)


@pytest.mark.parametrize("make", [degree_preserving_twin, density_preserving_twin])
def test_equal_layers_have_other_twins_each(make):
    layer = Sparse.from_matrix(np.random.default_rng(0).random((20, 20)) < 0.3)
    one, other = (la.biadjacency.to_csr() for la in make(chain([layer, layer])).layers)
    assert (one != other).nnz


def test_chance_keeps_no_edge_more_often_than_always():
    mask = np.zeros((12, 12))
    mask[0, :] = mask[:, 0] = 1  # 23 edges; that between the hubs would be kept 144 / 23 times
    told = degree_preserving_twin(chain([Sparse.from_matrix(mask)])).provenance["mixing"][0]
    assert told["expected"] == pytest.approx((1 + 22 * 12 / 23) / 23)
