"""Metrics of plain graph theory against their slow and obvious definitions."""

from __future__ import annotations

import math
import statistics
from collections import Counter

import numpy as np
import pytest
from hypothesis import given

from tests import naive
from tests.strategies import kronecker_layers, layered_graphs, masks
from topograph import metrics
from topograph.biadjacency import Kronecker, Sparse
from topograph.errors import Undefined
from topograph.graph import Layer, LayeredGraph, chain
from topograph.io import from_layers
from topograph.metrics import clustering, cores, cuts, neighbourhoods, products
from topograph.metrics.low_points import search_depth_first, thinned


@given(layered_graphs())
def test_bridges_and_articulation_units_split_what_they_leave(graph):
    assert metrics.bridge_count(graph) == len(naive.bridges(graph))
    assert metrics.articulation_count(graph) == len(naive.articulation_units(graph))


@given(masks(max_inputs=9, max_outputs=9), masks(max_inputs=9, max_outputs=9))
def test_thinned_layers_keep_what_any_other_edges_leave_connected(mask, other):
    """The certificate must hold beside edges that it has not seen."""
    rows = Sparse.from_matrix(np.pad(other, ((0, 9 - other.shape[0]), (0, 9 - other.shape[1]))))
    layer = Layer("a", 0, 1, Sparse.from_matrix(mask))
    sources, targets = thinned(layer)
    assert mask[sources, targets].all()
    assert sources.size <= 2 * sum(mask.shape)
    assert np.unique(sources * mask.shape[1] + targets).size == sources.size
    beside_tails, beside_heads = rows.to_csr().nonzero()
    answers = []
    for tails, heads in ((sources, targets), mask.nonzero()):
        tails = np.concatenate([tails, beside_tails])
        heads = np.concatenate([heads, beside_heads]) + 9
        answers.append(search_depth_first(18, tails, heads))
    assert answers[0] == answers[1]


def test_of_parallel_edges_neither_is_a_bridge():
    one = Sparse.from_matrix(np.ones((1, 1)))
    twice = LayeredGraph([1, 1, 1], [Layer(n, *ends, one) for n, ends in EDGES_OF_A_PATH])
    assert metrics.bridge_count(twice) == 1
    assert metrics.articulation_count(twice) == 1
    assert metrics.mean_core_number(twice) == pytest.approx(5 / 3)
    assert metrics.mean_one_hop_neighbourhood(twice) == pytest.approx(5 / 3)


EDGES_OF_A_PATH = (("a", (0, 1)), ("b", (0, 1)), ("c", (1, 2)))


def test_a_long_path_is_all_bridges():
    depth = 3000
    net = chain([Sparse.from_matrix(np.ones((1, 1)))] * depth, names=list(map(str, range(depth))))
    assert metrics.bridge_count(net) == depth
    assert metrics.articulation_count(net) == depth - 1
    assert metrics.mean_core_number(net) == 1.0


@given(layered_graphs())
def test_core_numbers(graph):
    expected = statistics.mean(naive.core_numbers(graph).values())
    assert metrics.mean_core_number(graph) == pytest.approx(expected, rel=1e-12)


@given(layered_graphs(max_levels=3, max_width=4))
def test_permutation_symmetry_counts_the_orders_of_one_level_that_change_nothing(graph):
    expected = math.log10(naive.permutations_of_twins(graph))
    assert metrics.log10_permutation_symmetry(graph) == pytest.approx(expected, abs=1e-12)


def test_symmetries_that_move_neighbours_too_are_not_permutations_of_twins():
    swapped_together = chain([Sparse.from_matrix(np.eye(3))] * 2, names=["a", "b"])
    assert metrics.log10_permutation_symmetry(swapped_together) == 0.0
    dense = chain([Sparse.from_matrix(np.ones((3, 2)))])
    assert metrics.log10_permutation_symmetry(dense) == pytest.approx(math.log10(12))


@given(layered_graphs())
def test_clustering_is_the_share_of_closed_three_paths(graph):
    for layer in (None, *graph.layers):
        layers = list(graph.layers) if layer is None else [layer]
        total, closed = naive.three_paths(graph, layers)
        if total:
            found = metrics.robins_alexander_clustering(graph, layer)
            assert found == pytest.approx(closed / total, rel=1e-12)
        else:
            with pytest.raises(Undefined, match="no path of three edges"):
                metrics.robins_alexander_clustering(graph, layer)


@given(kronecker_layers())
def test_radix_layers_are_clustered_as_their_indices_are(operator):
    made, held = chain([operator]), chain([Sparse.from_matrix(operator.to_csr())])
    for name in ("robins_alexander_clustering", "mean_two_hop_neighbourhood"):
        try:
            expected = getattr(metrics, name)(held)
        except Undefined:
            with pytest.raises(Undefined):
                getattr(metrics, name)(made)
        else:
            assert getattr(metrics, name)(made) == expected
    twins = metrics.log10_permutation_symmetry
    assert twins(made) == pytest.approx(twins(held), rel=1e-12)
    layers = made.layers[0], held.layers[0]
    assert len({metrics.nm_max_per_group_4(layer) for layer in layers}) == 1


