from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.small_studies import RECIPE, REGIME, UNIFORM, comparable, place, run, study
from topograph.errors import ParameterError
from topograph.study.design.preregistration import register
from topograph.study.design.units import count_runs, units_of
from topograph.study.execution import running
from topograph.study.execution.backends import results_of
from topograph.study.execution.running import Resources, run_study
from topograph.study.execution.store import RESULTS, stored_rows

STUDY = study(
    seeds=2,
    rate_factors=[1.0, 4.0],
    n_validation=200,
    topologies=[UNIFORM, {"family": "balanced", "relabellings": 1}],
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The rows of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    assert run(STUDY, folder) == 16
    return stored_rows(folder)


def test_every_run_is_done_once(whole):
    assert len(whole) == count_runs(STUDY) == 16
    units = {unit.key: unit for unit in units_of(STUDY)}
    assert {row["key"] for row in whole} == set(units)
    for row in whole:
        unit = units[row["key"]]
        assert row["topology"] == unit.topology.key
        for name in ("labelling",):
            assert row[name] == getattr(unit.topology, name)
        for name in ("data", "seed", "rate_factor"):
            assert row[name] == getattr(unit, name)
        assert (row["variant"], row["engine"], row["n_steps"]) == ("modern", "sparse", 20)
    assert len({tuple(row["loss"]) for row in whole}) == 16


def test_the_second_time_nothing_is_done(tmp_path, monkeypatch):
    specification = study()
    assert run(specification, tmp_path) == 2
    before = stored_rows(tmp_path)
    monkeypatch.setattr(running, "train_chunk", lambda *_: pytest.fail("it was trained again"))
    assert run(specification, tmp_path) == 0
    assert run(specification, tmp_path, members=1, shard=(2, 2)) == 0
    assert stored_rows(tmp_path) == before


@pytest.mark.parametrize("members", [1, 2, 5])
def test_results_do_not_depend_on_the_company(members, whole, tmp_path):
    assert run(STUDY, tmp_path, members=members) == 16
    assert comparable(stored_rows(tmp_path)) == comparable(whole)


def test_shards_together_give_what_one_gives(whole, tmp_path):
    done = [run(STUDY, tmp_path, members=2, shard=(part, 3)) for part in (3, 1, 2)]
    assert sum(done) == 16
    assert min(done) > 0
    assert len(list((tmp_path / RESULTS).iterdir())) == 3
    assert comparable(stored_rows(tmp_path)) == comparable(whole)


@settings(max_examples=6)
@given(share=st.floats(0, 1))
def test_cut_off_anywhere_it_goes_on(share, whole, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cut")
    run(STUDY, folder, members=4)
    (file,) = (folder / RESULTS).iterdir()
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    left = len(stored_rows(folder))
    assert run(STUDY, folder, members=4) == 16 - left
    assert comparable(stored_rows(folder)) == comparable(whole)


def test_new_topologies_are_trained_alone(tmp_path):
    assert run(study(), tmp_path) == 2
    before = comparable(stored_rows(tmp_path))
    more = study(topologies=[UNIFORM | {"count": 3}, {"family": "balanced"}])
    (amended,) = register(more, tmp_path, amend=True)["amends"]
    assert (amended["runs_done"], amended["changed"]) == (2, ["topologies"])
    assert run_study(more, place(tmp_path), Resources()) == 2
    after = comparable(stored_rows(tmp_path))
    assert len(after) == 4
    assert before.items() <= after.items()


def test_a_study_that_is_not_registered_does_not_run(tmp_path):
    with pytest.raises(ParameterError, match="must be registered before it runs"):
        run_study(study(), place(tmp_path), Resources())
    register(study(), tmp_path)
    with pytest.raises(ParameterError, match="differs in variants"):
        run_study(study(recipe=RECIPE | {"n_steps": 21}), place(tmp_path), Resources())
    assert stored_rows(tmp_path) == []


def test_progress_counts_the_runs_of_this_study(tmp_path):
    run(study(seeds=2), tmp_path)
    other = study(seeds=3, topologies=[UNIFORM | {"count": 1}])
    register(other, tmp_path, amend=True)
    said = []
    run_study(other, place(tmp_path), Resources(), lambda *one: said.append(one))
    assert said == [("train", 2, 3), ("train", 3, 3)]


def test_a_net_that_diverges_is_kept_with_nothing_made_up(tmp_path):
    recipe = RECIPE | {"rates": 1e9, "cosine": False}
    run(study(recipe=recipe, n_validation=100), tmp_path)
    for row in stored_rows(tmp_path):
        assert row["diverged"]
        assert row["untrained"]
        assert row["test_accuracy"] is row["validation_accuracy"] is None
        assert row["classes_never_predicted"] is None
        assert row["predicts_all"] is False
        assert row["diverged_step"] >= 0


def test_without_validation_images_there_is_no_validation_accuracy(tmp_path, whole):
    run(study(), tmp_path)
    assert {row["validation_accuracy"] for row in stored_rows(tmp_path)} == {None}
    assert all(row["validation_accuracy"] == row["accuracy"][-1] for row in whole)


def test_results_come_as_they_are_ready():
    calls = iter([(3,), (4,)])
    results = results_of(abs, calls)
    assert next(results) == 3
    assert next(calls) == (4,)


def test_two_processes_give_what_one_gives(whole, tmp_path):
    pytest.importorskip("joblib")
    assert run(STUDY, tmp_path, jobs=2, members=4) == 16
    assert comparable(stored_rows(tmp_path)) == comparable(whole)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"backend": "ray"}, "loky, dask"), ({"scheduler": "tcp://x:1"}, "must come with")],
)
def test_a_backend_that_is_not_there_is_refused(options, said, tmp_path):
    register(study(), tmp_path)
    with pytest.raises(ParameterError, match=said):
        run_study(study(), place(tmp_path), Resources(**options))


def test_regimes_of_any_width_may_be_in_one_study(tmp_path):
    wide = REGIME | {"name": "wide", "widths": [64, 40, 10], "densities": [0.1]}
    specification = study(regimes=[REGIME, wide])
    assert run(specification, tmp_path) == 4
    assert len({row["topology"] for row in stored_rows(tmp_path)}) == 4
