from __future__ import annotations

import builtins

import igraph
import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import layered_graphs
from topograph.errors import GraphError, MissingExtraError, ParameterError
from topograph.graph import from_nodes
from topograph.interop import from_igraph, from_networkx, to_igraph, to_networkx
from topograph.metrics import path_count
from topograph.toy import broken_bridge, butterfly


@given(layered_graphs())
def test_a_graph_comes_back_from_both_libraries(graph):
    if graph.n_edges:
        assert from_networkx(to_networkx(graph)).equals(graph)
        assert from_igraph(to_igraph(graph)).equals(graph)


@given(layered_graphs(), st.randoms(use_true_random=False))
def test_the_order_of_nodes_and_edges_does_not_matter(graph, random):
    made = to_networkx(graph)
    nodes, edges = list(made.nodes(data=True)), list(made.edges(data=True))
    random.shuffle(nodes)
    random.shuffle(edges)
    shuffled = nx.MultiDiGraph(**made.graph)
    shuffled.add_nodes_from(nodes)
    shuffled.add_edges_from(edges)
    if edges:
        assert from_networkx(shuffled).equals(graph)


@st.composite
def dags(draw):
    n_nodes = draw(st.integers(2, 9))
    pairs = [(i, j) for i in range(n_nodes) for j in range(i + 1, n_nodes)]
    edges = draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True))
    made = nx.DiGraph()
    made.add_nodes_from(draw(st.permutations(range(n_nodes))))
    made.add_edges_from(edges)
    return made


@given(dags())
def test_without_levels_a_dag_is_layered_by_its_longest_paths(dag):
    graph = from_networkx(dag)
    longest = nx.dag_longest_path_length(dag)
    assert graph.n_levels == longest + 1
    depth = dict.fromkeys(dag, 0)
    for node in nx.topological_sort(dag):
        depth[node] = max((depth[before] + 1 for before in dag.predecessors(node)), default=0)
    for node in dag:
        if dag.in_degree(node) and not dag.out_degree(node):
            depth[node] = longest
    counts = [list(depth.values()).count(level) for level in range(longest + 1)]
    assert list(graph.widths) == counts
    joined = {(depth[a], depth[b]) for a, b in dag.edges}
    assert {(layer.source, layer.target) for layer in graph.layers} == joined
    assert graph.n_edges == dag.number_of_edges()
    inputs = [node for node in dag if not dag.in_degree(node) and dag.out_degree(node)]
    outputs = [node for node in dag if dag.in_degree(node) and not dag.out_degree(node)]
    walks = sum(len(list(nx.all_simple_paths(dag, a, b))) for a in inputs for b in outputs)
    assert path_count(graph) == walks
    assert any("longest path" in note for note in graph.notes)


def test_undirected_edges_lead_to_the_higher_level():
    made = nx.Graph(to_networkx(butterfly()))
    assert from_networkx(made).equals(butterfly())
    assert from_igraph(to_igraph(butterfly()).as_undirected(combine_edges="first")).equals(
        butterfly()
    )


def test_levels_alone_number_the_units_in_the_order_of_the_nodes():
    made = nx.DiGraph([("x", "z"), ("y", "z")])
    for node, level in (("x", 0), ("y", 0), ("z", 1)):
        made.nodes[node]["level"] = level
    graph = from_networkx(made)
    assert graph.widths == (2, 1)
    assert [layer.name for layer in graph.layers] == ["layer1"]


def with_attribute(graph, node, **attributes):
    made = to_networkx(graph)
    made.nodes[node].update(attributes)
    return made


@pytest.mark.parametrize(
    ("graph", "words"),
    [
        (nx.DiGraph([(1, 2), (2, 3), (3, 2)]), r"without cycles.*2 is on a cycle or behind"),
        (nx.DiGraph([("a", "a")]), "without cycles"),
        (nx.path_graph(3), "does not tell inputs from outputs"),
        (nx.empty_graph(3, create_using=nx.DiGraph), "needs an edge"),
        (nx.MultiDiGraph([(0, 1), (0, 1)]), "same edge twice"),
        (with_attribute(broken_bridge(), (1, 0), level=None), r"level of a node.*None"),
        (with_attribute(broken_bridge(), (1, 0), level=1.5), r"whole number.*1\.5"),
        (with_attribute(broken_bridge(), (1, 0), level=2**39), "must lead to a higher level"),
        (with_attribute(broken_bridge(), (1, 0), level=0), "must lead to a higher level"),
        (with_attribute(broken_bridge(), (1, 0), unit=1), "units of level 1"),
        (with_attribute(broken_bridge(), (2, 1), level=9), "level 3 has none"),
    ],
)
def test_what_is_no_layered_graph_is_refused_with_the_reason(graph, words):
    with pytest.raises(GraphError, match=words):
        from_networkx(graph)


@pytest.mark.parametrize("layers", ["nonsense", "[]", '[["a", 0]]', "[[1, 0, 1]]", "{}"])
def test_a_description_that_is_none_is_refused(layers):
    with pytest.raises(GraphError, match="attribute layers must be JSON"):
        from_nodes([0], [1], 2, layers=layers)


def test_a_description_without_the_layer_of_an_edge_is_refused():
    with pytest.raises(GraphError, match="must hold all its edges"):
        from_nodes([0, 1], [1, 2], 3, layers='[["a", 0, 1]]')
    with pytest.raises(GraphError, match="two alike"):
        from_nodes([0], [1], 2, layers='[["a", 0, 1], ["b", 0, 1]]')


@pytest.mark.parametrize("convert", [from_networkx, from_igraph])
def test_another_object_is_refused(convert):
    with pytest.raises(ParameterError, match="a graph of"):
        convert(butterfly())


def test_a_missing_igraph_is_said(monkeypatch):
    load = builtins.__import__

    def without(name, *arguments, **options):
        if name == "igraph":
            raise ImportError(name)
        return load(name, *arguments, **options)

    made = igraph.Graph([(0, 1)], directed=True)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"topograph\[igraph\]"):
        from_igraph(made)