def test_cycles_are_counted_beyond_63_bits():
    complete = chain([Kronecker(1, 1, 1, dense_in=1 << 18, dense_out=1 << 15)])
    n_cycles = math.comb(1 << 18, 2) * math.comb(1 << 15, 2)
    assert clustering.four_cycles(complete.layers[0]) == n_cycles > 2**63
    assert metrics.robins_alexander_clustering(complete) == 1.0


@given(layered_graphs())
def test_degree_assortativity_is_the_correlation_at_the_ends_of_edges(graph):
    for layer in graph.layers:
        tails, heads = naive.fans_at_ends(layer)
        if len(set(tails)) > 1 and len(set(heads)) > 1:
            expected = statistics.correlation(tails, heads)
            assert metrics.degree_assortativity(layer) == pytest.approx(expected, abs=1e-9)
        else:
            with pytest.raises(Undefined, match=r"no edges|all edges"):
                metrics.degree_assortativity(layer)


@given(layered_graphs(max_width=10))
def test_groups_of_four_inputs(graph):
    for layer in graph.layers:
        assert metrics.nm_max_per_group_4(layer) == naive.nm_max_per_group_4(layer)
        assert metrics.is_2_4(layer) == (naive.nm_max_per_group_4(layer) <= 2)


def test_groups_run_along_the_inputs_and_not_the_outputs():
    along_inputs = np.array([[1, 1, 1, 1], [0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 0]])
    first, second = (
        chain([Sparse.from_matrix(m)]).layers[0] for m in (along_inputs, along_inputs.T)
    )
    assert metrics.is_2_4(first)
    assert metrics.nm_max_per_group_4(second) == 4


@given(layered_graphs())
def test_sinks_sources_and_units_without_edges(graph):
    into = Counter(head for _, _, head in naive.edges(graph))
    out_of = Counter(tail for _, tail, _ in naive.edges(graph))
    last = graph.n_levels - 1
    sinks = [u for u in naive.units(graph) if into[u] and not out_of[u] and u[0] != last]
    sources = [u for u in naive.units(graph) if out_of[u] and not into[u] and u[0] != 0]
    alone = [u for u in naive.units(graph) if not out_of[u] and not into[u]]
    assert metrics.sink_units(graph) == len(sinks)
    assert metrics.source_units(graph) == len(sources)
    assert metrics.disconnected_units(graph) == len(alone)
    assert metrics.removable_in_edges(graph) == sum(out_of[unit] for unit in sources)
    assert metrics.removable_out_edges(graph) == sum(into[unit] for unit in sinks)


@given(layered_graphs())
def test_dead_units_are_more_than_the_loose_ends(graph):
    loose = metrics.sink_units(graph) + metrics.source_units(graph)
    loose += metrics.disconnected_units(graph)
    dead = metrics.dead_inputs(graph) + metrics.dead_hidden(graph) + metrics.dead_outputs(graph)
    assert loose <= dead
    removable = metrics.removable_in_edges(graph) + metrics.removable_out_edges(graph)
    useless = metrics.edge_count(graph) - metrics.effective_edges(graph)
    assert max(metrics.removable_in_edges(graph), metrics.removable_out_edges(graph)) <= useless
    assert removable <= 2 * useless


@given(layered_graphs(max_levels=5))
def test_neighbourhoods(graph):
    for hops, found in (
        (1, metrics.mean_one_hop_neighbourhood(graph)),
        (2, metrics.mean_two_hop_neighbourhood(graph)),
    ):
        sizes = [len(naive.neighbourhood(graph, unit, hops)) for unit in naive.units(graph)]
        assert found == pytest.approx(statistics.mean(sizes), rel=1e-12)


@given(layered_graphs(max_width=8))
def test_dense_products_and_small_blocks_give_the_same_values(graph):
    def values(net):
        try:
            closed = metrics.robins_alexander_clustering(net)
        except Undefined:
            closed = None
        return closed, metrics.mean_two_hop_neighbourhood(net)

    expected = values(graph)
    for settings in ({"_DENSE_STEP": 0.0}, {"_DENSE_ENTRIES": 0, "_BLOCK_STEPS": 3}):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in settings.items():
                patch.setattr(products, name, value)
            assert values(LayeredGraph(graph.widths, anew(graph))) == expected


def anew(graph):
    """The same layers as new objects, of which nothing is remembered."""
    return [Layer(la.name, la.source, la.target, la.biadjacency) for la in graph.layers]


def test_what_is_too_costly_says_what_and_how_much(monkeypatch):
    net = chain([Sparse.from_matrix(np.ones((4, 4)) - np.eye(4))])
    names = {
        "bridge_count": (cuts, "CUT_EDGES"),
        "articulation_count": (cuts, "CUT_UNITS"),
        "mean_core_number": (cores, "CORE_EDGES"),
        "robins_alexander_clustering": (clustering, "CYCLE_STEPS"),
        "mean_two_hop_neighbourhood": (neighbourhoods, "NEIGHBOUR_STEPS"),
    }
    for name, (module, limit) in names.items():
        assert metrics.METRICS[name].too_costly(net) is None
        with monkeypatch.context() as patch:
            patch.setattr(module, limit, 0)
            assert "--all" in metrics.METRICS[name].too_costly(net)


def test_a_star_is_its_own_1_core_and_loses_all_at_once():
    assert metrics.mean_core_number(from_layers([np.ones((5, 1)), np.ones((1, 1))])) == 1.0
