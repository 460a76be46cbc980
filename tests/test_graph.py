from __future__ import annotations

import gc
import pickle
import weakref

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import layered_graphs
from topograph.biadjacency import Identity, Sparse
from topograph.errors import GraphError, ParameterError
from topograph.graph import Layer, LayeredGraph, chain
from topograph.sharing import shared
from topograph.toy import broken_bridge, butterfly, shortcut


def dense(n_in, n_out):
    return Sparse.from_matrix(np.ones((n_in, n_out)))


def test_a_chain_numbers_levels_and_names_layers():
    graph = chain([dense(2, 3), dense(3, 1)])
    assert graph.widths == (2, 3, 1)
    assert [(layer.name, layer.source, layer.target) for layer in graph.layers] == [
        ("layer1", 0, 1),
        ("layer2", 1, 2),
    ]
    assert graph.is_chain
    assert not shortcut().is_chain


def test_neighbours_of_different_widths_are_named():
    with pytest.raises(GraphError) as caught:
        chain([dense(2, 3), dense(4, 1)], names=["first", "second"])
    assert all(word in str(caught.value) for word in ("'first'", "'second'", "3", "4", "Hint"))


@pytest.mark.parametrize(
    ("widths", "layers", "words"),
    [
        ([2], [], "two levels"),
        ([2, 0], [Layer("a", 0, 1, dense(2, 1))], "Level 1 must have at least one unit"),
        ([2, 3], [Layer("a", 0, 1, dense(2, 2))], "'a' must have shape 2 x 3"),
        ([2, 2], [Layer("a", 0, 2, dense(2, 2))], "'a' leads to level 2"),
        ([2, 2], [Layer("a", 0, 1, dense(2, 2))] * 2, "'a' comes twice"),
        ([2, 2, 2], [Layer("a", 0, 2, dense(2, 2))], "Level 1 must be the target"),
        (
            [2, 2, 2],
            [Layer("a", 0, 1, dense(2, 2)), Layer("b", 0, 2, dense(2, 2))],
            "Level 1 must be the source",
        ),
    ],
)
def test_layers_that_form_no_graph_are_refused(widths, layers, words):
    with pytest.raises(GraphError, match=words):
        LayeredGraph(widths, layers)


def test_a_layer_leads_upward_and_has_a_printable_name():
    with pytest.raises(GraphError, match="lower level to a higher one"):
        Layer("back", 1, 0, dense(1, 1))
    with pytest.raises(GraphError, match="printable"):
        Layer("\x1b[31m", 0, 1, dense(1, 1))


def test_frozen_means_frozen():
    graph = butterfly()
    with pytest.raises(AttributeError):
        graph.widths = (1,)
    with pytest.raises(TypeError):
        graph.provenance["toy"] = "other"


def test_provenance_is_a_copy_and_json():
    made = {"list": [1, 2]}
    graph = chain([dense(1, 1)], provenance=made)
    made["list"].append(3)
    assert graph.provenance["list"] == [1, 2]
    with pytest.raises(TypeError):
        chain([dense(1, 1)], provenance={"object": object()})


def test_parallel_layers_are_allowed():
    layers = [Layer("a", 0, 1, dense(2, 2)), Layer("b", 0, 1, Identity(2, 2))]
    assert LayeredGraph([2, 2], layers).n_edges == 6


@given(layered_graphs())
def test_equality_sees_operators_as_edges(graph):
    unrolled = [
        Layer(la.name, la.source, la.target, Sparse.from_matrix(la.biadjacency.to_csr()))
        for la in graph.layers
    ]
    assert graph.equals(LayeredGraph(graph.widths, unrolled))
    assert graph.equals(pickle.loads(pickle.dumps(graph)))  # noqa: S301
    renamed = [Layer(la.name + "x", la.source, la.target, la.biadjacency) for la in graph.layers]
    assert not graph.equals(LayeredGraph(graph.widths, renamed))


def test_equality_sees_a_moved_edge():
    one = chain([Sparse.from_matrix(np.array([[1, 0], [0, 1]]))])
    other = chain([Sparse.from_matrix(np.array([[0, 1], [1, 0]]))])
    assert not one.equals(other)


def test_layers_are_selected_from_one_and_inclusively():
    graph = chain([dense(1, 2), dense(2, 3), dense(3, 4)])
    part = graph.select_layers(2, 3)
    assert part.widths == (2, 3, 4)
    assert [layer.name for layer in part.layers] == ["layer2", "layer3"]
    for first, last in ((0, 1), (2, 4), (3, 2)):
        with pytest.raises(ParameterError, match="1:3"):
            graph.select_layers(first, last)


def test_results_are_shared_and_forgotten():
    calls = []

    @shared
    def count(graph, base=0):
        calls.append(base)
        return graph.n_edges + base

    graph = broken_bridge()
    assert [count(graph), count(graph), count(graph, base=1)] == [6, 6, 7]
    assert calls == [0, 1]
    alive = weakref.ref(graph)
    del graph
    gc.collect()
    assert alive() is None
