from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.biadjacency import Sparse
from topograph.generators import graphchallenge_net, radix_net
from topograph.graph import chain
from topograph.plots import figure_data, vega_spec
from topograph.plots.path_matrix_figure import path_matrix_of_nets
from topograph.plots.records import Figure, Panel
from topograph.plots.vega_parts import ticks
from topograph.plots.vega_specs import figure_specs
from topograph.toy import broken_bridge


def pruned(shapes=((50, 40), (40, 30), (30, 10)), density=0.15, seed=0):
    rng = np.random.default_rng(seed)
    masks = [rng.random(shape) < density for shape in shapes]
    masks[-1][:, [2, 5]] = False
    return chain([Sparse.from_matrix(mask) for mask in masks])


def figure(graph, name):
    return next(made for made in figure_data(graph) if made.name == name)


def first_axis(spec, channel="x"):
    return next(
        layer["encoding"][channel]
        for layer in spec["layer"]
        if "axis" in layer.get("encoding", {}).get(channel, {})
    )


def drawn_values(spec, colour):
    (layer,) = [one for one in spec["layer"] if one["mark"].get("color") == colour]
    return layer["data"]["values"]


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 10))
def test_ticks_are_few_even_and_between_the_ends(low, span, most):
    values = np.array(ticks(low, low + span, most)["values"], dtype=float)
    assert values.size <= most + 1
    slack = 1e-6 * (abs(low) + span)
    assert np.all((values >= low - slack) & (values <= low + span + slack))
    assert np.allclose(np.diff(values, 2), 0.0, atol=slack)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(2, 10))
def test_ticks_of_integers_are_integers(low, span, most):
    values = ticks(low - 0.5, low + span + 0.5, most, integers=True)["values"]
    assert all(isinstance(value, int) and value >= low for value in values)


def test_units_without_a_path_have_a_place_of_their_own_that_is_named_and_has_no_tick():
    panels = figure(pruned(), "paths-per-unit").panels
    panel = next(panel for panel in panels if panel.rows[0]["low"] is None)
    spec = vega_spec(panel)
    (gone,) = drawn_values(spec, "no-path")
    live = drawn_values(spec, "series-0")
    least = panel.rows[1]["low"]
    span = panel.rows[-1]["high"] - least
    assert gone["t"] == "no path"
    assert gone["b"] < least - 0.1 * span
    assert all(bar["a"] >= least for bar in live)
    axis = first_axis(spec)["axis"]
    place, *others = axis["values"]
    assert gone["a"] < place < gone["b"]
    assert all(value >= least for value in others)
    assert '"no path"' in axis["labelExpr"]
    assert axis["tickOpacity"]["condition"]["value"] == 0
    assert first_axis(spec)["scale"]["domain"][0] < gone["a"]


def test_in_a_heat_map_units_without_a_path_are_red_and_apart():
    shapes = [(30, 30)] * 7
    panel = figure(pruned(shapes), "paths-per-unit").panels[0]
    spec = vega_spec(panel)
    assert panel.kind == "heat"
    gone = [row for row in spec["data"]["values"] if row.get("gone")]
    least = min(row["x_low"] for row in panel.rows if row["x_low"] is not None)
    assert gone
    assert all(row["b"] < least for row in gone)
    cells, red = spec["layer"]
    assert red["encoding"]["fill"]["scale"]["range"] == ["no-path"]
    assert red["transform"][0]["filter"] == "datum.gone"
    assert cells["transform"][0]["filter"] == "!(datum.gone)"
    assert all(value >= least for value in first_axis(spec)["axis"]["values"][1:])


@pytest.mark.parametrize("name", ["paths-per-unit", "fan-in", "fan-out"])
def test_a_single_value_is_one_narrow_bar_in_the_middle(name):
    graph = radix_net([[4, 4]], [1, 1, 1])
    for panel in figure(graph, name).panels:
        spec = vega_spec(panel)
        (bar,) = drawn_values(spec, "series-0")
        low, high = first_axis(spec)["scale"]["domain"]
        assert bar["b"] - bar["a"] < 0.2 * (high - low)
        assert (bar["a"] + bar["b"]) / 2 == pytest.approx((low + high) / 2)


