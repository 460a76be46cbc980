from __future__ import annotations

import json

import numpy as np
import pytest

from tests.study.simulated import table
from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import (
    StudyTable,
    analyse,
    benjamini_hochberg,
    cluster_bootstrap,
    holm,
    out_of_family,
    partial_rank_correlation,
    permutation_test,
    two_part,
)

QUICK = {"n_permutations": 199, "n_resamples": 100}
NAMES = [f"property_{at}" for at in range(5)]


@pytest.fixture(scope="module")
def study():
    return table(1, n=5, n_topologies=16, n_seeds=3)


@pytest.fixture(scope="module")
def findings(study):
    return analyse(study, NAMES[:3], NAMES[3:], **QUICK)


def test_parts_are_those_of_the_functions(study, findings):
    tested = np.isin(
        study.cell, [f"{one.environment} | {one.stratum}" for one in findings.cells if one.tested]
    )
    here = {name: array[tested] for name, array in study.arrays.items()}
    columns = (here["property_1"], here["outcome"], study.cell[tested], here["topology"])
    found = findings.primaries[1]
    assert found.test == permutation_test(*columns, n_permutations=199)
    assert found.interval == cluster_bootstrap(*columns, n_resamples=100)
    families = [
        f"{cell} of {family}" for cell, family in zip(columns[2], here["family"], strict=True)
    ]
    alone = permutation_test(*columns[:2], families, columns[3], n_permutations=199)
    assert found.within_families.tau == pytest.approx(alone.tau)
    assert found.within_families.n_strata == alone.n_strata
    assert found.partial == partial_rank_correlation(
        here["property_1"],
        here["outcome"],
        [here["log_edges"]],
        here["environment"],
        here["topology"],
        exchangeable=here["stratum"],
        n_permutations=199,
    )
    assert found.share_of_ceiling == abs(found.test.tau) / findings.ceiling.ceiling


@pytest.mark.parametrize("name", ["property_0", "property_1"])
def test_parts_look_at_tested_cells_alone_with_what_was_asked_for(name):
    """Another level and seed than the defaults, a cell that is not tested, and a gap."""
    study = table(1, n=2, n_topologies=16, n_environments=2)
    random = np.random.default_rng(0)
    dull = (study.arrays["stratum"] == 1) & (study.arrays["environment"] == "data 0")
    outcome = np.where(dull, random.standard_normal(study.n_rows), study.arrays["outcome"])
    topology = study.arrays["topology"]
    prop = np.where(topology % 7 == 0, np.nan, study.arrays[name])
    columns = {**study.columns, "outcome": outcome, name: prop}
    study = StudyTable(columns, study.properties, study.controls)
    asked = {"n_permutations": 99, "n_resamples": 50, "level": 0.8, "seed": 5}
    whole = analyse(study, [name], **asked)
    (found,) = whole.primaries
    cells = [f"{one.environment} | {one.stratum}" for one in whole.cells if one.tested]
    tested = np.isin(study.cell, cells)
    assert not tested[dull].any()
    kept = tested & np.isfinite(prop)
    here = {name: array[kept] for name, array in study.arrays.items()}
    prop, outcome, cell = here[name], here["outcome"], study.cell[kept]
    tests = {"n_permutations": 99, "seed": 5}
    drawn = {"n_resamples": 50, "level": 0.8, "seed": 5}
    assert found.test == permutation_test(prop, outcome, cell, here["topology"], **tests)
    assert found.interval == cluster_bootstrap(prop, outcome, cell, here["topology"], **drawn)
    controls = [here["log_edges"]]
    assert found.partial == partial_rank_correlation(
        *(prop, outcome, controls, here["environment"], here["topology"]),
        exchangeable=here["stratum"],
        **tests,
    )
    for predicted, strata in (
        (found.out_of_family, cell),
        (found.out_of_family_pooled, here["environment"]),
    ):
        rest = (here["family"], strata, here["topology"], here["environment"])
        assert predicted == out_of_family([prop], outcome, controls, *rest, **drawn)
    assert found.out_of_family != found.out_of_family_pooled
    assert found.two_part == two_part(
        prop, outcome, here["predicts_all"], cell, here["topology"], **tests
    )
    assert found.n_rows_left_out == (tested & ~kept).sum() > 0
    assert np.isnan(study.arrays[name][dull]).any()


