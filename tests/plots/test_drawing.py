from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings

from tests.strategies import layered_graphs, masks
from topograph.biadjacency import Deferred, Identity, Kronecker, KroneckerProduct, Sparse
from topograph.graph import Layer, LayeredGraph, chain
from topograph.metrics import effective_edges
from topograph.plots import draw_net, figure_data, is_drawn_by_units, save_drawing, write_figures
from topograph.plots.adjacency_cells import _applied, _listed, adjacency_cells, layer_cells
from topograph.plots.binning import blocks
from topograph.plots.highlights import counterexample_story, live_edges
from topograph.toy import broken_bridge, butterfly, shortcut
from topograph.verification import verify

pytest.importorskip("matplotlib", reason="drawings need matplotlib")


@given(layered_graphs())
@settings(max_examples=40)
def test_live_edges_are_as_many_as_the_effective_ones(graph):
    for layer, flags in zip(graph.layers, live_edges(graph), strict=True):
        assert flags.sum() == effective_edges(graph, layer)


def test_an_unconnected_pair_is_shown_from_both_its_ends():
    graph = chain([Sparse.from_matrix(np.eye(2)), Sparse.from_matrix(np.eye(2))])
    story = counterexample_story(graph, verify(graph, ["connected"]))
    (_, source), (_, sink) = story.ends
    assert source != sink
    (_, ahead), (_, behind) = story.groups
    assert [flags.tolist() for flags in ahead] == [[source == 0, source == 1]] * 2
    assert [flags.tolist() for flags in behind] == [[sink == 0, sink == 1]] * 2


def test_a_dead_input_is_shown_alone():
    graph = broken_bridge()
    story = counterexample_story(graph, verify(graph, ["connected"]))
    assert story.ends == ((0, 2),)
    assert story.groups == ()


def test_an_input_whose_paths_end_is_shown_with_what_it_reaches():
    first = Sparse.from_matrix(np.array([[1, 0], [0, 1]]))
    second = Sparse.from_matrix(np.array([[1, 1], [0, 0]]))
    graph = chain([first, second])
    story = counterexample_story(graph, verify(graph, ["connected"]))
    assert story.ends == ((0, 1),)
    ((name, flags),) = story.groups
    assert name == "reached by input 1"
    assert [flag.tolist() for flag in flags] == [[False, True], [False, False]]


def test_an_output_that_no_input_reaches_is_shown_alone():
    graph = chain([Sparse.from_matrix(np.array([[1, 0], [1, 0]]))] * 2)
    story = counterexample_story(graph, verify(graph, ["connected"]))
    assert story.ends == ((2, 1),)


def test_of_the_edges_behind_an_output_only_live_ones_are_shown():
    # hidden unit 2 has no input: its edge to output 1 tells nothing about the pair
    first = np.array([[1, 0, 0], [0, 1, 0]])
    second = np.array([[1, 0], [0, 1], [1, 1]])
    graph = chain([Sparse.from_matrix(first), Sparse.from_matrix(second)])
    story = counterexample_story(graph, verify(graph, ["connected"]))
    _, (_, behind) = story.groups
    (_, sink) = story.ends[1]
    assert [flags.sum() for flags in behind] == [1, 1]
    assert behind[1].tolist() == [sink == 0, sink == 1, False, False]


def test_two_pairs_with_different_counts_show_their_paths():
    graph = shortcut()
    story = counterexample_story(graph, verify(graph, ["symmetric"]))
    fewer, more = (sum(int(flags.sum()) for flags in group) for _, group in story.groups)
    assert (fewer, more) == (4, 5)


def test_a_net_that_holds_everything_has_no_story():
    assert counterexample_story(butterfly(), verify(butterfly())) is None


@given(masks())
@settings(max_examples=30)
def test_small_matrices_are_drawn_entry_by_entry(mask):
    layer = chain([Sparse.from_matrix(mask)]).layers[0]
    assert layer_cells(layer).tolist() == mask.astype(float).tolist()


def test_cells_of_large_matrices_hold_every_edge():
    mask = np.random.default_rng(0).random((600, 700)) < 0.1
    graph = chain([Sparse.from_matrix(mask)])
    (panel,) = adjacency_cells(graph)
    assert panel.said == "600 x 700; a cell is 3 x 3 units"
    assert panel.shares[0, 0] == pytest.approx(mask[:3, :3].mean())
    heights, widths = np.full(200, 3), np.array([3] * 233 + [1])
    assert (panel.shares * np.outer(heights, widths)).sum() == pytest.approx(mask.sum())


