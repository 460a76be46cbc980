from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import assume, given, settings

from tests.naive import pair_counts
from tests.strategies import layered_graphs
from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.comparison import compare
from topograph.errors import ParameterError
from topograph.generators import radix_net
from topograph.graph import chain
from topograph.metrics import effective_edges
from topograph.plots import comparison_figures, figure_data
from topograph.plots.fan_figures import fan_in_figure, fan_out_figure
from topograph.plots.path_matrix_figure import path_shares
from topograph.plots.reach_figure import reach_figure
from topograph.plots.spectrum_figure import layer_singular_values, spectrum_figure
from topograph.plots.unit_path_figure import unit_path_figure
from topograph.toy import broken_bridge, butterfly, fano, shortcut


def random_net(widths, density, seed):
    rng = np.random.default_rng(seed)
    masks = [rng.random(shape) < density for shape in itertools.pairwise(widths)]
    return chain([Sparse.from_matrix(mask) for mask in masks])


def dense(layer):
    return layer.biadjacency.to_csr().toarray()


def counts(panel):
    return {row["low"]: row["count"] for row in panel.rows if row["count"]}


@given(layered_graphs())
@settings(max_examples=40)
def test_fans_are_those_counted_in_the_matrices(graph):
    assume(1 <= len(graph.weighted_layers) <= 6)
    for figure, axis in ((fan_in_figure(graph), 0), (fan_out_figure(graph), 1)):
        for layer, panel in zip(graph.weighted_layers, figure.panels, strict=True):
            fans, often = np.unique(dense(layer).sum(axis=axis), return_counts=True)
            assert counts(panel) == dict(zip(fans.tolist(), often.tolist(), strict=True))


@given(layered_graphs())
@settings(max_examples=40)
def test_every_unit_is_in_one_bin_and_those_without_a_path_apart(graph):
    figure = unit_path_figure(graph)
    if len(figure.panels) == graph.n_levels:
        for width, panel in zip(graph.widths, figure.panels, strict=True):
            assert sum(row["count"] for row in panel.rows) == width
    else:
        assert sum(row["value"] for row in figure.panels[0].rows) == sum(graph.widths)


@given(layered_graphs())
@settings(max_examples=40)
def test_cells_of_the_path_matrix_are_sums_of_its_entries(graph):
    paths = np.array(pair_counts(graph), dtype=np.float64)
    if not paths.any():
        return
    for most in (2, 64):
        shares, tall, wide = path_shares(graph, most)
        for i, (top, bottom) in enumerate(tall):
            for j, (left, right) in enumerate(wide):
                expected = paths[top:bottom, left:right].mean() / paths.mean()
                assert shares[i, j] == pytest.approx(expected)


@given(layered_graphs())
@settings(max_examples=40)
def test_reach_is_the_mean_over_inputs_of_what_each_reaches(graph):
    rows = reach_figure(graph).panels[0].rows
    found = [row for row in rows if row["series"] == "an input reaches"]
    reached = np.eye(graph.n_inputs, dtype=np.int64)
    levels = [reached]
    for level in range(1, graph.n_levels):
        levels.append(
            sum(levels[layer.source] @ dense(layer) > 0 for layer in graph.incoming(level)) > 0
        )
    for row, level in zip(found, levels, strict=True):
        shares = np.asarray(level, dtype=np.float64).mean(axis=1)
        assert row["y"] == pytest.approx(shares.mean())
        assert (row["low"], row["high"]) == pytest.approx((shares.min(), shares.max()))


def test_a_sample_of_inputs_is_said_and_seeded(monkeypatch):
    graph = random_net([200, 30, 5], 0.1, 3)
    monkeypatch.setattr("topograph.plots.reach_figure._MOST_BITS", 64 * sum(graph.widths))
    figure = reach_figure(graph, seed=4)
    assert figure.notes[0].startswith("Mean of 64 of the 200 inputs")
    assert figure == reach_figure(graph, seed=4)
    assert figure != reach_figure(graph, seed=5)


def test_singular_values_are_those_of_the_dense_matrix():
    layer = random_net([20, 13], 0.3, 1).layers[0]
    expected = np.linalg.svd(dense(layer).astype(float), compute_uv=False)
    found = layer_singular_values(layer)
    assert found == pytest.approx(expected[: found.size], abs=1e-9)
    panel = spectrum_figure(chain([layer.biadjacency])).panels[0]
    assert sum(row["count"] for row in panel.rows) == found.size
    assert panel.rules[0]["x"] == pytest.approx(expected[0])


def test_a_random_regular_layer_follows_the_law_of_trees():
    rng = np.random.default_rng(0)
    ones = sum(
        np.eye(400, dtype=int)[rng.permutation(400)] for _ in range(6)
    )  # nearly regular: sums of permutations
    panel = spectrum_figure(chain([Sparse.from_matrix(ones > 0)])).panels[0]
    expected = {}
    for point in panel.curve:
        if point["series"] == "random regular":
            expected[point["x"]] = point["y"]
    x = np.array(list(expected))
    for row in panel.rows[2:30]:
        near = x[np.argmin(np.abs(x - (row["low"] + row["high"]) / 2))]
        if 0.5 < near < 3.8:
            assert row["count"] == pytest.approx(expected[near], abs=9)


