from __future__ import annotations

import pytest

from topograph.errors import ParameterError
from topograph.study.design.study_files import study_of
from topograph.study.report.published_table import published_section


def study(published):
    return study_of(
        {
            "data": ["digits"],
            "regimes": [{"name": "small", "widths": [64, 10], "densities": [0.1]}],
            "topologies": [{"family": "uniform"}],
            "published": published,
        }
    )


def run(accuracy, predicts_all=True, family="uniform"):
    return {
        "stratum": "small 0.1",
        "family": family,
        "variant": "modern",
        "test_accuracy": accuracy,
        "n_classes": 10,
        "predicts_all": predicts_all,
    }


def test_a_published_accuracy_stands_beside_mean_and_prediction_interval():
    published = [{"stratum": "small 0.1", "family": "uniform", "accuracy": 0.95}]
    rows = [run(0.90), run(0.92), run(0.94, predicts_all=False), run(0.1, family="other")]
    line = published_section(rows, study(published)).splitlines()[-1]
    # Student's t with two degrees of freedom: .92 +- 4.303 * .02 * sqrt(4 / 3)
    assert line == (
        "| small 0.1 | uniform | 95.00 % | 3 | 92.00 % | 82.06 % to 100.00 % | 1 | inside |"
    )


@pytest.mark.parametrize(("accuracy", "place"), [(0.7, "below ours"), (0.97, "above ours")])
def test_values_outside_are_named(accuracy, place):
    published = [{"stratum": "small 0.1", "family": "uniform", "accuracy": accuracy}]
    rows = [run(0.90), run(0.905), run(0.91)]
    assert published_section(rows, study(published)).rstrip().endswith(f"| {place} |")


def test_what_was_not_run_is_said_and_nothing_published_gives_nothing():
    published = [{"stratum": "small 0.1", "family": "banded", "accuracy": 0.9}]
    assert "| not run |" in published_section([run(0.9)], study(published))
    assert published_section([run(0.9)], study([])) == ""


def test_percentages_instead_of_shares_are_refused():
    with pytest.raises(ParameterError, match=r"A published accuracy must be from 0 to 1.*95"):
        study([{"stratum": "small 0.1", "family": "uniform", "accuracy": 95.0}])
