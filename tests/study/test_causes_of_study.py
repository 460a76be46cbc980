from __future__ import annotations

from tests.study.small_studies import RECIPE, UNIFORM, study
from topograph.study.causes_of_study import factor_values, mended_runs

FACTORIAL = study(
    recipe=RECIPE | {"factors": {"relu_logits": [True, False], "l2": [0.1, 0.01, 0.0]}},
    topologies=[UNIFORM | {"repaired": True}, {"family": "balanced"}],
)


def row(topology, relu_logits, l2=0.1, **more):
    factors = {"factor.relu_logits": relu_logits, "factor.l2": l2}
    where = {"labelling": 0, "seed": 1, "data": "digits", "stratum": "small 0.1"}
    return where | {"topology": topology, "base": "", "family": "uniform"} | factors | more


def test_two_values_of_a_factor_are_a_cause_in_the_order_of_the_file():
    assert factor_values(FACTORIAL) == {"relu_logits": [True, False]}
    assert factor_values(study()) == {}


def test_a_repaired_twin_is_in_the_block_of_its_base():
    whole = [row("t", relu_logits, **{"factor.repaired": False}) for relu_logits in (True, False)]
    twins = [row("u", False, base="t", **{"factor.repaired": True})]
    (found,) = mended_runs(whole + twins, FACTORIAL)
    assert found.name == "recipe and structure"
    assert found.mends == {
        "relu_logits": [False, True, True],
        "dead outputs": [False, False, True],
    }
    assert found.bases == ["t", "t", "t"]
    assert len(set(found.blocks)) == 1
    assert found.strata == ["small 0.1, uniform"] * 3


def test_a_block_holds_all_else_fixed():
    rows = [row("t", True), row("t", False)]
    others = [{"l2": 0.01}, {"seed": 2}, {"data": "mnist"}, {"labelling": 1}]
    rows += [row("t", True, **change) for change in others] + [row("u", True)]
    (found,) = mended_runs(rows, FACTORIAL)
    assert found.name == "recipe alone"
    assert list(found.mends) == ["relu_logits"]
    assert found.blocks[0] == found.blocks[1]
    assert len(set(found.blocks)) == 1 + len(others) + 1


def test_runs_with_and_without_repaired_twins_stand_apart():
    rows = [row("t", True), row("u", True, **{"factor.repaired": False})]
    found = mended_runs(rows, FACTORIAL)
    assert [(part.name, part.rows) for part in found] == [
        ("recipe and structure", rows[1:]),
        ("recipe alone", rows[:1]),
    ]
    assert mended_runs(rows, study()) == []
