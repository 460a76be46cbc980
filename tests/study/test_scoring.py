from __future__ import annotations

import functools
import json
import math
import zlib

import pytest

from tests.study import benched
from topograph.digest import mask_digest
from topograph.errors import ParameterError, Undefined
from topograph.metrics import connected_pair_fraction, density
from topograph.study.property_rows import in_words
from topograph.study.remeasuring import NEEDS_FOLDER
from topograph.study.scoring import score_metric
from topograph.study.statistics import StudyTable, analyse, permutation_test

QUICK = {"n_permutations": 199, "n_resamples": 100}


def chance(graph, salt=0):
    return zlib.crc32(mask_digest(graph).encode(), salt)


@pytest.fixture(scope="module")
def rows():
    return benched.rows()


def test_a_planted_effect_is_found(rows):
    found = score_metric(connected_pair_fraction, rows, name="reach", **QUICK)
    assert found.finding.test.p_value < 0.01
    assert found.finding.test.tau > 0.5
    assert 0.5 < found.finding.share_of_ceiling < 1.2
    assert "better: tau +0." in in_words(found.finding)


def test_random_numbers_are_found_no_oftener_than_chance_has_it(rows):
    findings = [
        score_metric(functools.partial(chance, salt=salt), rows, name="chance", **QUICK).finding
        for salt in range(6)
    ]
    assert sum(one.test.p_value < 0.05 for one in findings) <= 2  # three or more: 2 in 1,000
    none = max(findings, key=lambda one: one.test.p_value)
    assert none.test.p_value > 0.3
    assert "There is no sign that chance" in in_words(none)


def test_numbers_are_those_of_the_statistics_on_the_same_columns(rows):
    found = score_metric(connected_pair_fraction, rows, name="reach", **QUICK)
    reach = {topology.key: connected_pair_fraction(graph) for topology, graph in benched.designed()}
    assert found.finding.test == permutation_test(
        [reach[row["topology"]] for row in rows],
        [row["test_accuracy"] for row in rows],
        [f"{row['data']}, small | {row['stratum']}" for row in rows],
        [row["topology"] for row in rows],
        n_permutations=199,
    )
    known = found.findings.exploratory
    assert [one.name for one in known] == ["path_count_cv"]
    assert (found.n_classes, found.n_runs, found.rates) == (40, len(rows), "fixed")
    assert set(found.gains) == {"path_count_cv"}
    assert json.loads(json.dumps(found.as_dict(), allow_nan=False))["n_classes"] == 40


def test_gains_of_known_properties_are_those_they_would_have_as_primaries(rows):
    found = score_metric(density, rows, **QUICK)
    path_counts = [row["metric.path_count_cv"] for row in rows]
    columns = {
        "outcome": [row["test_accuracy"] for row in rows],
        "environment": [f"{row['data']}, small" for row in rows],
        "cv": path_counts,
        "first": [math.log(row["edges.1"]) for row in rows],
        "second": [math.log(row["edges.2"]) for row in rows],
        **{name: [row[name] for row in rows] for name in ("stratum", "topology", "labelling")},
        **{name: [row[name] for row in rows] for name in ("seed", "family")},
    }
    alone = analyse(StudyTable(columns, ["cv"], ["first", "second"]), ["cv"], **QUICK)
    assert found.gains["path_count_cv"] == alone.primaries[0].out_of_family_pooled
    assert found.finding.test.undefined == (
        "the property or the outcome is constant in every stratum"
    )
    assert "could not be tested" in in_words(found.finding)


