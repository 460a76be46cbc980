from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import layered_graphs
from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.comparison import compare
from topograph.errors import ParameterError
from topograph.export import (
    comparison_to_csv,
    comparison_to_json,
    comparison_to_markdown,
    comparison_to_table,
)
from topograph.graph import chain
from topograph.toy import broken_bridge, butterfly, fano


@pytest.fixture
def three():
    graphs = {"butterfly": butterfly(), "fano": fano(), "bridge": broken_bridge()}
    return compare([analyze(graph, source=name) for name, graph in graphs.items()])


def row_of(comparison, metric, layer=None):
    return next(row for row in comparison.rows if (row.metric, row.layer) == (metric, layer))


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
        "unit": "edges",
        "kind": "exact",
        "standard_error": "",
        "undefined": "",
    }
    assert "21 (+5, x1.312)" in comparison_to_markdown(three)
    table = comparison_to_table(three)
    for words in ("butterfly", "+5, x1.312", "refuted", "same", "Warnings of C"):
        assert words in table
    assert max(map(len, table.splitlines())) <= 100


def test_a_metric_that_one_mask_lacks_is_said():
    reports = [analyze(fano()), analyze(butterfly(), metrics=["density"])]
    assert "not measured" in comparison_to_table(compare(reports))
