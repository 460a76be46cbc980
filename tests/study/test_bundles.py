from __future__ import annotations

import json

import pytest

from tests.study.small_studies import RECIPE, REGIME, UNIFORM, comparable, run, study
from topograph.digest import mask_digest
from topograph.errors import ParameterError, ReadError
from topograph.study.bundles import NAMES, take_results, write_bundles
from topograph.study.collecting import collect_study
from topograph.study.design.building import build
from topograph.study.design.preregistration import register
from topograph.study.design.units import count_runs, units_of
from topograph.study.execution.store import stored_rows
from topograph.training.bundle.manifest import read_manifest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

STUDY = study(
    seeds=2,
    rate_factors=[1.0, 4.0],
    n_validation=200,
    topologies=[UNIFORM | {"relabellings": 1}, {"family": "balanced", "repaired": True}],
    recipe=RECIPE | {"factors": {"relu_logits": [True, False]}},
)


def train(bundle):
    from topograph.training.bundle import RunPlan, train_bundle

    return list(train_bundle(RunPlan(bundle, engine="sparse", device="cpu")))


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """The study trained here, and its bundles trained as if elsewhere."""
    here, target = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("bundles")
    register(STUDY, here)
    bundles = write_bundles(STUDY, here, target)
    run(STUDY, here)
    for bundle in bundles:
        train(bundle)
    return here, bundles


def test_a_bundle_for_each_variant(places):
    _, bundles = places
    assert [bundle.name for bundle in bundles] == [
        "digits-relu-logits=true",
        "digits-relu-logits=false",
    ]


def test_what_is_done_is_not_bundled(places, tmp_path):
    here, _ = places
    assert write_bundles(STUDY, here, tmp_path / "nothing") == []
    run(STUDY, tmp_path, shard=(1, 4))
    done = {row["key"] for row in stored_rows(tmp_path)}
    bundles = write_bundles(STUDY, tmp_path, tmp_path / "rest")
    for bundle in bundles:
        train(bundle)
        take_results(STUDY, bundle, tmp_path)
    assert len(stored_rows(tmp_path)) == 48
    bundled = {row["key"] for row in stored_rows(tmp_path)} - done
    assert 0 < len(bundled) < 48
    expected = 0
    for variant in STUDY.variants:
        missing = [
            unit
            for unit in units_of(STUDY)
            if unit.key in bundled and unit.variant.name == variant.name
        ]
        names = {unit.topology.name for unit in missing}
        same = {mask_digest(build(unit.topology, here)) for unit in missing}
        assert len(same) in (
            len(names),
            len(names) - 1,
        )  # nothing is dead: the repaired is its base
        expected += len(same) * len({unit.seed for unit in missing}) * len(STUDY.rate_factors)
    assert sum(read_manifest(bundle).n_runs for bundle in bundles) == expected


def test_topologies_of_fewer_seeds_have_a_bundle_of_their_own(tmp_path):
    balanced = {"family": "balanced", "seeds": 1}
    specification = study(seeds=3, topologies=[UNIFORM, balanced])
    register(specification, tmp_path / "here")
    bundles = write_bundles(specification, tmp_path / "here", tmp_path / "there")
    assert [bundle.name for bundle in bundles] == ["digits-modern", "digits-modern-2"]
    assert [list(read_manifest(bundle).seeds) for bundle in bundles] == [[0, 1, 2], [0]]
    runs = [read_manifest(bundle).n_runs for bundle in bundles]
    assert (sum(runs), runs[1]) == (count_runs(specification), 1)


def test_results_from_elsewhere_are_those_from_here(places, tmp_path):
    here, bundles = places
    register(STUDY, tmp_path)
    assert [take_results(STUDY, bundle, tmp_path) for bundle in bundles] == [24, 24]
    assert [take_results(STUDY, bundle, tmp_path) for bundle in bundles] == [0, 0]
    elsewhere = stored_rows(tmp_path)
    assert comparable(elsewhere) == comparable(stored_rows(here))
    assert run(STUDY, tmp_path) == 0
    first = collect_study(STUDY, tmp_path, with_properties=False)
    second = collect_study(STUDY, here, with_properties=False)
    assert {frozenset(row) for row in first} == {frozenset(row) for row in second}