def test_runs_at_the_best_rate_on_validation_images_count_if_there_are_several():
    several = benched.rows(rate_factors=(1.0, 3.0))
    tuned = score_metric(connected_pair_fraction, several, **QUICK)
    assert (tuned.rates, tuned.n_runs) == ("tuned", len(several) // 2)
    best = [row for row in several if row["rate_factor"] == 3.0]
    again = [row | {"rate_factor": 1.0} for row in best]
    assert score_metric(connected_pair_fraction, again, **QUICK).findings == tuned.findings
    without = [row | {"validation_accuracy": None} for row in several]
    fixed = score_metric(connected_pair_fraction, without, **QUICK)
    assert (fixed.rates, fixed.n_runs) == ("fixed", len(several) // 2)


def test_doses_and_repaired_nets_are_not_measured(rows):
    wrong = [row | {"role": "dose", "topology": "x", "making": "not read"} for row in rows[:4]] + [
        row | {"factor.repaired": True, "topology": "y", "making": "not read"} for row in rows[:4]
    ]
    assert score_metric(chance, rows + wrong, **QUICK) == score_metric(chance, rows, **QUICK)


def test_classes_that_cannot_be_made_again_are_left_out_and_counted(rows, tmp_path):
    keys = list(dict.fromkeys(row["topology"] for row in rows))
    makings = {row["topology"]: json.loads(row["making"]) for row in rows}
    makings[keys[0]] = makings[keys[0]] | {"family": "pruned"}
    makings[keys[1]] = {"series": {}, "step": 0}
    makings[keys[2]] = makings[keys[2]] | {"seed": 99, "density": 0.5}
    changed = [row | {"making": json.dumps(makings[row["topology"]])} for row in rows]
    found = score_metric(connected_pair_fraction, changed, **QUICK)
    assert found.left_out == {
        NEEDS_FOLDER: 2,
        "made again, it has other edges than in the table": 1,
    }
    assert (found.n_left_out, found.n_classes) == (3, 37)
    fewer = [row for row in rows if row["topology"] not in keys[:3]]
    assert found.findings == score_metric(connected_pair_fraction, fewer, **QUICK).findings
    empty = score_metric(connected_pair_fraction, changed, folder=tmp_path, **QUICK)
    assert empty.n_left_out == 3
    assert any("A mask of the study must be in this file" in reason for reason in empty.left_out)


def test_no_class_that_can_be_made_again_is_an_answer_with_a_reason(rows):
    makings = [json.loads(row["making"]) | {"family": "pruned"} for row in rows]
    changed = [
        row | {"making": json.dumps(making)} for row, making in zip(rows, makings, strict=True)
    ]
    with pytest.raises(Undefined, match=NEEDS_FOLDER):
        score_metric(chance, changed)


def test_each_class_is_measured_once_and_undefined_classes_are_counted(rows):
    seen = []

    def sometimes(graph):
        seen.append(mask_digest(graph))
        if len(seen) % 4 == 0:
            raise Undefined("every fourth has none")
        return connected_pair_fraction(graph)

    found = score_metric(sometimes, rows, **QUICK)
    assert len(seen) == len(set(seen)) == 40
    assert found.undefined == {"every fourth has none": 10}
    assert found.n_undefined == 10
    assert found.finding.n_rows_left_out == len(rows) // 4


def test_as_many_classes_a_cell_as_asked_for_are_taken_always_the_same(rows):
    found = score_metric(connected_pair_fraction, rows, n_topologies=6, **QUICK)
    assert {cell.n_topologies for cell in found.findings.cells} == {6}
    first = {
        key
        for stratum in {row["stratum"] for row in rows}
        for key in sorted({row["topology"] for row in rows if row["stratum"] == stratum})[:6]
    }
    kept = [row for row in rows if row["topology"] in first]
    assert score_metric(connected_pair_fraction, kept, **QUICK) == found


def test_a_metric_with_a_name_of_the_table_stands_beside_the_tables_own(rows):
    found = score_metric(connected_pair_fraction, rows, name="path_count_cv", **QUICK)
    assert found.metric == "path_count_cv (yours)"
    assert found.findings.exploratory[0].name == "path_count_cv"
    assert score_metric(chance, rows, name="family", **QUICK).metric == "family (yours)"


def test_a_table_of_something_else_is_refused(rows):
    with pytest.raises(ParameterError, match="must have the columns stratum, which it lacks"):
        score_metric(chance, [{k: v for k, v in row.items() if k != "stratum"} for row in rows])
    with pytest.raises(ParameterError, match="one row at least"):
        score_metric(chance, [])
    with pytest.raises(ParameterError, match="making of topology"):
        score_metric(chance, [row | {"making": "{"} for row in rows])


def test_an_error_in_the_function_says_on_which_topology(rows):
    with pytest.raises(ZeroDivisionError) as caught:
        score_metric(lambda graph: graph.n_edges / 0, rows)
    assert rows[0]["topology"] in caught.value.__notes__[0]
    with pytest.raises(ParameterError, match=rf"topology {rows[0]['topology']}: What a metric ret"):
        score_metric(lambda graph: None, rows)  # noqa: ARG005


def test_progress_ends_with_the_number_of_classes(rows):
    calls = []
    score_metric(chance, rows, progress=lambda *call: calls.append(call), **QUICK)
    assert [call for call in calls if call[0] == "measure"][-1] == ("measure", 40, 40)
