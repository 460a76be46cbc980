"""The numbers that examples/second_look.py prints are those that were planted."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from scipy import stats

from tests.examples.document_sections import line, section
from tests.examples.planted_runs import families, row

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
RESULTS = EXAMPLES.parent / "docs" / "results" / "studies"


def test_families_are_means_over_seeds_then_labellings_then_topologies(look):
    found = look.document("main", families())
    assert "5 topologies in 7 labellings, 12 trainings" in found
    assert line(found, "Families", "mnist", "lenet 0.01", "balanced") == [
        *("2", "87.00", "2.12", "89.75", "80.00", "0.0", "0", "-", "-", "10")
    ]
    assert line(found, "Families", "mnist", "lenet 0.01", "uniform") == [
        *("2", "78.75", "1.77", "75.00", "85.00", "12.5", "2", "40", "-", "10")
    ]
    assert line(found, "Families", "mnist", "alone", "scale-free")[:2] == ["1", "10.00"]


def test_differences_have_welchs_interval(look):
    place = ("mnist", "lenet 0.01", "balanced less uniform")
    difference = line(look.document("main", families()), "Differences between families", *place)[0]
    expected = stats.ttest_ind([85.5, 88.5], [80, 77.5], equal_var=False).confidence_interval()
    assert difference == f"+8.25 ({expected.low:+.2f} to {expected.high:+.2f})"


def test_rates_are_chosen_on_held_out_images(look):
    # b2 does best at the larger of two rates; u1 in the middle, for of equals that nearest to 1
    lines = line(look.document("main", families()), "Rates", "all")
    assert lines == ["7", "14.3", "20.0", "14.3", "20.0"]


def test_failures_count_runs_and_topologies(look):
    planted = [
        row("bad", 0.2, predicts_all=False, **{"metric.output_fan_in_min": 1}),
        row("mixed", 0.4, predicts_all=False, **{"metric.output_fan_in_min": 3}),
        row("mixed", 0.5, labelling=1, **{"metric.output_fan_in_min": 3}),
        row("good", 0.6, **{"metric.output_fan_in_min": 2}),
    ]
    found = look.document("main", planted)
    # pairs: bad and mixed (right, 1/2), bad and good (right, 1), mixed and good (wrong, 1/2)
    assert line(found, "Failures", "mnist", "lenet 0.01") == ["4", "2", "100.0", "50.0", "0.75"]
    assert "2 of 4 runs miss a class, 50.0 % (doses apart)" in found


def test_twins_are_compared_with_their_own_base(look):
    twin = {"family": "pruned, degree twins", "role": "twin"}
    planted = [
        row("m1", 0.8, family="pruned"),
        row("m2", 0.7, family="pruned"),
        row("t1", 0.5, base="m1", **twin),
        row("t2", 0.6, base="m1", **twin),
        row("t3", 0.6, base="m2", **twin),
    ]
    found = line(
        look.document("main", planted),
        *("Differences between families", "mnist", "lenet 0.01", "pruned less its degree twins"),
    )
    expected = stats.ttest_1samp([25.0, 10.0], 0).confidence_interval()
    assert found == [f"+17.50 ({expected.low:+.2f} to {expected.high:+.2f})", "2"]


def test_natural_labellings_are_compared_within_topologies(look):
    planted = [
        row("r1", 0.6, family="receptive field"),
        row("r1", 0.8, labelling=1, family="receptive field"),
        row("r1", 0.9, labelling=2, family="receptive field"),
        row("r2", 0.7, family="receptive field"),
        row("r2", 0.75, labelling=1, family="receptive field"),
        row("r3", 0.1, family="receptive field"),  # never relabelled
    ]
    place = ("mnist", "lenet", "receptive field")
    found = line(look.document("main", planted), "Natural and random labellings", *place)
    expected = stats.ttest_1samp([-25.0, -5.0], 0).confidence_interval()
    interval = f"{expected.low:+.2f} to {expected.high:+.2f}"
    assert found == [f"-15.00 ({interval})", "-25.00", "-5.00", "2"]


def test_doses_have_slopes_and_a_middle(look):
    planted = [
        row(
            f"{series} {dose}",
            0.8 + slope * (dose - 0.2) / 100,
            role="dose",
            series=series,
            dose=dose,
            family="dose of reach",
            **{"metric.connected_pair_fraction": dose, "metric.path_count_cv": 1 / dose},
            **{"metric.sigma_1.mean": 3.0 if dose < 0.4 else 2.0, "metric.path_count": 100},
            **{"metric.effective_density": 0.1 if dose < 0.6 else 0.102},
        )
        for series, slope in (("a", 10), ("b", 20))
        for dose in (0.2, 0.44, 0.67)
    ]
    found = look.document("main", planted)
    _, text = section(found, "Dose and response")
    half = stats.t.ppf(0.975, 1) * 5  # the slopes' standard error is 5
    assert f"mnist: +15.00 ({15 - half:+.2f} to {15 + half:+.2f}) points a unit of reach" in text
    assert "of 2 series, upwards in 2; p = 0.500 by flipping signs" in text
    assert re.search(r"nearest to 0\.67: \+3\.45 \([^)]*\) points, upwards in 2 of 2", text)
    assert line(found, "Dose and response", "2") == ["0.44", "83.60"]
    assert line(found, "Dose and response", "sigma_1.mean") == ["+50.0", "0.0", "0.0", "50.0"]
    assert "effective_density 1.0 %" in text
    assert "path_count 0.0 %" in text
    assert "-1.00 over all dosed topologies, -1.00 within a series" in text
    assert section(found, "Families")[1].strip() == "Not in this table."


def test_the_script_reads_a_table_and_leaves_out_what_is_missing(tmp_path):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    file = tmp_path / "table.parquet"
    polars.DataFrame(families(), infer_schema_length=None).write_parquet(file)
    command = [sys.executable, str(EXAMPLES / "second_look.py"), "main", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert section(done.stdout, "Dose and response")[1].strip() == "Not in this table."
    assert line(done.stdout, "Families", "mnist", "lenet 0.01", "balanced")[1] == "87.00"


def test_what_is_no_table_is_one_sentence(look, tmp_path):
    pytest.importorskip("polars", reason="polars is not installed")
    damaged = tmp_path / "table.parquet"
    damaged.write_text("no table")
    for file in (damaged, tmp_path / "none.parquet"):
        with pytest.raises(SystemExit, match=r"^Error: .* must be a table in Parquet \(.*\)\.$"):
            look.rows_of(file)


@pytest.mark.parametrize("study", ["main", "instability"])
def test_the_documents_of_the_pages_are_those_of_their_tables(look, study):
    pytest.importorskip("polars", reason="polars is not installed")
    folder = RESULTS / study
    if not folder.exists():
        pytest.skip("the results are not there")
    found = look.document(study, look.rows_of(folder / "table.parquet"))
    assert found + "\n" == (folder / "second_look.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)", found, flags=re.M) == list(look.STUDIES[study])
    assert "Not in this table." not in found
    assert "nan" not in found
