from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from hypothesis import given, settings

from tests.strategies import layered_graphs
from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.comparison import baseline_place, compare
from topograph.distances import mask_distances
from topograph.errors import ParameterError
from topograph.export import (
    comparison_to_csv,
    comparison_to_json,
    comparison_to_markdown,
    comparison_to_table,
)
from topograph.graph import chain
from topograph.metrics import METRICS
from topograph.toy import broken_bridge, butterfly, fano


@pytest.fixture
def three():
    graphs = {"butterfly": butterfly(), "fano": fano(), "bridge": broken_bridge()}
    return compare([analyze(graph, source=name) for name, graph in graphs.items()])


def row_of(comparison, metric, layer=None):
    return next(row for row in comparison.rows if (row.metric, row.layer) == (metric, layer))


@settings(max_examples=40)
@given(layered_graphs(), layered_graphs())
def test_differences_and_ratios_are_those_of_the_values(first, second):
    reports = [analyze(first), analyze(second)]
    for row in compare(reports, per_layer=True).rows:
        base, other = (value.measurement for value in row.values)
        found = row.values[1]
        values = [None if given is None else given.value for given in (base, other)]
        if None in values or isinstance(values[0], bool):
            assert found.difference is None
        else:
            assert found.difference == other.value - base.value
            if base.value:
                assert found.ratio == pytest.approx(other.value / base.value)
            else:
                assert found.ratio is None


@settings(max_examples=30)
@given(layered_graphs())
def test_a_mask_beside_itself_is_the_same(graph):
    for row in compare([analyze(graph), analyze(graph)], per_layer=True).rows:
        assert row.values[1].difference in (0, None)
        assert row.values[1].ratio in (1, None)


def test_layers_are_aligned_by_their_place():
    short, deep = fano(), butterfly()
    comparison = compare([analyze(short), analyze(deep)], per_layer=True)
    assert row_of(comparison, "edge_count", 1).values[1].difference == 8 - 21
    assert row_of(comparison, "edge_count", 2).values[0].measurement is None
    layers = [row.layer or 0 for row in comparison.rows]
    assert layers == sorted(layers)


def test_one_mask_is_no_comparison():
    with pytest.raises(ParameterError, match="at least two"):
        compare([analyze(fano())])


def test_counts_beyond_the_range_of_floats_are_compared():
    deep = chain([Sparse.from_matrix(np.ones((32, 32)))] * 300, names=[str(i) for i in range(300)])
    comparison = compare([analyze(fano()), analyze(deep)])
    row = row_of(comparison, "path_count")
    assert row.values[1].difference == 32**301 - 21
    assert row.values[1].ratio is None
    assert json.loads(comparison_to_json(comparison))
    assert "(454 digits)" in comparison_to_table(comparison)


def test_every_format_tells_the_same(three):
    found = json.loads(comparison_to_json(three))
    assert found["baseline"] == "butterfly"
    assert [mask["source"] for mask in found["masks"]] == ["butterfly", "fano", "bridge"]
    rows = list(csv.DictReader(io.StringIO(comparison_to_csv(three))))
    assert len(rows) == len(found["rows"]) == 3 * len(three.rows)
    assert rows[1] == {
        "metric": "edge_count",
        "layer": "",
        "source": "fano",
        "value": "21",
        "difference": "5",
        "ratio": "1.3125",
        "mark": "largest",
        "unit": "edges",
        "kind": "exact",
        "standard_error": "",
        "undefined": "",
        "other": "",
    }
    assert "21 ▲ (+5, x1.312)" in comparison_to_markdown(three)
    table = comparison_to_table(three)
    for words in ("butterfly", "+5, x1.312", "refuted", "same", "Warnings of C"):
        assert words in table
    assert max(map(len, table.splitlines())) <= 100


def test_a_metric_that_one_mask_lacks_is_said():
    reports = [analyze(fano()), analyze(butterfly(), metrics=["density"])]
    assert "not measured" in comparison_to_table(compare(reports))


@settings(max_examples=25)
@given(layered_graphs(), layered_graphs())
def test_another_baseline_turns_the_differences_round(first, second):
    reports = [analyze(first), analyze(second)]
    there, back = (compare(reports, per_layer=True, baseline=number) for number in (1, 2))
    for row, turned in zip(there.rows, back.rows, strict=True):
        assert (row.metric, row.layer) == (turned.metric, turned.layer)
        difference = row.values[1].difference
        assert turned.values[0].difference == (None if difference is None else -difference)
        assert [value.mark for value in row.values] == [value.mark for value in turned.values]


