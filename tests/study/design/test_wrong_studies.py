from __future__ import annotations

import pytest

from tests.study.small_studies import DOSES, REGIME, UNIFORM, study
from topograph.errors import ParameterError


def with_regime(**changes):
    return {"regimes": [REGIME | changes]}


def with_source(**changes):
    return {"topologies": [UNIFORM | changes]}


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