@pytest.mark.parametrize("name", ["paths-per-unit", "fan-in"])
def test_a_single_value_of_many_layers_is_one_narrow_column_in_the_middle(name):
    spec = vega_spec(figure(graphchallenge_net(1024, 8), name).panels[0])
    low, high = first_axis(spec)["scale"]["domain"]
    for cell in spec["data"]["values"]:
        assert cell["b"] - cell["a"] < 0.2 * (high - low)
        assert (cell["a"] + cell["b"]) / 2 == pytest.approx((low + high) / 2)


def test_counts_and_degrees_have_whole_ticks_and_none_below_zero():
    for graph in (broken_bridge(), pruned(), pruned([(9, 9)] * 8), graphchallenge_net(1024, 9)):
        for name in ("fan-in", "fan-out"):
            for panel in figure(graph, name).panels:
                spec = vega_spec(panel)
                for channel in ("x", "y"):
                    values = first_axis(spec, channel)["axis"]["values"]
                    assert all(isinstance(value, int) and value >= 0 for value in values)


def test_names_of_rules_are_in_a_legend_not_in_the_plot():
    for panel in figure(pruned(), "singular-values").panels:
        layers = vega_spec(panel)["layer"]
        assert all(layer["mark"]["type"] != "text" for layer in layers)
        (rules,) = [layer for layer in layers if layer["mark"].get("style") == "rule"]
        names = rules["encoding"]["strokeDash"]["scale"]["domain"]
        assert [name.rpartition(" ")[0] for name in names] == [rule["name"] for rule in panel.rules]
        assert rules["encoding"]["strokeDash"]["legend"]["orient"] == "bottom"


def test_lines_that_coincide_differ_in_dash_width_and_size_of_points():
    names = "ABCDEF"
    rows = tuple({"x": x, "y": 0.5, "series": name} for x in (1, 2) for name in names)
    lines, points = vega_spec(Panel("lines", "", "layer", "density", rows))["layer"]

    def of_each(encoding):
        return [encoding["value"], *(condition["value"] for condition in encoding["condition"])]

    dashes = of_each(lines["encoding"]["strokeDash"])
    assert len({tuple(dash) for dash in dashes}) == len(names)
    for encoding in (lines["encoding"]["strokeWidth"], points["encoding"]["size"]):
        sizes = of_each(encoding)
        assert sizes == sorted(sizes, reverse=True)
        assert len(set(sizes)) == len(names)


def test_the_legend_of_a_path_matrix_holds_an_even_share_and_no_path():
    spec = vega_spec(figure(broken_bridge(), "path-matrix").panels[0])
    cells, void = spec["layer"]
    assert 0 in cells["encoding"]["color"]["legend"]["values"]  # log2 of 1
    assert void["encoding"]["fill"]["datum"] == "no path"
    assert void["encoding"]["fill"]["scale"] == {"domain": ["no path"], "range": ["void"]}
    even = vega_spec(figure(radix_net([[2, 2]], [1, 1, 1]), "path-matrix").panels[0])
    assert len(even["layer"]) == 1


def test_panels_of_a_figure_are_of_one_height():
    graphs = {"A": pruned(), "B": pruned([(20, 30), (30, 60)], 0.5), "C": broken_bridge()}
    heights = {spec["height"] for spec in figure_specs(path_matrix_of_nets(graphs))}
    assert len(heights) == 1


def test_a_picture_says_one_description_and_its_marks_nothing():
    for made in figure_data(pruned()):
        for panel, spec in zip(made.panels, figure_specs(made), strict=True):
            assert made.title in spec["description"]
            assert made.summary in spec["description"]
            assert panel.title in spec["description"]
            assert spec["config"]["aria"] is False
            assert spec["config"]["mark"]["aria"] is False


def test_bars_tell_the_words_of_their_panel_and_the_file_where_there_is_one():
    row = {"label": "A", "value": 0.5, "text": "0.5"}
    for rows, file in (((row,), False), (({**row, "name": "a.npz"},), True)):
        panel = Panel("bars", "share of pairs", "", "", rows, value="connected_pair_fraction")
        made = Figure("glance", "At a glance", "", (panel,))
        (spec,) = figure_specs(made)
        titles = [one["title"] for one in spec["encoding"]["tooltip"]]
        assert titles == (
            ["mask", "file", "share of pairs"] if file else ["mask", "share of pairs"]
        )
        assert spec["description"] == "At a glance, share of pairs. A: 0.5."


def test_specifications_are_plain_data():
    for graph in (broken_bridge(), pruned(), pruned([(9, 9)] * 8)):
        for made in figure_data(graph):
            json.dumps(figure_specs(made), allow_nan=False)
