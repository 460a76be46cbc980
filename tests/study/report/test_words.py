from __future__ import annotations

import re
from dataclasses import replace

import pytest

from topograph.study.report.further_words import (
    causes,
    confirmation,
    doses,
    failures,
    labellings,
)
from topograph.study.report.words import answer, supported
from topograph.study.statistics import DoseResponse, EnvironmentTau, Interval, data_alignment

CAUSAL = re.compile(r"\b(causes?|because|raises?|lowers?|improves?|leads? to|due to|makes?)\b")


@pytest.fixture(scope="module")
def findings(study):
    return study[2].findings["fixed"]


def changed(findings, at=0, **changes):
    """The findings with one primary changed."""
    primaries = list(findings.primaries)
    primaries[at] = replace(primaries[at], **changes)
    return replace(findings, primaries=tuple(primaries))


def none_held(findings):
    primaries = tuple(replace(one, adjusted_p=0.4) for one in findings.primaries)
    return replace(findings, primaries=primaries)


def test_the_property_that_matters_is_said_first_and_the_others_are_not_shown(findings):
    first, *rest = answer(findings)
    assert [one.name for one in supported(findings)] == ["connected_pair_fraction"]
    assert first.startswith(
        "**connected_pair_fraction** predicts accuracy at equal density: 1 of 3"
    )
    assert f"in {sum(one.tested for one in findings.cells)} of 9 cells" in first
    (others,) = [line for line in rest if line.startswith("Not shown to predict")]
    assert "end_to_end_gap" in others
    assert "spectral_gap.min" in others


def test_where_nothing_holds_the_answer_begins_with_that(findings):
    assert answer(none_held(findings))[0].startswith(
        "**No property named beforehand is shown to predict accuracy at equal density.**"
    )


@pytest.mark.parametrize("make", [lambda found: found, none_held])
def test_tests_are_never_told_as_causes(findings, make):
    assert not CAUSAL.search(" ".join(answer(make(findings))))


def test_tau_interval_and_ceiling_are_the_numbers_found(findings):
    one = findings.primaries[0]
    said = answer(findings)[1]
    assert f"Tau is {one.test.tau:+.2f}" in said
    assert f"{one.interval.low:+.2f} to {one.interval.high:+.2f}" in said
    assert f"{100 * one.share_of_ceiling:.0f} % of the noise ceiling" in said
    assert f"a gain of {one.out_of_family_pooled.gain:+.2f}" in said


def test_an_environment_with_the_other_sign_is_named(findings):
    places = (EnvironmentTau("digits", 0.5), EnvironmentTau("mnist", -0.2))
    said = answer(changed(findings, environments=places))[1]
    assert "The sign holds in 1 of 2 environments, **not in mnist (-0.20)**" in said


def test_what_holds_among_nets_of_one_family_is_said(findings):
    one = findings.primaries[0]
    for tau, p_value, words in (
        (0.25, 0.001, "Among nets of one family tau is +0.25 (p = 0.001, 12 topologies)."),
        (0.25, 0.2, "Among nets of one family tau is +0.25 (p = 0.20, 12 topologies), **which is"),
        (-0.1, 0.2, "Among nets of one family it **does not hold**: tau is -0.10 (p"),
    ):
        found = replace(one.within_families, tau=tau, p_value=p_value, n_topologies=12)
        assert words in answer(changed(findings, within_families=found))[1]
    undefined = {**one.undefined, "within_families": "the reason"}
    said = answer(changed(findings, within_families=None, undefined=undefined))[1]
    assert "Not tried among nets of one family: the reason." in said


def test_an_interval_of_the_gain_around_zero_is_no_sure_gain(findings):
    one = findings.primaries[0]
    for low, high, words in (
        (-0.1, 0.4, "no sure gain"),
        (-0.4, -0.1, "a loss of"),
        (0.1, 0.4, "a gain of"),
    ):
        interval = Interval(low, high, 0.95, 100, "percentile bootstrap")
        found = replace(one.out_of_family, interval=interval)
        said = answer(changed(findings, out_of_family=found, out_of_family_pooled=None))[1]
        assert words in said


def test_families_that_a_property_does_not_rank_are_named(findings):
    one = findings.primaries[0].out_of_family
    families = tuple(
        replace(score, tau=-0.3 if score.family == "monarch" else 0.5) for score in one.families
    )
    found = changed(findings, out_of_family=replace(one, families=families))
    assert "**it does not rank the nets of monarch (-0.30)**, 1 of 8 families" in answer(found)[1]


