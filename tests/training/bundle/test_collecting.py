"""Results as tables and summaries."""

from __future__ import annotations

import json

import pytest

from tests.training.bundle.short_runs import bundle, plan
from topograph.errors import ParameterError
from topograph.metrics import path_count
from topograph.training.bundle import collect_bundle, summarise, train_bundle, write_table
from topograph.training.bundle.results import append_results
from topograph.wording import count_of


def test_collected_rows_have_the_metrics_of_their_masks(tmp_path, nets):
    bundle(nets, tmp_path)
    rows = list(train_bundle(plan(tmp_path)))
    table = collect_bundle(tmp_path)
    assert [row["key"] for row in table] == [row["key"] for row in rows]
    for row in table:
        assert row["metric.path_count"] == path_count(nets[row["name"]])
    few = collect_bundle(tmp_path, ["density"])
    assert {key for key in few[0] if key.startswith("metric.")} == {"metric.density"}
    for ending in ("csv", "jsonl", "parquet"):
        if ending == "parquet":
            pl = pytest.importorskip("polars")
        path = tmp_path / f"table.{ending}"
        write_table(table, path)
        if ending == "parquet":
            frame = pl.read_parquet(path)
            assert frame["test_accuracy"].to_list() == [row["test_accuracy"] for row in rows]
            assert frame["accuracy"].to_list()[0] == list(rows[0]["accuracy"])
        else:
            assert len(path.read_text().splitlines()) == len(rows) + (ending == "csv")
    with pytest.raises(ParameterError, match="parquet"):
        write_table(table, tmp_path / "table.xlsx")


def test_rows_of_masks_that_are_not_in_the_bundle_are_left_out(tmp_path, nets):
    bundle(nets, tmp_path, seeds=(0,))
    rows = list(train_bundle(plan(tmp_path)))
    strangers = [row | {"key": f"{number:064}"} for number, row in enumerate(rows)]
    del strangers[0]["mask"]
    strangers[1]["mask"] = "0" * 64
    append_results(tmp_path / "results.jsonl", strangers)
    assert [row["key"] for row in collect_bundle(tmp_path)] == [row["key"] for row in rows]


def test_numbers_beyond_all_columns(tmp_path):
    pl = pytest.importorskip("polars")
    rows = [{"a": 2**70, "b": 10**400}, {"a": 3, "b": 1}]
    write_table(rows, tmp_path / "t.parquet")
    frame = pl.read_parquet(tmp_path / "t.parquet")
    assert frame["a"].to_list() == [2.0**70, 3.0]
    write_table(rows, tmp_path / "t.jsonl")
    assert json.loads((tmp_path / "t.jsonl").read_text().splitlines()[0])["b"] == 10**400
    rows = [{"a": 3**30_000}]
    for ending in ("jsonl", "csv", "parquet"):
        write_table(rows, tmp_path / f"t.{ending}")
    said = json.loads((tmp_path / "t.jsonl").read_text())["a"]
    assert (tmp_path / "t.csv").read_text() == f"a\n{said}\n"
    assert count_of(said) == 3**30_000
    assert pl.read_parquet(tmp_path / "t.parquet")["a"].to_list() == [None]


def test_a_summary_counts_failures():
    row = {"mask": "m", "name": "n", "density": 0.1, "rate_factor": 1.0, "seconds": 4, "members": 2}
    good = {"test_accuracy": 0.9, "untrained": False, "diverged": False}
    rows = [
        row | good | {"classes_never_predicted": []},
        row | good | {"test_accuracy": 0.7, "classes_never_predicted": [3]},
        row
        | {"test_accuracy": None, "untrained": True, "diverged": True}
        | {"classes_never_predicted": None},
    ]
    (found,) = summarise(rows)
    assert (found.n_runs, found.n_untrained, found.n_diverged) == (3, 1, 1)
    assert found.n_missing_classes == 1
    assert found.accuracy.mean == pytest.approx(0.8)
    half = 12.7062 * 0.141421 * 1.5**0.5  # t(.975, 1) = 12.7062, deviation of .9 and .7
    assert found.accuracy.high - found.accuracy.mean == pytest.approx(half, rel=1e-4)
    assert found.seconds_a_net == 2