def test_the_densities_are_edges_over_pairs():
    graph = broken_bridge()
    rows = next(f for f in figure_data(graph) if f.name == "density").panels[0].rows
    for row in rows:
        layer = graph.layers[row["x"] - 1]
        edges = layer.n_edges if row["series"] == "nominal" else effective_edges(graph, layer)
        assert row["y"] == pytest.approx(edges / layer.n_possible_edges)


def test_deep_nets_are_binned_and_it_is_said():
    graph = chain([fano().layers[0].biadjacency] * 150)
    for figure in figure_data(graph):
        assert figure.panels, figure
        assert sum(len(panel.rows) for panel in figure.panels) < 5000
    fans = next(figure for figure in figure_data(graph) if figure.name == "fan-in")
    assert "A row stands for 3 layers." in fans.notes
    assert sum(row["value"] for row in fans.panels[0].rows) == 7 * 150


def test_wide_nets_are_binned_and_it_is_said():
    graph = random_net([300, 40, 130], 0.2, 0)
    figure = next(f for f in figure_data(graph) if f.name == "path-matrix")
    assert figure.notes == ("A cell stands for 5 inputs by 3 outputs, summed exactly.",)
    rows = figure.panels[0].rows
    area = sum((r["x_high"] - r["x_low"]) * (r["y_high"] - r["y_low"]) for r in rows)
    assert area == 300 * 130


def test_a_net_without_paths_has_a_reason_in_place_of_the_matrix():
    graph = chain([Sparse.from_matrix(np.zeros((3, 2)))])
    figures = {figure.name: figure for figure in figure_data(graph)}
    assert not figures["path-matrix"].panels
    assert figures["path-matrix"].notes == ("Not drawn: there is no input-output path.",)
    assert not figures["singular-values"].panels


def test_a_symmetric_net_is_one_colour():
    graph = radix_net([[4, 4], [4, 4]], [1, 2, 2, 2, 1])
    figure = next(f for f in figure_data(graph) if f.name == "path-matrix")
    assert {row["value"] for row in figure.panels[0].rows} == {1.0}


@given(layered_graphs())
@settings(max_examples=30)
def test_figures_are_plain_data(graph):
    for figure in figure_data(graph):
        json.dumps(figure.as_dict(), allow_nan=False)
        assert figure.panels or figure.notes


def test_a_comparison_shows_every_mask_in_every_figure():
    graphs = {"A": butterfly(), "B": broken_bridge()}
    comparison = compare([analyze(graph) for graph in graphs.values()])
    figures = {f.name: f for f in comparison_figures(comparison, graphs)}
    for panel in figures["at-a-glance"].panels:
        assert [row["label"] for row in panel.rows] == ["A", "B"]
        for row, report in zip(panel.rows, comparison.reports, strict=True):
            assert row["value"] == report.measurement(panel.value).value
    assert [panel.title for panel in figures["path-matrix"].panels] == ["A", "B"]
    assert {row["series"] for row in figures["reachability"].panels[0].rows} == {"A", "B"}


def test_a_comparison_needs_the_net_of_each_report():
    comparison = compare([analyze(butterfly()), analyze(fano())])
    with pytest.raises(ParameterError, match="2 reports"):
        comparison_figures(comparison, {"A": butterfly()})


def test_degrees_of_residual_nets_are_counted_by_unit_and_by_layers_with_parameters():
    graph = shortcut()
    for figure in (fan_in_figure(graph), fan_out_figure(graph)):
        names = [panel.title for panel in figure.panels]
        assert names == [layer.name for layer in graph.weighted_layers]
        assert any("without are not shown" in note for note in figure.notes)
    into = [np.zeros(width, dtype=int) for width in graph.widths]
    for layer in graph.layers:
        into[layer.target] += layer.biadjacency.to_csr().toarray().sum(axis=0)
    empty = sum(int((held == 0).sum()) for held in into[1:])
    said = "no unit has" if not empty else f"{empty} "
    assert said in fan_in_figure(graph).summary


def test_layers_too_large_for_all_singular_values_show_the_two_largest(monkeypatch):
    monkeypatch.setattr("topograph.plots.spectrum_figure._MOST_STEPS", 0)
    figure = spectrum_figure(broken_bridge())
    assert {row["series"] for row in figure.panels[0].rows} == {"largest", "second"}
    assert sum("too large" in note for note in figure.notes) == 2
    assert figure.summary == "None of 2 layers has a Ramanujan bound."


def test_what_is_said_of_paths_where_there_are_none():
    graph = chain([Sparse.from_matrix(np.zeros((2, 3))), Sparse.from_matrix(np.eye(3))])
    assert unit_path_figure(graph).summary == "No unit lies on a path."
    even = unit_path_figure(butterfly()).summary
    assert even == "Every unit lies on a path; within a level the counts are the same."