def test_without_controls_nothing_is_held_fixed(study):
    bare = StudyTable(study.columns, study.properties, [])
    (found,) = analyse(bare, ["property_0"], **QUICK).primaries
    assert found.partial is None
    assert "no controls" in found.undefined["partial"]


def test_primaries_and_exploratory_properties_are_adjusted_apart(findings):
    for group, adjust in (
        (findings.primaries, holm),
        (findings.exploratory, benjamini_hochberg),
    ):
        expected = adjust([one.test.p_value for one in group])
        assert tuple(one.adjusted_p for one in group) == expected
    assert [one.name for one in findings.primaries] == NAMES[:3]
    assert findings.exploratory[0].partial is None
    assert findings.exploratory[0].within_families is None


def test_the_planted_effect_alone_is_found(findings):
    assert findings.primaries[0].adjusted_p < 0.05
    assert findings.primaries[0].out_of_family.gain > 0.1
    assert findings.primaries[0].partial.p_value < 0.05
    assert all(one.adjusted_p > 0.05 for one in findings.primaries[1:])


def test_what_families_share_has_no_part_among_nets_of_one_family():
    """Property and outcome go by family alone: they agree, but not within any family."""
    study = table(2, n=1, n_topologies=40, effect=0.0)
    number = np.array([int(name.split()[1]) for name in study.arrays["family"]], dtype=float)
    noise = np.random.default_rng(0).standard_normal((2, 10_000))
    topology = np.unique(study.arrays["topology"], return_inverse=True)[1]
    columns = {
        **study.columns,
        "property_0": number + 0.2 * noise[0, topology],
        "outcome": study.arrays["outcome"] + number,
    }
    (found,) = analyse(
        StudyTable(columns, study.properties, study.controls), ["property_0"], **QUICK
    ).primaries
    assert found.test.p_value < 0.01
    assert abs(found.within_families.tau) < 0.15 < found.test.tau
    assert found.within_families.p_value > 0.05


def test_where_every_family_has_one_topology_none_can_be_compared(study):
    columns = {**study.columns, "family": study.arrays["topology"].astype(str)}
    (found,) = analyse(
        StudyTable(columns, study.properties, study.controls), ["property_0"], **QUICK
    ).primaries
    assert found.within_families is None
    assert "constant" in found.undefined["within_families"]


def test_the_worst_environment_has_the_smallest_tau_in_the_direction_of_the_whole(findings):
    for one in findings.primaries:
        direction = np.sign(one.test.tau)
        taus = [direction * place.tau for place in one.environments]
        assert direction * one.worst_environment.tau == min(taus)


def test_findings_are_json(findings):
    again = json.loads(json.dumps(findings.as_dict(), allow_nan=False))
    assert again["primaries"][0]["test"]["tau"] == findings.primaries[0].test.tau


def test_a_seed_gives_one_answer(study, findings):
    assert analyse(study, NAMES[:3], NAMES[3:], **QUICK) == findings


def test_cells_with_nothing_to_explain_are_reported_and_left_out():
    study = table(1, n=1, n_topologies=16)
    noise = np.random.default_rng(0).standard_normal(study.n_rows)
    dull = study.arrays["stratum"] == 1
    outcome = np.where(dull, noise, study.arrays["outcome"])
    study = StudyTable({**study.columns, "outcome": outcome}, study.properties, study.controls)
    found = analyse(study, ["property_0"], **QUICK)
    assert {one.stratum: one.tested for one in found.cells} == {"0": True, "1": False}
    assert any("nothing to explain" in note for note in found.notes)
    kept = ~dull
    alone = permutation_test(
        study.arrays["property_0"][kept],
        outcome[kept],
        study.cell[kept],
        study.arrays["topology"][kept],
        n_permutations=199,
    )
    assert found.primaries[0].test == alone
    with pytest.raises(Undefined, match="in no cell"):
        analyse(study, ["property_0"], least_class_share=0.999, **QUICK)


def test_rows_without_a_value_are_left_out_and_counted():
    study = table(1, gaps=True)
    found = analyse(study, ["property_0", "property_2"], **QUICK)
    whole, gaps = found.primaries
    assert whole.n_rows_left_out == 0
    assert gaps.n_rows_left_out == np.isnan(study.arrays["property_2"]).sum() > 0
    assert gaps.test.n_topologies < whole.test.n_topologies


