from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings

from tests.strategies import layered_graphs, masks
from topograph.biadjacency import Sparse
from topograph.graph import chain
from topograph.metrics import effective_edges
from topograph.plots import draw_net, figure_data, is_drawn_by_units, save_drawing, write_figures
from topograph.plots.adjacency_cells import adjacency_cells, layer_cells
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
