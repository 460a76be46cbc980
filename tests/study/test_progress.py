from __future__ import annotations

import pytest

from tests.study.small_studies import RECIPE, REGIME, UNIFORM, run, study
from topograph.study.design.preregistration import register
from topograph.study.execution.store import keep_rows, stored_rows
from topograph.study.progress import CellProgress, progress_of

pytest.importorskip("torch")
pytest.importorskip("sklearn")


def test_a_study_not_begun_is_counted_stratum_by_stratum(tmp_path):
    specification = study(
        regimes=[REGIME | {"densities": [0.25, 0.5]}],
        topologies=[UNIFORM, {"family": "balanced", "own_edges": True, "relabellings": 2}],
        data=["digits", "mnist"],
        seeds=3,
    )
    assert progress_of(specification, tmp_path) == [
        CellProgress(stratum, data, number, 0, 0, 0, 0)
        for density in ("0.25", "0.5")
        for stratum, number in ((f"small {density}", 6), (f"small {density} (balanced)", 9))
        for data in ("digits", "mnist")
    ]


def test_a_study_half_done(tmp_path):
    specification = study(seeds=2, recipe=RECIPE | {"n_steps": 1})
    register(specification, tmp_path)
    run(specification, tmp_path, members=1, shard=(1, 2))
    (cell,) = progress_of(specification, tmp_path)
    rows = stored_rows(tmp_path)
    assert (cell.n_runs, cell.n_done, len(rows)) == (4, 2, 2)
    assert cell.n_untrained == sum(row["untrained"] for row in rows) > 0
    assert cell.n_missing_classes == sum(not row["predicts_all"] for row in rows) > 0
    assert cell.n_diverged == 0


def test_diverged_runs_are_counted(tmp_path):
    specification = study(recipe=RECIPE | {"rates": 1e9, "cosine": False})
    run(specification, tmp_path)
    assert progress_of(specification, tmp_path) == [
        CellProgress("small 0.25", "digits", 2, 2, 2, 2, 2)
    ]


@pytest.mark.parametrize(
    "changes",
    [{"recipe": RECIPE | {"n_steps": 21}}, {"seeds": [7]}, {"n_validation": 9}],
    ids=str,
)
def test_runs_of_the_study_before_it_was_changed_do_not_count(changes, tmp_path):
    run(study(), tmp_path)
    (cell,) = progress_of(study(**changes), tmp_path)
    assert (cell.n_runs, cell.n_done) == (2, 0)
    (same,) = progress_of(study(), tmp_path)
    assert (same.n_runs, same.n_done) == (2, 2)


def test_rows_nobody_asks_for_do_not_count(tmp_path):
    run(study(), tmp_path)
    row = stored_rows(tmp_path)[0]
    keep_rows(tmp_path, [row | {"key": "another"}], "other")
    (cell,) = progress_of(study(), tmp_path)
    assert cell.n_done == 2