def test_what_was_done_here_is_not_taken_again(places, tmp_path):
    _, bundles = places
    run(STUDY, tmp_path, shard=(1, 4))
    done = len(stored_rows(tmp_path))
    assert 0 < done < 48
    assert sum(take_results(STUDY, bundle, tmp_path) for bundle in bundles) == 48 - done
    assert len(stored_rows(tmp_path)) == 48


def test_twins_that_are_the_same_mask_are_both_filled(places, tmp_path):
    """Nothing is dead in these nets: the repaired twin is the net itself."""
    _, bundles = places
    names = json.loads((bundles[0] / NAMES).read_text())
    assert sorted(map(len, names.values())) == [1, 1, 1, 1, 2]
    (pair,) = (same for same in names.values() if len(same) == 2)
    take_results(STUDY, bundles[0], tmp_path)
    found = {name: [] for name in pair}
    for row in stored_rows(tmp_path):
        name = f"{row['topology']}-{row['labelling']}"
        if name in found:
            found[name].append((row["seed"], row["rate_factor"], row["test_accuracy"]))
    one, other = found.values()
    assert one == other
    assert len(one) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"recipe": RECIPE | {"n_steps": 21}},
        {"data": ["mnist"]},
        {"topologies": [{"family": "continuous"}]},
        {"regimes": [REGIME | {"densities": [0.3]}]},
        {"n_validation": 7},
        {"seeds": [8]},
    ],
    ids=str,
)
def test_a_bundle_of_another_study_gives_nothing(changes, places, tmp_path):
    _, bundles = places
    content = {
        "seeds": 2,
        "n_validation": 200,
        "recipe": RECIPE | {"relu_logits": True},
        "topologies": [UNIFORM],
    }
    assert take_results(study(**content), bundles[0], tmp_path / "same") == 4
    assert take_results(study(**content | changes), bundles[0], tmp_path / "other") == 0
    assert stored_rows(tmp_path / "other") == []


def test_a_bundle_that_is_not_of_a_study_is_refused(tmp_path):
    from topograph.generators import family_net
    from topograph.training import MODERN
    from topograph.training.bundle import make_bundle

    with pytest.raises(ReadError, match=r"manifest\.json"):
        take_results(STUDY, tmp_path / "nothing", tmp_path)
    bundle = tmp_path / "bundle"
    make_bundle({"a": family_net("uniform", (64, 10), 0.5)}, "digits", MODERN, bundle)
    with pytest.raises(ReadError, match=r"one of a study.*study\.json"):
        take_results(STUDY, bundle, tmp_path)
    for damaged in ("{", "[]", '{"a": 3}'):
        (bundle / NAMES).write_text(damaged)
        with pytest.raises(ReadError, match=r"study\.json.*damaged"):
            take_results(STUDY, bundle, tmp_path)


def test_a_bundle_without_results_gives_nothing_yet(tmp_path):
    specification = study()
    register(specification, tmp_path)
    (bundle,) = write_bundles(specification, tmp_path, tmp_path / "bundles")
    assert take_results(specification, bundle, tmp_path) == 0


def test_bundles_are_of_registered_studies(tmp_path):
    with pytest.raises(ParameterError, match="must be registered"):
        write_bundles(study(), tmp_path, tmp_path / "bundles")
    assert not (tmp_path / "bundles").exists()


def test_a_regime_is_in_the_bundles_of_its_data(tmp_path):
    regimes = [
        REGIME | {"data": ["digits"]},
        REGIME | {"name": "other", "densities": [0.4], "data": ["digits"]},
        REGIME | {"name": "wide", "widths": [784, 24, 16, 10], "data": ["mnist"]},
    ]
    specification = study(regimes=regimes, data=["digits", "mnist"])
    register(specification, tmp_path)
    found = write_bundles(specification, tmp_path, tmp_path / "bundles")
    masks = {place.name: len(json.loads((place / NAMES).read_text())) for place in found}
    assert masks == {"digits-modern": 4, "mnist-modern": 2}


def test_variants_whose_names_look_alike_have_bundles_of_their_own(tmp_path):
    variants = [{"name": "decay +"}, {"name": "decay -", "l2": 0.1}, {"name": "Decay", "l2": 0.2}]
    specification = study(recipe=RECIPE | {"variants": variants})
    register(specification, tmp_path)
    found = write_bundles(specification, tmp_path, tmp_path / "bundles")
    assert len({place.name for place in found}) == 3
    again = write_bundles(specification, tmp_path, tmp_path / "bundles")
    assert again == found
