from __future__ import annotations

import statistics

import pytest

from tests.study.small_studies import REGIME, UNIFORM, run, study
from topograph.errors import Undefined
from topograph.study import collecting
from topograph.study.ceiling import ceiling_of_study
from topograph.study.execution.store import stored_rows

pytest.importorskip("torch")
pytest.importorskip("sklearn")


def test_every_cell_is_split_and_no_property_is_looked_at(tmp_path, monkeypatch):
    specification = study(
        regimes=[REGIME | {"densities": [0.25, 0.05]}],
        topologies=[UNIFORM | {"count": 3, "repaired": True}],
        relabellings=1,
        seeds=2,
        statistics={"n_resamples": 20},
    )
    run(specification, tmp_path)
    monkeypatch.setattr(collecting, "measured", lambda *_: pytest.fail("a property was measured"))
    cells = ceiling_of_study(specification, tmp_path)
    assert {(one.environment, one.stratum) for one in cells} == {
        ("digits, small", "small 0.25"),
        ("digits, small", "small 0.05"),
    }
    for cell in cells:
        assert (cell.n_topologies, cell.n_rows) == (3, 12)
        assert 0 <= cell.class_share <= 1
        assert cell.tested == (cell.class_share >= 0.2)


def test_the_tuned_rate_counts_where_rates_were_tried(tmp_path):
    specification = study(rate_factors=[1.0, 8.0], n_validation=200, seeds=2)
    run(specification, tmp_path)
    (cell,) = ceiling_of_study(specification, tmp_path)
    rows = stored_rows(tmp_path)
    best = []
    for topology in {row["topology"] for row in rows}:
        means = {}
        for rate in (1.0, 8.0):
            mine = [r for r in rows if (r["topology"], r["rate_factor"]) == (topology, rate)]
            means[rate] = (
                statistics.fmean(r["validation_accuracy"] for r in mine),
                [r["test_accuracy"] for r in mine],
            )
        best += max(means.values())[1]
    assert cell.n_rows == 4
    assert cell.mean_outcome == pytest.approx(statistics.fmean(best))


def test_one_seed_has_an_unknown_share_and_says_so(tmp_path):
    specification = study()
    run(specification, tmp_path)
    (cell,) = ceiling_of_study(specification, tmp_path)
    assert cell.components is None
    assert "unknown" in cell.note


def test_before_anything_ran_there_is_no_ceiling(tmp_path):
    with pytest.raises(Undefined, match="no run of the study is done yet"):
        ceiling_of_study(study(), tmp_path)