@settings(max_examples=25)
@given(layered_graphs(), layered_graphs(), layered_graphs())
def test_marks_are_of_the_extremes_and_equal_values_share_them(first, second, third):
    for row in compare([analyze(graph) for graph in (first, second, third)]).rows:
        values = [value.measurement.value for value in row.values if value.mark]
        known = [v.measurement.value for v in row.values if v.measurement.value is not None]
        better = METRICS[row.metric].better
        assert row.better == better
        top, bottom = {
            "more": ("best", "worst"),
            "less": ("worst", "best"),
            None: ("largest", "smallest"),
        }[better]
        if len(set(known)) < 2 or (isinstance(known[0], bool) and better is None):
            assert values == []
            continue
        for value in row.values:
            extremes = {top: max(known), bottom: min(known)}
            found = value.measurement.value
            assert value.mark == next((m for m, v in extremes.items() if v == found), None)


def test_waste_has_a_better_direction_and_structure_has_none(three):
    marks = {
        metric: [value.mark for value in row_of(three, metric).values]
        for metric in ("dead_hidden", "is_path_connected", "path_count_cv", "is_symmetric")
    }
    assert marks == {
        "dead_hidden": ["best", "best", "worst"],
        "is_path_connected": ["best", "worst", "worst"],
        "path_count_cv": ["smallest", "largest", None],
        "is_symmetric": [None, None, None],
    }


@pytest.mark.parametrize(
    ("baseline", "place"),
    [(1, 0), (3, 2), ("2", 1), ("a/net.npz", 0), ("other.npz", 1), ("other", 1), ("1", 2)],
)
def test_a_baseline_is_a_number_or_a_name_and_a_name_comes_first(baseline, place):
    sources = ["a/net.npz", "b/other.npz", "1"]
    if baseline == 1:
        assert baseline_place(sources, baseline) == 0
    else:
        assert baseline_place(sources, baseline) == place


@pytest.mark.parametrize("baseline", [0, 4, "4", "net.npz", "nothing", "-1", 1.5])
def test_a_baseline_that_is_no_mask_or_several_is_refused(baseline):
    with pytest.raises(ParameterError, match="baseline must"):
        baseline_place(["a/net.npz", "b/net.npz", "c/other.npz"], baseline)


def test_the_baseline_is_named_in_every_format():
    reports = [analyze(graph, source=name) for name, graph in (("x", fano()), ("y", butterfly()))]
    found = compare(reports, baseline="y")
    assert json.loads(comparison_to_json(found))["baseline"] == "y"
    assert "difference to B" in comparison_to_table(found)
    assert "difference to B" in comparison_to_markdown(found)
    rows = csv.DictReader(io.StringIO(comparison_to_csv(found)))
    assert [row["difference"] for row in rows if row["metric"] == "edge_count"] == ["5", "0"]


def test_every_format_tells_the_distances():
    graphs = [butterfly(), butterfly(), fano()]
    reports = [
        analyze(graph, source=name, metrics=["density"])
        for name, graph in zip("xyz", graphs, strict=True)
    ]
    comparison = compare(reports, distances=mask_distances(graphs, per_layer=True))
    told = json.loads(comparison_to_json(comparison))["distances"]
    assert len(told) == 2 * 3 + 2 * 2
    assert {
        "measure": "matched_distance",
        "layer": 2,
        "source": "x",
        "other": "y",
        "value": 0.0,
        "undefined": None,
    } in told
    rows = list(csv.DictReader(io.StringIO(comparison_to_csv(comparison))))
    assert [row["value"] for row in rows if row["metric"] == "edge_overlap"] == ["1.0"] * 3 + [
        ""
    ] * 2
    assert {row["other"] for row in rows} == {"", "y", "z"}
    for text in (comparison_to_table(comparison), comparison_to_markdown(comparison)):
        assert "Edge overlap, layer 2" in text
        assert "A and C, B and C: the masks have different widths" in text
    assert "distances" not in comparison_to_markdown(compare(reports)).lower()


def test_masks_that_do_not_fit_side_by_side_come_below():
    comparison = compare([analyze(fano(), source=str(number)) for number in range(40)])
    table = comparison_to_table(comparison, width=80)
    assert max(map(len, table.splitlines())) <= 80
    lines = table.splitlines()
    assert [line.split() for line in lines if line.startswith("density ")] == [
        ["density", *["0.428571"] * 5]
    ] * 8