def test_a_property_without_any_value_says_so():
    study = table(1)
    columns = {**study.columns, "property_1": np.full(study.n_rows, np.nan)}
    columns["property_2"] = np.ones(study.n_rows)
    study = StudyTable(columns, study.properties, study.controls)
    found = analyse(study, ["property_0", "property_1", "property_2"], **QUICK)
    assert "no value" in found.primaries[1].undefined["test"]
    assert "constant" in found.primaries[2].undefined["test"]
    assert found.primaries[1].adjusted_p is None
    assert found.primaries[0].adjusted_p == found.primaries[0].test.p_value
    json.dumps(found.as_dict(), allow_nan=False)


def test_primaries_that_are_one_are_named():
    study = table(1)
    columns = {**study.columns, "property_1": np.exp(study.arrays["property_0"])}
    study = StudyTable(columns, study.properties, study.controls)
    found = analyse(study, ["property_0", "property_1"], **QUICK)
    assert found.collinear == (("property_0", "property_1"),)
    assert any("count them as one primary" in note for note in found.notes)


def test_gaps_elsewhere_do_not_hide_primaries_that_are_one():
    study = table(1)
    topology = study.arrays["topology"]
    twin = np.where(topology % 3 == 0, np.nan, -study.arrays["property_0"])
    columns = {**study.columns, "property_1": twin, "property_2": np.full(study.n_rows, np.nan)}
    study = StudyTable(columns, study.properties, study.controls)
    found = analyse(study, ["property_0", "property_1"], ["property_2"], **QUICK)
    assert found.collinear == (("property_0", "property_1"),)


def test_single_seeds_leave_the_share_unknown():
    found = analyse(table(1, n_seeds=1), ["property_0"], **QUICK)
    assert found.ceiling is None
    assert all(one.tested and one.class_share is None for one in found.cells)
    assert any("share of the topology unknown" in note for note in found.notes)


def test_labellings_are_split_where_there_are_several(study, findings):
    assert findings.ceiling_replicates == "seed"
    columns = {**study.columns, "labelling": study.arrays["seed"]}
    other = StudyTable(columns, study.properties, study.controls)
    assert analyse(other, NAMES[:1], **QUICK).ceiling_replicates == "labelling"


def test_roles_are_checked(study):
    with pytest.raises(ParameterError, match="one of property_0, "):
        analyse(study, ["reach"])
    with pytest.raises(ParameterError, match="named twice"):
        analyse(study, ["property_0"], ["property_0"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": None}, "must have the columns outcome"),
        ({"outcome": [1.0, np.nan, 2.0]}, "outcome must be finite in every row, but row 1"),
        ({"stratum": [1, 1]}, "stratum must be of 3 rows"),
        ({"family": ["a", "b", "a"]}, "Topology 1 must have one family, but it has a and b"),
        ({"stratum": [1, 2, 1]}, "must have one stratum in one environment"),
        ({"seed": [0, 0, 0]}, "rows 0 and 1 are the same run"),
        ({"reach": [1, np.inf, 2]}, "row 1 is infinite"),
    ],
)
def test_a_table_says_what_is_wrong_with_it(change, message):
    columns = {
        "outcome": [1.0, 2.0, 3.0],
        "stratum": [1, 1, 1],
        "topology": [1, 1, 2],
        "labelling": [0, 0, 0],
        "seed": [0, 1, 0],
        "family": ["a", "a", "b"],
        "environment": ["e"] * 3,
        "reach": [1.0, 1.0, 0.5],
    }
    StudyTable(columns, ["reach"])
    changed = {k: v for k, v in (columns | change).items() if v is not None}
    with pytest.raises(ParameterError, match=message):
        StudyTable(changed, ["reach"])


def test_a_table_cannot_be_changed_from_outside():
    outcome = np.array([1.0, 2.0])
    columns = {
        name: np.arange(2)
        for name in ("stratum", "topology", "labelling", "seed", "family", "environment")
    }
    found = StudyTable({**columns, "outcome": outcome}, [])
    outcome[0] = 99  # the caller's array stays the caller's, and the table its own
    assert found.arrays["outcome"].tolist() == [1.0, 2.0]
