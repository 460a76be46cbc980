from __future__ import annotations

import functools

import pytest

from tests.study.small_studies import RECIPE, REGIME, UNIFORM, run, study
from topograph.errors import Undefined
from topograph.study.analysing import StudyResults, analyse_study
from topograph.study.collecting import collect_study
from topograph.study.statistics import data_alignment, mixed_model

pytest.importorskip("torch")
pytest.importorskip("sklearn")

QUICK = {"n_permutations": 50, "n_resamples": 20}
SPARSE = REGIME | {"densities": [0.05]}
FACTORIAL = study(
    recipe=RECIPE | {"factors": {"relu_logits": [True, False], "l2": [0.1, 0.01, 0.0]}},
    topologies=[UNIFORM | {"count": 3, "repaired": True}, {"family": "balanced"}],
    regimes=[SPARSE],
    statistics=QUICK,
)
PLAIN = study(
    seeds=2,
    topologies=[
        UNIFORM | {"count": 4, "relabellings": 1},
        {"family": "continuous", "count": 4, "relabellings": 1},
    ],
    regimes=[SPARSE],
    n_validation=100,
    rate_factors=[1.0, 4.0],
    statistics=QUICK
    | {
        "primaries": ["connected_pair_fraction", "output_fan_in_min"],
        "exploratory": ["fan_in_cv.mean"],
        "least_class_share": 1e-9,
        "baseline": "uniform",
    },
)


def collected(specification, folder):
    run(specification, folder)
    return collect_study(specification, folder)


@pytest.fixture(scope="module")
def factorial(tmp_path_factory):
    rows = collected(FACTORIAL, tmp_path_factory.mktemp("factorial"))
    return rows, analyse_study(rows, FACTORIAL)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    rows = collected(PLAIN, tmp_path_factory.mktemp("plain"))
    return rows, analyse_study(rows, PLAIN)


def is_sentence(reason):
    return isinstance(reason, str) and " " in reason and "Error" not in reason


def test_causes_of_failures_and_of_accuracy(factorial):
    """Other factors are kept apart: blocks hold them fixed."""
    rows, results = factorial
    assert set(results.causes) == {
        f"{outcome}, {place}"
        for outcome in ("failures", "accuracy")
        for place in ("recipe and structure", "recipe alone")
    }
    both = results.causes["accuracy, recipe and structure"].overall
    assert [one.name for one in both.causes] == ["relu_logits", "dead outputs"]
    assert (both.n_topologies, both.n_blocks, both.n_left_out) == (3, 9, 0)
    alone = results.causes["accuracy, recipe alone"].overall
    assert [one.name for one in alone.causes] == ["relu_logits"]
    assert (alone.n_topologies, alone.n_blocks) == (1, 3)
    mine = {
        value: [
            row["test_accuracy"]
            for row in rows
            if row["family"] == "balanced" and row["factor.relu_logits"] is value
        ]
        for value in (True, False)
    }
    difference = sum(mine[False]) / 3 - sum(mine[True]) / 3
    assert alone.difference.value == pytest.approx(difference)


def test_without_primaries_there_are_no_findings(factorial):
    _, results = factorial
    assert results.findings == results.mixed == results.doses == {}


def test_a_study_of_properties_has_its_parts(plain):
    rows, results = plain
    assert len(rows) == 64
    assert results.causes == {}
    for name in ("tuned", "fixed"):
        if f"tests: {name}" in results.undefined:
            continue
        found = results.findings[name]
        assert [one.name for one in found.primaries] == list(PLAIN.statistics.primaries)
        assert [one.name for one in found.exploratory] == ["fan_in_cv.mean"]
        assert found.settings["n_permutations"] == 50
        (cell,) = found.cells
        assert (cell.environment, cell.stratum) == ("digits, small", "small 0.05")
        assert (cell.n_topologies, cell.n_rows) == (8, 32)
    assert set(results.findings) | {
        name.removeprefix("tests: ") for name in results.undefined if name.startswith("tests")
    } == {"tuned", "fixed"}
    for name, part in (
        ("data alignment", results.alignment),
        ("family contrasts", results.contrasts),
        ("mixed model", results.mixed),
    ):
        told = f"{name}: digits, small" in results.undefined
        assert told != ("digits, small" in part), name


def test_what_is_undefined_is_said_in_a_sentence_for_each_part(factorial, plain):
    for _, results in (factorial, plain):
        for name, reason in results.undefined.items():
            assert ": " in name
            assert is_sentence(reason), (name, reason)


def no_value(*_, **__):
    raise Undefined("there is no such thing")


def test_parts_without_a_value_do_not_hide_each_other():
    results = StudyResults()
    for part, make in ((results.alignment, data_alignment), (results.mixed, mixed_model)):
        results.add(part, "digits, small", functools.wraps(make)(no_value))
    assert results.alignment == results.mixed == {}
    assert results.undefined == {
        "data alignment: digits, small": "there is no such thing",
        "mixed model: digits, small": "there is no such thing",
    }


def test_confirmation_stands_apart(tmp_path):
    regimes = [SPARSE, SPARSE | {"name": "held", "densities": [0.06]}]
    specification = study(
        regimes=regimes,
        topologies=[UNIFORM | {"count": 4}],
        confirmation=["held"],
        seeds=2,
        statistics=QUICK | {"primaries": ["connected_pair_fraction"], "least_class_share": 1e-9},
    )
    results = analyse_study(collected(specification, tmp_path), specification)
    said = set(results.findings) | {
        name.removeprefix("tests: ") for name in results.undefined if name.startswith("tests")
    }
    assert said == {"fixed", "fixed, confirmation"}
    for name, found in results.findings.items():
        (cell,) = found.cells
        assert cell.environment == ("digits, held" if "confirm" in name else "digits, small")


def test_without_rows_there_is_nothing():
    with pytest.raises(Undefined, match="no run of the study is done yet"):
        analyse_study([], PLAIN)
