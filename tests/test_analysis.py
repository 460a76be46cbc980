from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import layered_graphs
from topograph import metrics
from topograph.analysis import analyze
from topograph.biadjacency import Sparse
from topograph.counting import totals
from topograph.errors import ParameterError, Undefined
from topograph.export import to_json
from topograph.graph import chain
from topograph.metrics import METRICS, metric
from topograph.toy import broken_bridge, butterfly, fano


def codes(graph):
    return [warning.code for warning in analyze(graph).warnings]


@given(layered_graphs())
def test_every_metric_has_its_rows_or_its_reason(graph):
    report = analyze(graph)
    for name, entry in METRICS.items():
        rows = [row for row in report.measurements if row.metric == name]
        expected = (entry.scope != "layer") + len(graph.layers) * (entry.scope != "network")
        assert len(rows) == expected or name in report.skipped
        for row in rows:
            assert (row.value is None) == (row.undefined is not None)
            assert row.value is None or type(row.value) in (bool, int, float)


@given(layered_graphs())
def test_rows_are_the_functions_values(graph):
    report = analyze(graph)
    assert report.measurement("edge_count").value == metrics.edge_count(graph)
    layer = graph.layers[-1]
    assert report.measurement("sigma_1", layer.name).value == metrics.sigma_1(layer)
    effective = metrics.effective_edges(graph, layer)
    assert report.measurement("effective_edges", layer.name).value == effective


@given(layered_graphs())
def test_the_same_graph_gives_the_same_bytes(graph):
    again = type(graph)(graph.widths, graph.layers)
    assert to_json(analyze(graph, seed=3)) == to_json(analyze(again, seed=3))


def test_undefined_is_an_answer_with_a_reason():
    row = analyze(chain([Sparse.from_matrix(np.zeros((2, 2)))])).measurement("path_count_cv")
    assert row.value is None
    assert "no paths" in row.undefined


def test_chosen_metrics_alone_are_measured_and_the_verdicts_stay():
    report = analyze(butterfly(), metrics=["density", "path_count"])
    assert {row.metric for row in report.measurements} == {"density", "path_count"}
    assert [verdict.property for verdict in report.verdicts] == [
        "connected",
        "symmetric",
        "regular",
    ]


def test_unknown_metrics_are_refused_with_a_near_name():
    with pytest.raises(ParameterError, match="did you mean density"):
        analyze(butterfly(), metrics=["densty"])


def test_what_is_too_costly_is_left_out_with_its_reason_until_asked_for(monkeypatch):
    monkeypatch.setattr(metrics.spectra, "SPECTRAL_EDGES", 5)
    monkeypatch.setattr(metrics.paths, "EXACT_SECONDS", -1.0)
    report = analyze(fano())
    assert set(report.skipped) == {
        "path_count",
        "sigma_1",
        "sigma_2",
        "spectral_gap",
        "ramanujan_gap",
        "is_ramanujan",
        "imdb",
        "imsg",
        "modularity",
        "community_count",
    }
    assert "--exact" in report.skipped["path_count"]
    assert "--all" in report.skipped["sigma_1"]
    assert report.measurement("log10_path_count").value == pytest.approx(np.log10(21))
    assert "path_count" not in analyze(fano(), exact=True).skipped
    assert not analyze(fano(), include_all=True).skipped
    assert not analyze(fano(), metrics=["sigma_1", "path_count"]).skipped


def test_progress_is_told_up_to_the_end():
    told = []
    analyze(butterfly(), progress=lambda *step: told.append(step))
    total = 3 + len(METRICS)
    assert [done for _, done, _ in told] == [*range(total), total]
    assert {of for *_, of in told} == {total}


def test_warnings_are_in_words_and_strict_where_a_net_cannot_work():
    assert codes(butterfly()) == []
    assert codes(broken_bridge()) == ["dead-inputs", "dead-hidden", "unconnected-pairs"]
    empty = chain([Sparse.from_matrix(np.ones((2, 2))), Sparse.from_matrix(np.zeros((2, 3)))])
    report = analyze(empty)
    by_code = {warning.code: warning for warning in report.warnings}
    assert [w.code for w in report.warnings].count("collapsed-layer") == 2
    assert by_code["dead-outputs"].strict
    assert "3 of 3 outputs have no path from any input (units 0, 1, 2)" in (
        by_code["dead-outputs"].text
    )
    assert not by_code["dead-inputs"].strict
    assert "bias" in by_code["dead-hidden"].text


def test_a_note_of_the_reader_is_a_warning():
    graph = chain([Sparse.from_matrix(np.eye(2))], notes=["Rows were taken as inputs."])
    assert analyze(graph).warnings[0].text == "Rows were taken as inputs."


def test_path_counts_are_strings_beside_their_logarithm():
    graph = chain([Sparse.from_matrix(np.ones((32, 32)))] * 30, names=[str(i) for i in range(30)])
    report = json.loads(to_json(analyze(graph)))
    (row,) = [r for r in report["measurements"] if r["metric"] == "path_count"]
    assert int(row["value"]) == 32**31
    assert row["log10"] == pytest.approx(31 * np.log10(32))


def test_a_users_metric_joins_the_report():
    @metric("layer", unit="edges")
    def widest_fan(layer):
        """Largest number of edges at any unit of the layer."""
        return int(max(layer.fan_in().max(), layer.fan_out().max()))

    try:
        report = analyze(broken_bridge())
        assert report.measurement("widest_fan", "layer2").value == 3
        assert METRICS["widest_fan"].legend == "Largest number of edges at any unit of the layer."
    finally:
        del METRICS["widest_fan"]


def test_exact_counts_by_degrees_cost_nothing():
    graph = chain([Sparse.from_matrix(np.ones((4, 4)))] * 3, names=list("abc"))
    assert totals.paths_cost_seconds(graph) == 0.0
    assert totals._paths_by_degrees(graph) == 256 == metrics.path_count(graph)
    assert totals._paths_by_degrees(broken_bridge()) is None
    in_regular = chain([Sparse.from_matrix(np.array([[1, 1], [0, 0]]))])
    assert totals._paths_by_degrees(in_regular) == 2


def test_undefined_is_an_exception_with_a_message():
    with pytest.raises(Undefined) as caught:
        raise Undefined("no edges")
    assert caught.value.message == "no edges"
