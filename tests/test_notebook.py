from __future__ import annotations

import builtins
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings

from tests.strategies import layered_graphs
from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.comparison import compare
from topograph.errors import MissingExtraError
from topograph.graph import Layer, LayeredGraph, chain
from topograph.nulls import null_ensemble
from topograph.report import NULL_COLUMNS, Warn
from topograph.toy import broken_bridge, butterfly, fano


class Cells(HTMLParser):
    """The texts of all cells; complains of what is not closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.tags, self.text = [], [], set(), ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002  called with both
        self.open.append(tag)
        self.tags.add(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1][-1] += data


@given(layered_graphs())
def test_a_graph_shows_a_row_a_layer(graph):
    rows = Cells(graph._repr_html_()).rows
    assert rows[0] == ["#", "layer", "levels", "shape", "edges", "density"]
    assert [row[1] for row in rows[1:]] == [layer.name for layer in graph.layers]
    assert [int(row[4].replace(",", "")) for row in rows[1:]] == [la.n_edges for la in graph.layers]


def test_the_middle_of_a_deep_graph_is_left_out_and_said():
    step = Sparse.from_matrix(np.eye(2))
    text = chain([step] * 200)._repr_html_()
    assert "... 80 more ..." in text
    assert "... 193 levels ..." in text
    assert len(Cells(text).rows) == 122


def test_a_report_shows_verdicts_values_and_warnings():
    text = analyze(broken_bridge(), source="bridge.npz")._repr_html_()
    rows = Cells(text).rows
    assert ["path_count", "3", "paths"] in rows
    assert any(row[:2] == ["connected", "refuted"] for row in rows)
    assert "bridge.npz: 3 - 3 - 2" in text
    assert "hidden units" in text


def test_a_comparison_shows_a_column_a_mask():
    found = compare([analyze(butterfly(), source="a"), analyze(fano())], baseline=2)
    rows = Cells(found._repr_html_()).rows
    assert rows[0] == ["metric", "a", "mask 2 (baseline)"]
    assert ["edge_count", "16 (smallest)", "21 (largest)"] in rows
    text = compare([analyze(fano()), analyze(butterfly())], per_layer=True)._repr_html_()
    assert ["edge_count, layer 2", "not measured", "8"] in Cells(text).rows


def test_names_are_text_and_never_markup():
    evil = "<script>alert(1)</script>"
    graph = LayeredGraph([4, 4], [Layer(evil, 0, 1, butterfly().layers[0].biadjacency)])
    report = analyze(graph, source=evil)
    object.__setattr__(report, "warnings", (Warn("odd", f'"{evil}"'),))
    for shown in (graph, report, compare([report, report])):
        text = shown._repr_html_()
        assert "<script" not in text
        assert Cells(text).tags <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
        assert evil in Cells(text).text


def without(*missing):
    load = builtins.__import__

    def start(name, *arguments, **options):
        if name.partition(".")[0] in missing:
            raise ImportError(name)
        return load(name, *arguments, **options)

    return start


@settings(max_examples=25)
@given(layered_graphs())
def test_frames_hold_the_rows_of_the_report(graph):
    report = analyze(graph)
    frame = report.to_frame()
    assert isinstance(frame, pl.DataFrame)
    assert frame["metric"].to_list() == [row.metric for row in report.measurements]
    assert frame["layer"].to_list() == [row.layer for row in report.measurements]
    for value, row in zip(frame["value"].to_list(), report.measurements, strict=True):
        assert value == (None if row.value is None else float(row.value))


def test_pandas_stands_in_where_polars_is_missing_and_tells_the_same(monkeypatch):
    report = analyze(broken_bridge())
    by_polars = report.to_frame()
    monkeypatch.setattr(builtins, "__import__", without("polars"))
    frame = report.to_frame()
    monkeypatch.undo()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == by_polars.columns
    for name in frame.columns:
        ours = [None if value is None or value != value else value for value in frame[name]]
        assert ours == by_polars[name].to_list()


def test_without_either_library_the_extra_is_named(monkeypatch):
    report = analyze(fano())
    monkeypatch.setattr(builtins, "__import__", without("polars", "pandas"))
    with pytest.raises(MissingExtraError, match=r"polars or pandas.*topograph\[tables\]"):
        report.to_frame()


@pytest.mark.parametrize("missing", [(), ("polars",)])
def test_a_comparison_is_a_frame_with_whole_numbers_for_layers(monkeypatch, missing):
    found = compare([analyze(fano()), analyze(butterfly())], per_layer=True)
    monkeypatch.setattr(builtins, "__import__", without(*missing))
    frame = found.to_frame()
    monkeypatch.undo()
    assert str(frame["layer"].dtype) == "Int64"
    assert len(frame) == len(found.tidy_rows())
    assert "mark" in frame.columns


def test_counts_beyond_floats_are_null_and_their_size_is_in_log10():
    deep = chain([Sparse.from_matrix(np.ones((32, 32)))] * 300)
    frame = analyze(deep, metrics=["path_count"]).to_frame()
    assert frame["value"].to_list() == [None]
    assert frame["log10"].to_list()[0] == pytest.approx(301 * np.log10(32))


def test_columns_of_null_nets_are_in_the_frame():
    graph = broken_bridge()
    report = replace(
        analyze(graph, metrics=["path_count"]),
        null=null_ensemble(graph, "density", samples=5, metrics=["path_count"]),
    )
    frame = report.to_frame()
    assert frame.columns[-6:] == list(NULL_COLUMNS)
    assert frame["null_samples"].to_list() == [5]
    assert frame["p"].dtype == pl.Float64