def test_points_on_one_property_stand_below_it(findings):
    first, *below = answer(findings)[1].splitlines()
    assert first.startswith("**connected_pair_fraction**: nets with more of it are more accurate.")
    assert len(below) >= 4
    assert all(line.endswith(".") for line in (first, *below))


def test_cells_with_nothing_to_explain_are_listed(findings):
    left_out = [one for one in findings.cells if not one.tested]
    said = answer(findings)[-1]
    assert left_out
    assert said.startswith(f"Nothing to explain in {len(left_out)} cells")
    for one in findings.cells:
        named = f" {one.environment.removesuffix(', lenet')}, {one.stratum} ("
        assert (named in said) == (one in left_out)


def test_exploratory_properties_are_leads_only(findings):
    held = tuple(replace(one, adjusted_p=0.01) for one in findings.exploratory)
    (said,) = [line for line in answer(replace(findings, exploratory=held)) if "leads" in line]
    assert said.startswith("Of 2 exploratory properties 2 stand out")


def test_confirmation_needs_the_sign_and_the_p_value(findings):
    one = findings.primaries[0]
    cases = (
        (0.3, 0.01, ": confirmed"),
        (0.3, 0.2, "sign is the same"),
        (-0.3, 0.01, "sign is the other"),
        (None, None, "want of a value"),
    )
    for tau, p, words in cases:
        held = changed(findings, test=replace(one.test, tau=tau), adjusted_p=p)
        (said,) = confirmation(findings, held)
        assert words in said
        assert ("not confirmed" in said) == (words != ": confirmed")


def test_with_nothing_found_there_is_nothing_to_confirm(findings):
    assert confirmation(none_held(findings), findings)[0].startswith("There is nothing to confirm")


def test_failures_are_counted_as_the_rows_have_them(study, findings):
    nets = [row for row in study[0] if row["role"] != "dose"]
    n_failed = sum(not row["predicts_all"] for row in nets)
    diverged = sum(row["diverged"] for row in nets)
    said = failures(study[0], findings)
    assert said[0].startswith(f"{n_failed} of {len(nets)} nets failed")
    assert f": {diverged} diverged, {n_failed - diverged} never predict" in said[0]
    assert f"connected_pair_fraction {findings.primaries[0].two_part.success.auc:.2f}" in said[1]


def test_without_failures_that_is_said():
    nets = [{"predicts_all": True, "diverged": False, "role": "named"}] * 3
    assert failures(nets, None) == ["None of 3 nets failed: none diverged, none left out a class."]


def dose(p_value, sign_flip, slope=0.2):
    return DoseResponse(slope, {"a": slope, "b": slope}, None, p_value, sign_flip, 99, {})


def test_a_dose_is_told_as_a_cause_only_if_it_is_sure():
    assert "raises accuracy. " in doses({"x": dose(0.01, 0.01)})[0]
    assert "lowers accuracy. " in doses({"x": dose(0.01, 0.01, -0.2)})[0]
    assert (
        "that it is the dose, and so on other base topologies, is not shown"
        in doses({"x": dose(0.01, 0.5)})[0]
    )
    assert "cannot give less than 0.5" in doses({"x": dose(0.01, 0.5)})[0]
    assert "has no sure effect" in doses({"x": dose(0.3, 0.5)})[0]


def test_the_gain_of_the_natural_labelling_is_in_points():
    outcome, topology, labelling = [0.9, 0.6, 0.8, 0.7], [1, 1, 2, 2], [0, 1, 0, 1]
    (said,) = labellings({"mnist": data_alignment(outcome, topology, labelling)})
    assert "gains +20.0 points" in said
    assert "2 topologies" in said


def test_the_part_of_each_factor_is_said_with_the_largest_first(factorial):
    found = factorial[2].causes["accuracy, recipe alone"]
    (said,) = causes({"accuracy": found})
    part = found.overall.causes[0].shapley
    assert said.index("initialisation") < said.index("l2")
    assert f"initialisation {100 * part.value:+.1f} points" in said
    (none,) = causes({"failures": factorial[2].causes["failures, recipe alone"]})
    assert none == "failures: mending changes nothing."
