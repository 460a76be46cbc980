from __future__ import annotations

import functools
import json

import pytest

from tests.study.small_studies import UNIFORM, place, run, study
from topograph.digest import mask_digest
from topograph.errors import ReadError
from topograph.generators import dosing
from topograph.metrics import path_count_cv
from topograph.study.collecting import collect_study
from topograph.study.design.building import build
from topograph.study.design.topologies import topologies_of
from topograph.study.execution.kept_masks import has_mask, keep_mask, kept_mask
from topograph.study.execution.preparing import preparations_of, prepare
from topograph.study.execution.running import Resources, prepare_masks
from topograph.toy import butterfly

TINY = {"name": "tiny", "widths": [64, 10, 10], "densities": [0.1]}
DOSES = {
    "name": "evenness",
    "regime": "tiny",
    "density": 0.1,
    "family": "uniform",
    "moved": "path_count_cv",
    "held": [],
    "bases": 2,
    "n_steps": 2,
}
PRUNED = {
    "name": "pruned",
    "family": "pruned",
    "own_edges": True,
    "options": {"method": "magnitude", "data": "digits", "n_steps": 10},
}
LENET = {"name": "lenet", "widths": [64, 300, 100, 10], "densities": [0.2, 0.1]}


@pytest.fixture(autouse=True)
def _short_walks(monkeypatch):
    """Switch edges for a moment, not for as long as a study would."""
    short = functools.partial(dosing.dose_series, rounds=50)
    monkeypatch.setattr(dosing, "dose_series", short)


def test_a_kept_mask_comes_back(tmp_path):
    with pytest.raises(ReadError, match=r"abc\.npz"):
        kept_mask(tmp_path, "abc")
    assert not has_mask(tmp_path, "abc")
    assert keep_mask(butterfly(), tmp_path, "abc") == mask_digest(butterfly())
    assert has_mask(tmp_path, "abc")
    assert kept_mask(tmp_path, "abc").equals(butterfly())


def test_a_study_of_cheap_nets_prepares_nothing(tmp_path):
    assert preparations_of(study(), tmp_path) == []


def test_a_series_is_made_once_and_its_property_rises(tmp_path):
    specification = study(regimes=[TINY], doses=[DOSES])
    first, second = preparations_of(specification, tmp_path)
    assert first.name == "series of path_count_cv"
    prepare(first, tmp_path, None)
    (left,) = preparations_of(specification, tmp_path)
    assert left == second
    with pytest.raises(ReadError, match="makes pruned masks and series"):
        [build(one, tmp_path) for one in topologies_of(specification)]
    prepare(left, tmp_path, None)
    assert preparations_of(specification, tmp_path) == []
    series = {}
    for one in topologies_of(specification):
        graph = build(one, tmp_path)
        assert [layer.n_edges for layer in graph.layers] == [64, 10]
        if one.series:
            series.setdefault(one.series, []).append(path_count_cv(graph))
    assert len(series) == 2
    assert all(low < high for low, high in series.values())


def test_doses_are_measured_when_they_are_collected(tmp_path):
    specification = study(regimes=[TINY], doses=[DOSES | {"bases": 1}])
    assert run(specification, tmp_path) == 4
    rows = [row for row in collect_study(specification, tmp_path) if row["role"] == "dose"]
    assert [row["dose"] for row in rows] == [row["metric.path_count_cv"] for row in rows]
    assert {row["moved"] for row in rows} == {"path_count_cv"}
    assert len({row["dose"] for row in rows}) == 2
    assert len({row["series"] for row in rows}) == 1


def test_pruned_nets_of_one_training_are_made_together(tmp_path):
    specification = study(regimes=[LENET], topologies=[PRUNED | {"degree_twins": 1}])
    (only,) = preparations_of(specification, tmp_path)
    assert only.name == "magnitude pruning, seed 0"
    assert [making["density"] for making in only.makings] == [0.2, 0.1]
    prepare_masks(specification, place(tmp_path), Resources(), lambda *_: None)
    assert preparations_of(specification, tmp_path) == []
    edges = {}
    for one in topologies_of(specification):
        graph = build(one, tmp_path)
        assert graph.widths == (64, 300, 100, 10)
        edges.setdefault(one.stratum, set()).add(tuple(x.n_edges for x in graph.layers))
    assert set(edges) == {"lenet 0.2 (pruned)", "lenet 0.1 (pruned)"}
    (many,), (few,) = edges.values()
    assert sum(many) == pytest.approx(2 * sum(few), rel=0.01)


def test_pruned_nets_of_two_allocations_are_two_trainings(tmp_path):
    regimes = [LENET, LENET | {"name": "erk", "allocation": "erk"}]
    found = preparations_of(study(regimes=regimes, topologies=[PRUNED]), tmp_path)
    assert [len(one.makings) for one in found] == [2, 2]


def test_what_is_made_can_be_named_in_json(tmp_path):
    specification = study(doses=[DOSES], topologies=[UNIFORM], regimes=[TINY])
    for one in preparations_of(specification, tmp_path):
        assert json.loads(json.dumps(one.makings)) == list(one.makings)
