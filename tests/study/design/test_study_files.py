from __future__ import annotations

import copy
from pathlib import Path

import pytest

from tests.study.small_studies import REGIME, UNIFORM, said, study
from topograph.errors import ParameterError, ReadError
from topograph.study.design import read_study
from topograph.study.design.study_files import study_of
from topograph.study.design.units import count_runs, units_of

EXAMPLES = sorted((Path(__file__).parents[3] / "examples" / "studies").glob("*.toml"))
DOSES = {
    "name": "reach",
    "regime": "small",
    "density": 0.25,
    "family": "uniform",
    "moved": "connected_pair_fraction",
    "held": ["effective_density"],
    "bases": 1,
}


def with_regime(**changes):
    return {"regimes": [REGIME | changes]}


def with_source(**changes):
    return {"topologies": [UNIFORM | changes]}


def test_there_are_examples():
    assert {path.stem for path in EXAMPLES} >= {"main", "digits", "instability", "alford2018"}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_can_be_read_and_ask_for_every_run_once(path):
    found = read_study(path)
    assert found.name == path.stem
    keys = [unit.key for unit in units_of(found)]
    assert len(set(keys)) == len(keys) == count_runs(found)


def test_what_is_left_out_has_its_default():
    found = study()
    assert (found.seeds, found.rate_factors, found.relabellings) == ((0,), (1.0,), 0)
    assert (found.data, found.n_validation, found.confirmation) == (("digits",), {}, ())
    assert [variant.name for variant in found.variants] == ["modern"]
    assert (found.topologies[0].name, found.topologies[0].role) == ("uniform", "named")
    assert study(topologies=[{"family": "continuous"}]).topologies[0].role == "sampled"
    assert found.statistics.primaries == ()
    assert study(name="mine").name == "mine"
    unnamed = said()
    del unnamed["name"], unnamed["recipe"]
    assert study_of(unnamed, "from-the-file").name == "from-the-file"
    assert study_of(unnamed).variants[0].recipe.name == "modern"


def test_lists_become_tuples_and_one_word_a_list():
    found = study(data="digits", seeds=[3, 5], confirmation="small", n_validation=7)
    assert (found.data, found.seeds, found.confirmation) == (("digits",), (3, 5), ("small",))
    assert found.n_validation == {"digits": 7}
    assert found.regimes[0].widths == (64, 24, 16, 10)
    assert study(seeds=3).seeds == (0, 1, 2)


def test_factors_make_a_variant_of_each_combination():
    recipe = {"base": "modern", "n_steps": 5}
    recipe["factors"] = {"relu_logits": [True, False], "l2": [0.1, 0.0]}
    found = study(recipe=recipe).variants
    assert [variant.name for variant in found] == [
        "relu_logits=true, l2=0.1",
        "relu_logits=true, l2=0.0",
        "relu_logits=false, l2=0.1",
        "relu_logits=false, l2=0.0",
    ]
    for variant in found:
        recipe = variant.recipe
        assert variant.factors == {"relu_logits": recipe.relu_logits, "l2": recipe.l2}
        assert (recipe.n_steps, recipe.n_epochs, recipe.momentum) == (5, None, 0.9)


def test_variants_may_be_listed():
    listed = [{"name": "plain"}, {"name": "decayed", "l2": 0.1}]
    plain, decayed = study(recipe={"base": "modern", "variants": listed}).variants
    assert (plain.name, plain.recipe.l2, plain.factors) == ("plain", 0.0, {})
    assert (decayed.name, decayed.recipe.l2) == ("decayed", 0.1)


UNKNOWN_KEYS = [
    ({"colour": "red"}, "A study"),
    (with_regime(depth=3), "regimes 'small'"),
    (with_source(edges=3), "topologies 'uniform'"),
    ({"doses": [DOSES | {"colour": 1}]}, "doses 'reach'"),
    ({"statistics": {"alpha": 0.05}}, "statistics"),
    ({"recipe": {"base": "modern", "speed": 3}}, "recipe"),
    ({"recipe": {"factors": {"speed": [1, 2]}}}, "recipe"),
    ({"recipe": {"variants": [{"name": "a", "speed": 2}]}}, "recipe"),
    ({"n_validation": {"mnist": 3}}, "n_validation"),
]


@pytest.mark.parametrize(("changes", "place"), UNKNOWN_KEYS)
def test_an_unknown_key_is_named_with_its_place(changes, place):
    with pytest.raises(ParameterError) as caught:
        study(**changes)
    assert place in str(caught.value)
    unknown = {"colour", "depth", "edges", "alpha", "speed", "mnist"}
    assert any(repr(key) in str(caught.value) for key in unknown)


