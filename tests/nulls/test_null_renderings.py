"""What the formats say of null nets."""

import csv
import io
import json
from dataclasses import replace

import pytest

from topograph.analysis import analyze
from topograph.comparison import compare
from topograph.export import (
    comparison_to_csv,
    comparison_to_json,
    comparison_to_markdown,
    comparison_to_table,
    reports_to_csv,
    to_csv,
    to_json,
    to_markdown,
    to_table,
)
from topograph.generators import family_net, radix_net
from topograph.nulls import null_ensemble
from topograph.report import NULL_COLUMNS
from topograph.toy import fano


def with_nulls(graph, source, kind="degree", samples=19):
    report = analyze(graph, source=source)
    return replace(report, null=null_ensemble(graph, kind, samples, 1, jobs=1))


@pytest.fixture(scope="module")
def radix():
    return with_nulls(radix_net([[4, 4]]), "radix")


@pytest.fixture(scope="module")
def random():
    return with_nulls(family_net("uniform", [16, 16, 16], 0.25, seed=2), "random")


def test_without_null_nets_nothing_is_said_of_them():
    report = analyze(fano())
    assert "null" not in json.loads(to_json(report))
    assert "null" not in to_table(report) + to_csv(report) + to_markdown(report)
    comparison = compare([report, report])
    assert "null" not in json.loads(comparison_to_json(comparison))["masks"][0]
    assert "null" not in comparison_to_csv(comparison).partition("\n")[0]


def test_json_has_every_value(radix):
    found = json.loads(to_json(radix))["null"]
    assert (found["kind"], found["samples"], found["seed"]) == ("degree", 19, 1)
    assert {row["metric"] for row in found["skipped"]} == {"modularity", "community_count"}
    (row,) = [row for row in found["values"] if row["metric"] == "path_count_cv"]
    null = radix.null.value("path_count_cv")
    assert (row["mean"], row["standard_deviation"]) == (null.mean, null.standard_deviation)
    assert (row["z"], row["p"], row["samples"], row["undefined_samples"]) == (null.z, 0.1, 19, 0)
    counts = [row for row in found["values"] if row["metric"] == "paths_per_pair_max"]
    assert (counts[0]["value"], type(counts[0]["mean"])) == ("1", float)


def test_the_table_shows_what_null_nets_can_differ_in_and_names_the_rest(radix):
    table = to_table(radix)
    beside = table.partition("Against 19 nets of the same degrees")[2].partition("Warnings")[0]
    lines = beside.partition("\n- ")[0].splitlines()
    (row,) = [line.split() for line in lines if line.startswith("path_count_cv ")]
    assert row[1] == "0"
    assert row[3] == "±"
    assert float(row[5]) < -5
    assert row[6] == "0.1"
    (same,) = beside.split("The same in the net and in all null nets:")[1:]
    assert "edge_count" in same
    assert "path_count_cv" not in same
    assert "p is at least 0.1." in beside
    assert max(map(len, table.splitlines())) <= 100


def test_deep_nets_have_their_middle_left_out():
    deep = family_net("uniform", [12] * 61, 0.3, seed=2)
    report = replace(
        analyze(deep, metrics=["sigma_1"]),
        null=null_ensemble(deep, "density", 4, metrics=["sigma_1"], jobs=1),
    )
    assert "... 20 more of layers (--format csv lists all)" in to_table(report)


def test_markdown_has_the_same_section(radix):
    text = to_markdown(radix)
    assert (
        "## Against 19 nets of the same degrees\n\n| metric | value | null nets | z | p |" in text
    )
    assert "| path_count_cv | 0 | " in text


def test_csv_has_columns_more(radix):
    rows = list(csv.DictReader(io.StringIO(to_csv(radix))))
    assert tuple(rows[0])[-6:] == NULL_COLUMNS
    (row,) = [row for row in rows if row["metric"] == "path_count_cv"]
    null = radix.null.value("path_count_cv")
    assert float(row["z"]) == null.z
    assert (row["p"], row["null_samples"], row["null_undefined"]) == ("0.1", "19", "")
    (row,) = [row for row in rows if row["metric"] == "edge_count" and not row["layer"]]
    assert row["null_undefined"] == "all null values are the same"


def test_a_csv_of_reports_has_z_and_p_of_every_metric(radix):
    rows = list(csv.DictReader(io.StringIO(reports_to_csv([radix, analyze(fano())]))))
    assert float(rows[0]["path_count_cv.z"]) == radix.null.value("path_count_cv").z
    assert (rows[0]["path_count_cv.p"], rows[1]["path_count_cv.p"]) == ("0.1", "")


def test_a_comparison_has_a_column_a_mask(radix, random):
    comparison = compare([radix, random, analyze(fano(), source="fano")], per_layer=True)
    rows = list(csv.DictReader(io.StringIO(comparison_to_csv(comparison))))
    found = {row["source"]: row for row in rows if row["metric"] == "path_count_cv"}
    for report in (radix, random):
        assert float(found[report.source]["z"]) == report.null.value("path_count_cv").z
    assert found["fano"]["z"] == ""
    (sigma,) = [
        r for r in rows if (r["metric"], r["layer"], r["source"]) == ("sigma_2", "2", "random")
    ]
    assert float(sigma["null_mean"]) == random.null.value("sigma_2", "layer2").mean
    masks = json.loads(comparison_to_json(comparison))["masks"]
    assert masks[0]["null"] == {"kind": "degree", "samples": 19, "seed": 1}
    assert "null" not in masks[2]
    table = comparison_to_table(comparison)
    assert "Against 19 nets of the same degrees: z and p" in table
    beside = table.partition("z and p")[2]
    assert "path_count_cv" in beside
    assert "not measured" in beside
    assert "p 0.1" in beside
    assert "\n## Against 19 nets of the same degrees: z and p\n" in comparison_to_markdown(
        comparison
    )


def test_reasons_are_said_once():
    graph = family_net("uniform", [30, 30], 0.1, seed=2)
    report = with_nulls(graph, "thin", "density", 8)
    some = replace(report.null.value("edge_count"), undefined_samples=3)
    others = [row for row in report.null.values if row.metric != "edge_count"]
    layer = report.null.value("edge_count", "layer1")
    changed = replace(report.null, values=(some, layer, *others), skipped={"imdb": "why"})
    text = to_table(replace(report, null=changed))
    assert "- edge_count of the net: undefined in 3 of 8 null nets" in text
    assert "- imdb: left out of the null nets: why" in text
    reason = "there is no such null net: it is so"
    none = [
        replace(v, null_values=(), mean=None, z=None, p=None, undefined=reason)
        for v in changed.values[1:]
    ]
    text = to_table(replace(report, null=replace(changed, values=tuple(none), skipped={})))
    assert text.count("There is no such null net: it is so") == 1
