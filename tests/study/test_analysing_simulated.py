"""What a whole analysis does with gaps, plans and series of doses."""

from __future__ import annotations

import pytest

from tests.study.report.simulated_rows import factorial_rows, simulated_rows, specification
from topograph.study.analysing import analyse_study
from topograph.study.statistics import holm

ROWS = simulated_rows(n_topologies=2, n_labellings=2, data=("digits", "mnist"))
ASKED = specification(data=["digits", "mnist"])


@pytest.fixture(scope="module")
def results():
    return analyse_study(ROWS, ASKED)


def test_a_primary_without_a_value_leaves_its_nets_out_of_the_mixed_model_and_says_so(results):
    topology = ROWS[0]["topology"]
    rows = [row | {"metric.end_to_end_gap": None} if row["topology"] == topology else row
            for row in ROWS]  # fmt: skip
    found = analyse_study(rows, ASKED)
    assert set(found.mixed) == set(results.mixed)
    for place, model in found.mixed.items():
        left_out = results.mixed[place].n_rows - model.n_rows
        assert left_out == sum(
            row["topology"] == topology and place.startswith(row["data"]) for row in rows
        )
        assert f"for want of a value of a primary: {left_out}" in model.notes[-1]
    none = analyse_study([row | {"metric.end_to_end_gap": None} for row in ROWS], ASKED)
    assert none.mixed == {}
    assert "no net has a value of every primary" in none.undefined["mixed model: digits, lenet"]


def test_level_seed_and_permutations_of_the_plan_are_those_of_all_parts():
    asked = specification(
        data=["digits", "mnist"],
        statistics={
            "primaries": list(ASKED.statistics.primaries),
            "level": 0.8,
            "seed": 7,
            "n_permutations": 19,
            "n_resamples": 20,
            "baseline": "uniform",
        },
    )
    found = analyse_study(ROWS, asked)
    levels = {one.interval.level for one in found.doses.values()}
    levels |= {one.overall.interval.level for one in found.alignment.values()}
    levels |= {one.interval.level for part in found.contrasts.values() for one in part
               if one.interval}  # fmt: skip
    levels |= {effect.interval.level for one in found.mixed.values()
               for effect in one.effects.values()}  # fmt: skip
    assert levels == {0.8}
    assert {one.n_permutations for one in found.doses.values()} == {19}


def test_contrasts_are_adjusted_over_all_environments(results):
    every = [one for part in results.contrasts.values() for one in part]
    tested = [one for one in every if one.p_value is not None]
    assert len(results.contrasts) == 2
    assert [one.adjusted_p for one in tested] == pytest.approx(
        list(holm([one.p_value for one in tested]))
    )


def test_steps_of_a_series_are_no_topologies_of_the_causes():
    rows = factorial_rows()
    asked = specification(
        data=["digits"],
        recipe={
            "base": "modern",
            "factors": {"initialisation": ["truncated_normal", "fan_in"], "l2": [0.1, 0.0]},
        },
    )
    steps = [row | {"role": "dose", "topology": f"step {number}", "series": "a", "moved": "gap",
                    "dose": None} for number, row in enumerate(rows)]  # fmt: skip
    one, other = (analyse_study(part, asked).causes for part in (rows, rows + steps))
    assert one == other
    assert one["accuracy, recipe alone"].overall.n_topologies == 4