WRONG = {
    "name": 3,
    "question": ["why"],
    "data": 4,
    "confirmation": [4],
    "seeds": 0,
    "rate_factors": 1.0,
    "n_validation": -1,
    "relabellings": 0.5,
    "recipe": "modern",
    "regimes": {"name": "small"},
    "topologies": "uniform",
    "doses": [3],
    "statistics": [1],
}


@pytest.mark.parametrize("key", WRONG)
def test_a_value_of_the_wrong_type_is_named(key):
    with pytest.raises(ParameterError, match=rf"\b{key}\b"):
        study(**{key: WRONG[key]})


WRONG_IN_TABLES = [
    (with_regime(name=3), "name"),
    (with_regime(widths=64), "widths"),
    (with_regime(widths=[64, 10.0]), "widths"),
    (with_regime(widths=[64, 0, 10]), "widths"),
    (with_regime(widths=[64]), "widths"),
    (with_regime(densities=[]), "densities"),
    (with_regime(densities=[0.0]), "densities"),
    (with_regime(densities=[1.5]), "densities"),
    (with_regime(densities=[float("nan")]), "densities"),
    (with_regime(densities=["a"]), "densities"),
    (with_regime(densities=[True]), "densities"),
    (with_regime(allocation="dense"), "allocation"),
    (with_regime(append_dense="10"), "append_dense"),
    (with_regime(data=3), "data"),
    (with_source(count="3"), "count"),
    (with_source(count=0), "count"),
    (with_source(count=True), "count"),
    (with_source(options=3), "options"),
    (with_source(options={"when": object()}), "options"),
    (with_source(repaired=1), "repaired"),
    (with_source(own_edges="yes"), "own_edges"),
    (with_source(role="extra"), "role"),
    (with_source(degree_twins=-1), "degree_twins"),
    (with_source(relabellings=1.0), "relabellings"),
    (with_source(first_seed=-2), "first_seed"),
    (with_source(family="none-such"), "family"),
    (with_source(family=["uniform"]), "family"),
    ({"topologies": [{"count": 2}]}, "family"),
    ({"doses": [DOSES | {"family": "none-such"}]}, "family"),
    ({"doses": [DOSES | {"family": "pruned"}]}, "family"),
    ({"doses": [DOSES | {"density": "a"}]}, "density"),
    ({"doses": [DOSES | {"held": 3}]}, "held"),
    ({"doses": [DOSES | {"bases": 0.5}]}, "bases"),
    ({"statistics": {"n_permutations": 0}}, "n_permutations"),
    ({"statistics": {"n_permutations": 1.5}}, "n_permutations"),
    ({"statistics": {"level": 1.0}}, "level"),
    ({"statistics": {"least_class_share": -0.1}}, "least_class_share"),
    ({"statistics": {"primaries": [3]}}, "primaries"),
    ({"statistics": {"composites": ["a"]}}, "composites"),
    ({"statistics": {"composites": {"a": 3}}}, "composites"),
    ({"recipe": {"factors": {"l2": 0.1}}}, "l2"),
    ({"recipe": {"factors": ["l2"]}}, "factors"),
    ({"recipe": {"variants": [{"l2": 0.1}]}}, "name"),
    ({"recipe": {"variants": {"name": "a"}}}, "variants"),
    ({"rate_factors": [1.0, "fast"]}, "rate_factors"),
    ({"rate_factors": [1.0, 0.0], "n_validation": 5}, "rate_factors"),
    ({"rate_factors": [1.0, -1.0], "n_validation": 5}, "rate_factors"),
    ({"rate_factors": [1.0, float("inf")], "n_validation": 5}, "rate_factors"),
    ({"n_validation": {"digits": "many"}}, "n_validation"),
    ({"seeds": [0, -1]}, "seeds"),
    ({"seeds": True}, "seeds"),
]


@pytest.mark.parametrize(("changes", "key"), WRONG_IN_TABLES)
def test_a_wrong_value_in_a_table_is_named(changes, key):
    with pytest.raises(ParameterError, match=rf"\b{key}\b"):
        study(**changes)


@pytest.mark.parametrize("key", ["name", "widths", "densities"])
def test_a_missing_key_of_a_regime_is_named(key):
    regime = {name: value for name, value in REGIME.items() if name != key}
    with pytest.raises(ParameterError, match=rf"regimes.*\b{key}\b"):
        study(regimes=[regime])


