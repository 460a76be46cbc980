"""Every output gets a path, and no edge moves without need."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import naive
from tests.strategies import layered_graphs
from topograph.biadjacency import Sparse
from topograph.errors import ParameterError
from topograph.generators.registry import family_net
from topograph.generators.repairing import connect_outputs
from topograph.graph import chain
from topograph.metrics import dead_outputs, output_fan_in_min
from topograph.toy import broken_bridge, shortcut

seeds = st.integers(0, 2**40)
chains = layered_graphs(skips=False, parallels=False)


def edge_sets(graph):
    found = {layer.name: set() for layer in graph.layers}
    for name, tail, head in naive.edges(graph):
        found[name].add((tail[1], head[1]))
    return list(found.values())


def live_outputs(graph):
    return {path[-1][2][1] for path in naive.paths(graph)}


@given(chains, seeds)
def test_every_output_lies_on_a_path(graph, seed):
    twin = connect_outputs(graph, seed)
    assert live_outputs(twin) == set(range(graph.n_outputs))
    assert dead_outputs(twin) == 0


@given(chains, seeds)
def test_the_provenance_counts_the_edges_moved_and_added(graph, seed):
    twin = connect_outputs(graph, seed)
    repairs = twin.provenance["repairs"]
    for before, after, told in zip(edge_sets(graph), edge_sets(twin), repairs, strict=True):
        assert len(before - after) == told["moved"]
        assert len(after - before) == told["moved"] + told["added"]


@given(chains, seeds)
def test_units_keep_the_fan_out_that_moved_edges_had(graph, seed):
    twin = connect_outputs(graph, seed)
    for layer, own, told in zip(graph.layers, twin.layers, twin.provenance["repairs"], strict=True):
        grown = own.fan_out() - layer.fan_out()
        assert grown.min() >= 0
        assert grown.sum() == told["added"]


@given(chains, seeds)
def test_no_more_is_mended_than_is_dead(graph, seed):
    live = naive.live(graph)
    dead = {j for j in range(graph.n_outputs) if (graph.n_levels - 1, j) not in live}
    twin = connect_outputs(graph, seed)
    *hidden, last = twin.provenance["repairs"]
    assert last["moved"] + last["added"] <= len(dead)
    assert all(told["moved"] == 0 and told["added"] <= 1 for told in hidden)
    if not dead:
        assert twin.equals(graph)
    fresh = edge_sets(twin)[-1] - edge_sets(graph)[-1]
    assert {j for _, j in fresh} <= dead


@given(chains, seeds)
def test_a_live_output_stays_live_and_is_asked_only_while_it_has_two_live_inputs(graph, seed):
    twin = connect_outputs(graph, seed)
    if any(told["added"] for told in twin.provenance["repairs"][:-1]):
        return  # units of the last hidden level have come alive
    reached = {unit for level, unit in naive.live(graph) if level == graph.n_levels - 2}
    reached |= {i for i, _ in edge_sets(twin)[-1] - edge_sets(graph)[-1]}
    spare = sum(
        max(0, sum(i in reached for i, own in edge_sets(graph)[-1] if own == j) - 1)
        for j in range(graph.n_outputs)
    )
    last = twin.provenance["repairs"][-1]
    assert live_outputs(graph) <= live_outputs(twin)
    assert last["added"] == 0 or last["moved"] == spare


def test_the_output_with_the_most_inputs_gives():
    layer = Sparse.from_edges([0, 1, 2, 0, 1, 2, 3], [0, 0, 0, 1, 1, 1, 1], (4, 3))
    twin = connect_outputs(chain([layer]))
    assert twin.layers[0].fan_in().tolist() == [3, 3, 1]
    assert twin.provenance["repairs"] == [{"moved": 1, "added": 0}]


def test_dead_inputs_count_as_inputs_but_are_not_given():
    first = Sparse.from_edges([0, 0], [0, 1], (1, 5))
    second = Sparse.from_edges([0, 2, 3, 4, 0, 1], [0, 0, 0, 0, 1, 1], (5, 3))
    twin = connect_outputs(chain([first, second]))
    assert twin.layers[1].fan_in().tolist() == [4, 1, 1]  # output 0 has a single live input


def test_an_edge_is_added_where_none_can_be_spared():
    twin = connect_outputs(chain([Sparse.from_edges([0], [0], (1, 2))]))
    assert twin.layers[0].biadjacency.to_csr().toarray().tolist() == [[1, 1]]
    assert twin.provenance["repairs"] == [{"moved": 0, "added": 1}]


def test_unreached_levels_are_mended_first_at_the_unit_with_the_most_outputs():
    none = Sparse.from_edges([], [], (2, 3))
    last = Sparse.from_edges([0, 1, 1], [0, 0, 1], (3, 2))
    twin = connect_outputs(chain([none, last]))
    assert twin.layers[0].fan_in().tolist() == [0, 1, 0]
    assert twin.layers[1].biadjacency is last
    assert twin.provenance["repairs"] == [{"moved": 0, "added": 1}, {"moved": 0, "added": 0}]


def test_empty_chains_are_mended_back_to_the_inputs():
    empty = chain([Sparse.from_edges([], [], (3, 3)) for _ in range(4)])
    twin = connect_outputs(empty)
    assert [told["added"] for told in twin.provenance["repairs"]] == [1, 1, 1, 3]
    assert output_fan_in_min(twin) == 1


def test_sound_nets_keep_their_operators():
    twin = connect_outputs(broken_bridge())
    pairs = zip(twin.layers, broken_bridge().layers, strict=True)
    assert twin.equals(broken_bridge())
    assert all(type(own.biadjacency) is type(layer.biadjacency) for own, layer in pairs)
    assert twin.provenance["of"] == {"toy": "broken_bridge"}
    assert twin.provenance["operation"] == "connect_outputs"


def test_same_seed_same_twin():
    net = family_net("uniform", [60, 40, 30, 50], 0.02, seed=4)
    assert dead_outputs(net) > 0
    assert connect_outputs(net, 3).equals(connect_outputs(net, 3))
    assert not connect_outputs(net, 3).equals(connect_outputs(net, 4))
    assert np.array_equal(net.layers[0].fan_in(), connect_outputs(net, 3).layers[0].fan_in())


def test_only_chains_are_mended():
    with pytest.raises(ParameterError, match="outputs of a chain can be connected"):
        connect_outputs(shortcut())
