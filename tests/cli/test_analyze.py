from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest


def test_a_report_on_the_terminal(run, radix):
    outcome = run("analyze", radix)
    assert outcome.code == 0
    for words in ("12 - 18 - 6", "Exactly 3 paths join every input to every output", "Took"):
        assert words in outcome.out
    assert outcome.err == ""


@pytest.mark.parametrize("suffix", [".json", ".csv", ".md"])
def test_the_suffix_of_the_output_chooses_the_format(run, radix, tmp_path, suffix):
    target = tmp_path / f"report{suffix}"
    assert run("analyze", radix, "-o", target).out == ""
    text = target.read_text()
    begins = {".json": "{", ".csv": "metric,layer,", ".md": "# "}
    assert text.startswith(begins[suffix])
    assert not list(tmp_path.glob("*.part"))


def test_json_is_a_report(run, radix):
    report = json.loads(run("analyze", radix, "--format", "json").out)
    assert report["widths"] == [12, 18, 6]
    assert report["source"].endswith("radix.npz")
    assert report["provenance"]["family"] == "radix"


def test_the_same_mask_and_seed_give_the_same_json(run, radix):
    first, second = (run("analyze", radix, "--format", "json", "--seed", 5) for _ in "ab")
    assert first.out == second.out


def test_each_file_is_a_row_or_a_line(run, radix, bridge):
    table = run("analyze", radix, bridge, "--each", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(table.out)))
    assert [row["is_symmetric"] for row in rows] == ["True", "False"]
    lines = run("analyze", radix, bridge, "--each", "--format", "json").out.splitlines()
    assert [json.loads(line)["widths"] for line in lines] == [[12, 18, 6], [3, 3, 3]]


def test_each_says_which_file_failed_and_goes_on(run, radix, tmp_path):
    outcome = run("analyze", tmp_path / "none.npz", radix, "--each", "--format", "csv")
    assert outcome.code == 1
    assert "none.npz" in outcome.err
    assert len(outcome.out.splitlines()) == 2


def test_files_are_layers_in_the_order_given(run, tmp_path):
    paths = [tmp_path / "one.npy", tmp_path / "two.npy"]
    np.save(paths[0], np.ones((4, 2)))
    np.save(paths[1], np.ones((2, 5)))
    report = json.loads(run("analyze", *paths, "--format", "json").out)
    assert report["widths"] == [4, 2, 5]
    assert [layer["name"] for layer in report["layers"]] == ["one", "two"]
    backwards = run("analyze", *paths[::-1], "--orientation", "in-out")
    assert backwards.code == 1
    assert "'two'" in backwards.err
    assert "'one'" in backwards.err


def test_orientation_is_settled_by_widths_or_assumed_aloud(run, tmp_path):
    np.savez(tmp_path / "torch.npz", a=np.ones((3, 4)), b=np.ones((2, 3)))
    report = json.loads(run("analyze", tmp_path / "torch.npz", "--format", "json").out)
    assert report["widths"] == [4, 3, 2]
    np.save(tmp_path / "square.npy", np.triu(np.ones((3, 3))))
    outcome = run("analyze", tmp_path / "square.npy", "--format", "json")
    assert "assumed" in [warning["code"] for warning in json.loads(outcome.out)["warnings"]]
    flipped = run("analyze", tmp_path / "square.npy", "--orientation", "out-in", "--format", "json")
    assert json.loads(flipped.out)["warnings"] != json.loads(outcome.out)["warnings"]


def test_threshold_and_layers_select(run, bridge, radix):
    report = json.loads(run("analyze", bridge, "--threshold", "0.3", "--format", "json").out)
    assert [layer["edges"] for layer in report["layers"]] == [1, 3]
    report = json.loads(run("analyze", radix, "--layers", "2:2", "--format", "json").out)
    assert report["widths"] == [18, 6]
    outcome = run("analyze", radix, "--layers", "2:3")
    assert outcome.code == 2
    assert "1:2" in outcome.err


def test_metrics_are_chosen_by_name(run, radix):
    text = run("analyze", radix, "--metric", "density,path_count", "--metric", "sigma_1").out
    assert "path_count " in text
    assert "dead_inputs" not in text
    outcome = run("analyze", radix, "--metric", "pathcount")
    assert outcome.code == 2
    assert "did you mean path_count" in outcome.err


def test_strict_makes_warnings_an_exit_code(run, radix, bridge):
    assert run("analyze", bridge).code == 0
    assert run("analyze", bridge, "--strict").code == 3
    assert run("analyze", radix, "--strict").code == 0


def test_a_wrong_option_is_2_and_a_missing_file_is_1(run, tmp_path):
    assert run("analyze").code == 2
    assert run("analyze", "x.npz", "--format", "pdf").code == 2
    outcome = run("analyze", tmp_path / "none.npz")
    assert outcome.code == 1
    assert outcome.err.count("\n") <= 2
    assert "none.npz" in outcome.err


def test_an_output_folder_that_is_missing_is_said_before_nothing_is_written(run, radix, tmp_path):
    outcome = run("analyze", radix, "-o", tmp_path / "no" / "report.json")
    assert outcome.code in (1, 2)
    assert "no" in outcome.err
    assert not (tmp_path / "no").exists()


def test_arrays_that_are_no_layers_are_left_out_aloud(run, tmp_path):
    path = tmp_path / "model.npz"
    np.savez(path, weight=np.ones((4, 3)), bias=np.zeros(3), epoch=7)
    outcome = run("analyze", path, "--format", "json", "--strict")
    assert outcome.code == 3
    texts = [w["text"] for w in json.loads(outcome.out)["warnings"] if w["strict"]]
    assert texts == [
        "Array 'bias' of shape (3,) is no layer and was left out.",
        "Array 'epoch' of shape () is no layer and was left out.",
    ]
    np.savez(path, bias=np.zeros(3))
    assert run("analyze", path).code == 1


def test_metrics_of_layers_without_a_column_of_their_own_are_shown(run, radix):
    table = run("analyze", radix, "--metric", "fan_in_cv,fan_out_min").out
    assert "fan_in_cv" in table
    assert "fan_out_min" in table
    markdown = run("analyze", radix, "--metric", "fan_in_cv", "--format", "markdown").out
    assert "| # | layer | fan_in_cv |" in markdown


def test_the_suffix_jsonl_gives_one_line(run, radix, tmp_path):
    run("analyze", radix, "-o", tmp_path / "report.jsonl")
    assert (tmp_path / "report.jsonl").read_text().count("\n") == 1