@pytest.mark.parametrize("key", sorted(DOSES))
def test_a_missing_key_of_doses_is_named(key):
    doses = {name: value for name, value in DOSES.items() if name != key}
    with pytest.raises(ParameterError, match=rf"doses.*\b{key}\b"):
        study(doses=[doses])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": []}, "data"),
        ({"regimes": []}, "regimes"),
        ({"topologies": []}, "topologies"),
        ({"seeds": []}, "seeds"),
        ({"data": ["digits", "digits"]}, "'digits' comes twice"),
        ({"seeds": [1, 1]}, "'1' comes twice"),
        ({"rate_factors": [1.0, 1], "n_validation": 5}, "'1.0' comes twice"),
        ({"rate_factors": [2.0]}, "with 1, the fixed rate"),
        ({"regimes": [REGIME, REGIME]}, "'small' comes twice"),
        (with_regime(densities=[0.25, 0.25]), "'small 0.25' comes twice"),
        (with_regime(densities=[0.25, 0.25000001]), "'small 0.25' comes twice"),
        (with_regime(data=["digits", "digits"]), "'digits' comes twice"),
        (with_regime(data=["mnist"]), "one of digits"),
        (with_source(seeds=2), "from 1 to the study's 1"),
        (with_source(seeds=0), "from 1 to the study's 1"),
        (with_source(regimes=["large"]), "one of small"),
        (with_source(densities=[0.3]), "none of their regimes"),
        ({"doses": [DOSES, DOSES]}, "'reach' comes twice"),
        ({"doses": [DOSES | {"regime": "large"}]}, "one of small"),
        ({"doses": [DOSES | {"density": 0.3}]}, "one of its regime: 0.25"),
        ({"confirmation": ["mnist"]}, "one of digits, small"),
        ({"rate_factors": [1.0, 3.0]}, "n_validation must be above 0"),
        ({"recipe": {"factors": {"l2": [0.1, 0.1]}}}, "comes twice"),
        ({"recipe": {"factors": {"l2": [0, 0.0]}}}, "are the same"),
        ({"recipe": {"factors": {"name": ["a", "b"]}}}, "are the same"),
        ({"recipe": {"variants": [{"name": "a"}, {"name": "b"}]}}, "are the same"),
        ({"recipe": {"factors": {"l2": [0.1]}, "variants": [{"name": "a"}]}}, "both"),
        (with_source(family="radix", options={"systems": [[8, 8]]}, count=2), "all its nets"),
        ({"statistics": {"primaries": ["path_count_variation"]}}, "no metric called"),
        ({"statistics": {"primaries": ["fan_in_cv"]}}, "fan_in_cv.mean"),
        ({"statistics": {"primaries": ["fan_in_cv.median"]}}, "fan_in_cv.mean"),
        ({"statistics": {"primaries": ["dead_inputs.mean"]}}, "one of dead_inputs"),
        ({"statistics": {"composites": {"a": ["-reach"]}, "primaries": ["a"]}}, "no metric"),
        (
            {"statistics": {"primaries": ["dead_inputs"], "exploratory": ["dead_inputs"]}},
            "named once",
        ),
        ({"statistics": {"baseline": "random"}}, "one of uniform"),
        (
            {"topologies": [UNIFORM, UNIFORM | {"name": "again", "first_seed": 1}]},
            "must come once",
        ),
        ({"topologies": [UNIFORM, UNIFORM | {"first_seed": 1}]}, "must come once"),
        ({"regimes": [REGIME, REGIME | {"name": "other"}]}, "must come once"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changes, said):
    with pytest.raises(ParameterError) as caught:
        study(**changes)
    assert said in str(caught.value)


def test_names_may_come_again_in_another_stratum():
    regime = REGIME | {"densities": [0.25, 0.5]}
    sources = [UNIFORM | {"densities": [0.25]}, UNIFORM | {"densities": [0.5], "count": 3}]
    assert count_runs(study(regimes=[regime], topologies=sources)) == 5


def test_composites_and_layer_properties_may_be_primaries():
    plan = {
        "primaries": ["evenness", "fan_in_cv.mean"],
        "composites": {"evenness": ["connected_pair_fraction", "-path_count_cv"]},
        "baseline": "uniform, degree twins",
    }
    found = study(statistics=plan, topologies=[UNIFORM | {"degree_twins": 1}]).statistics
    assert found.composites == {"evenness": ("connected_pair_fraction", "-path_count_cv")}


def test_errors_name_the_file(tmp_path):
    file = tmp_path / "mine.toml"
    for content, error, found in (
        ("colour = 3", ParameterError, "colour"),
        ("colour = ", ReadError, "TOML"),
        ("name = '\xe4'", ReadError, "TOML"),
        ("rate_factors = 3", ParameterError, "rate_factors"),
        ("[recipe]\nbase = 'none'", ParameterError, "none"),
    ):
        file.write_bytes(content.encode("latin-1"))
        with pytest.raises(error, match=found) as caught:
            read_study(file)
        assert str(caught.value).startswith(str(file))
    with pytest.raises(ReadError, match=r"none\.toml"):
        read_study(tmp_path / "none.toml")
    with pytest.raises(ReadError):
        read_study(tmp_path)


def test_reading_changes_nothing_that_was_given():
    content = said(recipe={"base": "modern", "factors": {"l2": [0.1, 0.0]}})
    before = copy.deepcopy(content)
    study_of(content)
    assert content == before