def test_matrices_of_deep_nets_share_panels_and_it_is_said():
    graph = chain([Sparse.from_matrix(np.eye(4))] * 40)
    panels = adjacency_cells(graph)
    assert len(panels) <= 16
    assert panels[0].title == "layers 1-3"
    assert "mean of 3 layers" in panels[0].said


def residual(blocks):
    """Two layers a block, with a skip connection past both, as in ResNets."""
    dense, eye = Sparse.from_matrix(np.ones((4, 4))), Identity(4, 4)
    layers = []
    for place in range(blocks):
        at = 2 * place
        layers += [
            Layer(f"block{place}.conv1", at, at + 1, dense),
            Layer(f"block{place}.skip", at, at + 2, eye),
            Layer(f"block{place}.conv2", at + 1, at + 2, dense),
        ]
    return LayeredGraph([4] * (2 * blocks + 1), layers, {})


def test_skip_connections_share_no_panel_with_layers_of_parameters():
    graph = residual(8)
    panels = adjacency_cells(graph)
    skips = [panel for panel in panels if "(skip, no parameters)" in panel.title]
    others = [panel for panel in panels if panel not in skips]
    assert all(panel.shares.tolist() == np.eye(4).tolist() for panel in skips)
    assert all(panel.shares.tolist() == np.ones((4, 4)).tolist() for panel in others)
    assert others[0].title == "layers 1, 3"
    assert skips[0].title == "layers 2, 5 (skip, no parameters)"


def test_only_layers_that_follow_each_other_share_a_panel():
    dense = Sparse.from_matrix(np.ones((4, 4)))
    side_by_side = [Layer(f"{n}", 0, 1, dense) for n in range(20)]
    panels = adjacency_cells(LayeredGraph([4, 4], side_by_side, {}))
    assert [panel.title for panel in panels] == [f"{n}" for n in range(20)]


@given(masks())
@settings(max_examples=30)
def test_edges_listed_and_applied_are_counted_alike(one):
    made = [Sparse.from_matrix(one), KroneckerProduct(Sparse.from_matrix(one), Identity(2, 2))]
    for operator in made:
        tall, wide = blocks(operator.shape[0], 3), blocks(operator.shape[1], 2)
        listed = _listed(operator, tall, wide)
        dense = operator.to_csr().toarray()
        naive = [[int(dense[a:b, c:d].sum()) for c, d in wide] for a, b in tall]
        assert listed.tolist() == naive
        assert _applied(operator, tall, wide).tolist() == naive


def test_a_layer_made_on_demand_is_made_once_for_its_picture():
    times = []

    def make():
        times.append(1)
        return Kronecker(2048, 2, 1)

    layer = chain([Deferred((2048, 2048), 4096, make)]).layers[0]
    shares = layer_cells(layer)
    assert shares.sum() * 64 == 4096
    assert len(times) == 1


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_a_drawing_is_the_same_each_time(tmp_path, suffix):
    graph = broken_bridge()
    for name in ("one", "two"):
        save_drawing(draw_net(graph, verify(graph)), tmp_path / f"{name}.{suffix}")
    one, two = ((tmp_path / f"{name}.{suffix}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert len(list(tmp_path.iterdir())) == 2


def test_the_drawing_says_what_its_marks_mean(tmp_path):
    graph = broken_bridge()
    save_drawing(draw_net(graph, verify(graph)), tmp_path / "net.svg")
    text = (tmp_path / "net.svg").read_text()
    for words in ("dead unit", "live unit", "edge on no path", "Input 2 reaches no output"):
        assert words in text


def test_a_large_net_is_drawn_in_cells(tmp_path):
    graph = chain([Sparse.from_matrix(np.ones((300, 5)))])
    assert not is_drawn_by_units(graph)
    save_drawing(draw_net(graph, title="a $5 <net>"), tmp_path / "net.svg")
    assert "a cell is 2 x 1 units" in re.sub(r"<[^>]+>", "", (tmp_path / "net.svg").read_text())


def test_every_figure_of_a_report_is_written(tmp_path):
    figures = figure_data(broken_bridge())
    written = write_figures(figures, tmp_path / "deep" / "folder", "svg")
    assert [path.stem for path in written] == [figure.name for figure in figures if figure.panels]
    assert all(path.stat().st_size > 1000 for path in written)
