from __future__ import annotations

import igraph
import networkx as nx
import pytest
from hypothesis import HealthCheck, given, settings

import topograph
from tests.strategies import layered_graphs
from topograph.errors import GraphError, ParameterError, ReadError
from topograph.interop import from_networkx, to_igraph, to_networkx
from topograph.io import read
from topograph.io.edge_list import write_edge_list
from topograph.io.graphml import write_graphml
from topograph.toy import broken_bridge, butterfly

fixtures = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)


@fixtures
@given(layered_graphs())
def test_every_net_comes_back_from_graphml(tmp_path, graph):
    path = tmp_path / "net.graphml"
    write_graphml(graph, path)
    assert read(path).equals(graph)


@fixtures
@given(layered_graphs(parallels=False))
def test_every_net_without_parallel_layers_comes_back_from_an_edge_list(tmp_path, graph):
    path = tmp_path / "net.edgelist"
    steps = [(layer.source, layer.target) for layer in graph.layers]
    if len(set(steps)) == len(steps):
        write_edge_list(graph, path)
        assert read(path).equals(graph)


@fixtures
@given(layered_graphs())
def test_graphml_passes_between_topograph_networkx_and_igraph(tmp_path, graph):
    if not graph.n_edges:
        return
    write_graphml(graph, tmp_path / "ours.graphml")
    assert from_networkx(nx.read_graphml(tmp_path / "ours.graphml", force_multigraph=True)).equals(
        graph
    )
    made = igraph.Graph.Read_GraphML(str(tmp_path / "ours.graphml"))
    assert (made.vcount(), made.ecount()) == (sum(graph.widths), graph.n_edges)
    to_igraph(graph).write_graphml(str(tmp_path / "igraph.graphml"))
    assert read(tmp_path / "igraph.graphml").equals(graph)
    nx.write_graphml(to_networkx(graph), tmp_path / "networkx.graphml")
    assert read(tmp_path / "networkx.graphml").equals(graph)


def test_networkx_reads_our_edge_list(tmp_path):
    write_edge_list(broken_bridge(), tmp_path / "net.edges")
    made = nx.read_edgelist(tmp_path / "net.edges", create_using=nx.DiGraph, nodetype=int)
    ours = nx.convert_node_labels_to_integers(to_networkx(broken_bridge()), ordering="sorted")
    assert set(made.edges) == set(nx.DiGraph(ours).edges)


def test_an_edge_list_of_names_is_layered_by_its_longest_paths(tmp_path):
    path = tmp_path / "dag.edges"
    path.write_text("# from a tool\nx1 h1\nx2,h1\nh1\ty\nx1 y\n")
    graph = read(path)
    assert graph.widths == (2, 1, 1)
    assert [(layer.source, layer.target) for layer in graph.layers] == [(0, 1), (0, 2), (1, 2)]
    assert any("longest path" in note for note in graph.notes)


@pytest.mark.parametrize("ending", [".graphml", ".edgelist"])
def test_weights_that_are_0_or_below_the_threshold_are_no_edges(tmp_path, ending):
    made = nx.DiGraph([("a", "b", {"weight": 0.5}), ("a", "c", {"weight": -2.0})])
    made.add_edge("d", "c", weight=0.0)
    made.add_edge("d", "b", weight=0.1)
    path = tmp_path / f"net{ending}"
    if ending == ".graphml":
        nx.write_graphml(made, path)
    else:
        nx.write_weighted_edgelist(made, path)
    assert read(path).n_edges == 3
    assert read(path, threshold=0.3).n_edges == 2


def test_parallel_layers_do_not_fit_an_edge_list(tmp_path):
    step = butterfly().layers[0].biadjacency
    layers = [topograph.Layer(name, 0, 1, step) for name in "ab"]
    with pytest.raises(ParameterError, match="one layer between two levels"):
        write_edge_list(topograph.LayeredGraph([4, 4], layers), tmp_path / "net.edges")
    assert list(tmp_path.iterdir()) == []


def test_names_are_escaped_in_graphml(tmp_path):
    layer = topograph.Layer("<script>&\"'", 0, 1, butterfly().layers[0].biadjacency)
    graph = topograph.LayeredGraph([4, 4], [layer])
    write_graphml(graph, tmp_path / "net.graphml")
    assert "<script>" not in (tmp_path / "net.graphml").read_text()
    assert read(tmp_path / "net.graphml").equals(graph)


HEAD = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">'
BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]>'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not xml", "must be XML"),
        (f"{HEAD}</graphml>", "must hold a graph"),
        (f"{BOMB}{HEAD}<graph><node id='&c;'/></graph></graphml>", "no document type"),
        (f"{HEAD}<graph><edge source='a' target='b'/></graph></graphml>", "join nodes of the file"),
        (f"{HEAD}<graph><node id='a'/><node id='a'/></graph></graphml>", "comes twice"),
        (f"{HEAD}<graph/><graph/></graphml>", "one graph"),
        (f"{HEAD}<graph><hyperedge/></graph></graphml>", "hyperedge"),
        (
            f"{HEAD}<graph edgedefault='directed'><node id='a'/><node id='b'/>"
            "<edge source='a' target='b' directed='false'/></graph></graphml>",
            "all directed or all undirected",
        ),
        (
            f"{HEAD}<graph edgedefault='undirected'><node id='a'/><node id='b'/>"
            "<edge source='a' target='b'/></graph></graphml>",
            "inputs from outputs",
        ),
        (
            f"{HEAD}<graph><node id='a'/><node id='b'/><edge source='a' target='b'>"
            "<data key='weight'>nan</data></edge></graph></graphml>",
            "finite number",
        ),
    ],
)
def test_graphml_that_is_no_net_is_refused_with_the_reason(tmp_path, text, words):
    path = tmp_path / "net.graphml"
    path.write_text(text)
    with pytest.raises((ReadError, GraphError), match=words) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b c d\n", "line 1 is 'a b c d'"),
        ("a b {}\n", "data=False"),
        ("a b 1\nc d\n", "only some have"),
        ("a b inf\n", "finite"),
        ("", "needs an edge"),
        ("a b\nb a\n", "without cycles"),
        ("a b\na b\n", "same edge twice"),
        ("# topograph edge list {}\n0 1\n", "widths and layers"),
        ('# topograph edge list {"widths": [2, 2], "layers": []}\n0 9\n', "from 0 to 3"),
        ('# topograph edge list {"widths": [2, 2], "layers": []}\n0 x\n', "from 0 to 3"),
        ('# topograph edge list {"widths": [2, 2], "layers": [["a", 0, 7]]}\n0 2\n', "layers"),
        ('# topograph edge list {"widths": [1, 2147483647], "layers": []}\n0 1\n', "may"),
    ],
)
def test_edge_lists_that_are_no_net_are_refused_with_the_reason(tmp_path, text, words):
    path = tmp_path / "net.edges"
    path.write_text(text)
    with pytest.raises((ReadError, GraphError), match=words) as caught:
        read(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("ending", [".graphml", ".edges"])
def test_files_too_large_are_refused_before_they_are_parsed(tmp_path, ending, monkeypatch):
    path = tmp_path / f"net{ending}"
    (write_graphml if ending == ".graphml" else write_edge_list)(butterfly(), path)
    monkeypatch.setenv("TOPOGRAPH_MAX_BYTES", "1000")
    with pytest.raises(ReadError, match="Reading may take 1000 bytes"):
        read(path)
