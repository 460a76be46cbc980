"""What do the tests of a study say, in plain words?"""

from __future__ import annotations

from topograph.export.markdown import escaped
from topograph.study.report.numbers_in_words import (
    between,
    joined,
    probability,
    share,
    signed,
)
from topograph.study.report.observations import cell_name
from topograph.study.statistics import OutOfFamily, PropertyFinding, StudyFindings
from topograph.wording import counted


def answer(findings: StudyFindings) -> list[str]:
    """Say what predicts the outcome, how much beyond density, how surely, and where it fails.

    Nothing here is said of causes: properties that go with accuracy may do so for the sake of
    others.

    Parameters
    ----------
    findings : StudyFindings

    Returns
    -------
    list of str
        Markdown, a point each: the primaries first, what could not be asked last.
    """
    held = supported(findings)
    return [
        _headline(findings, held),
        *(_held(one, findings) for one in held),
        *_not_held(findings, held),
        *_exploratory(findings),
        *_ceiling(findings),
        *_untested(findings),
    ]


def supported(findings: StudyFindings) -> list[PropertyFinding]:
    """Return the primaries that hold after Holm's adjustment, strongest first."""
    limit = 1 - float(findings.settings["level"])
    found = [
        one for one in findings.primaries if one.adjusted_p is not None and one.adjusted_p <= limit
    ]
    return sorted(found, key=lambda one: -abs(one.test.tau or 0.0))


def _headline(findings: StudyFindings, held: list[PropertyFinding]) -> str:
    named = counted(len(findings.primaries), "property", "properties")
    limit = f"{1 - float(findings.settings['level']):.2g}"
    tested = sum(one.tested for one in findings.cells)
    where = f"in {tested} of {counted(len(findings.cells), 'cell')}"
    if not findings.primaries:
        return (
            f"**No property was named beforehand**, so none was tested; {where} there is "
            "something to explain."
        )
    if not held:
        return (
            f"**No property named beforehand is shown to predict accuracy at equal density.** Of "
            f"{named} none orders nets better than chance would (Holm, {limit}; {where})."
        )
    names = joined([f"**{escaped(one.name)}**" for one in held])
    verb = "predicts" if len(held) == 1 else "predict"
    return (
        f"{names} {verb} accuracy at equal density: {len(held)} of {named} named beforehand "
        f"(Holm, {limit}; {where})."
    )


def _held(one: PropertyFinding, findings: StudyFindings) -> str:
    """Say how strongly and how surely, where, and what is left beside density."""
    tau = one.test.tau or 0.0
    level = share(float(findings.settings["level"]), 0)
    parts = [
        f"**{escaped(one.name)}**: nets with more of it are {'more' if tau > 0 else 'less'} "
        f"accurate. Tau is {signed(tau)}"
    ]
    if one.interval:
        parts[0] += f" ({level} interval {between(one.interval)})"
    parts[0] += (
        f", adjusted p {probability(one.adjusted_p)}, "
        f"{counted(one.test.n_topologies, 'topology', 'topologies')}"
    )
    if one.share_of_ceiling is not None:
        parts[0] += f"; that is {share(one.share_of_ceiling, 0)} of the noise ceiling"
    parts.append(_places(one))
    parts += _one_family(one, 1 - float(findings.settings["level"]))
    if one.partial is not None:
        parts.append(
            f"All densities together and the edges of every layer accounted for, the rank "
            f"correlation is {signed(one.partial.rho)} (p {probability(one.partial.p_value)})"
        )
    for found, where in (
        (one.out_of_family, "Within cells"),
        (one.out_of_family_pooled, "All densities together"),
    ):
        if found is not None:
            parts.append(_unseen_families(found, where, level))
    if one.out_of_family is not None:
        parts += _failing_families(one.out_of_family)
    if one.out_of_family is None and "out_of_family" in one.undefined:
        parts.append(f"Not tried on unseen families: {escaped(one.undefined['out_of_family'])}")
    return ".\n".join(parts) + "."


def _places(one: PropertyFinding) -> str:
    known = [place for place in one.environments if place.tau is not None]
    if len(known) < 2:
        return "One environment only has tested cells: nothing is known of others"
    direction = 1 if (one.test.tau or 0.0) > 0 else -1
    against = [place for place in known if direction * (place.tau or 0.0) <= 0]
    text = f"The sign holds in {len(known) - len(against)} of {counted(len(known), 'environment')}"
    if against:
        listed = [f"{escaped(place.environment)} ({signed(place.tau)})" for place in against]
        return f"{text}, **not in {joined(listed)}**"
    worst = one.worst_environment
    if worst is None:
        return text
    return f"{text}, weakest in {escaped(worst.environment)} ({signed(worst.tau)})"


def _one_family(one: PropertyFinding, limit: float) -> list[str]:
    """Say whether it holds among the nets of one family, whatever else families share."""
    found = one.within_families
    if found is None:
        reason = one.undefined.get("within_families")
        return [] if reason is None else [f"Not tried among nets of one family: {escaped(reason)}"]
    tau, total = found.tau or 0.0, one.test.tau or 0.0
    said = f"tau is {signed(found.tau)} (p {probability(found.p_value)}"
    said += f", {counted(found.n_topologies, 'topology', 'topologies')})"
    if tau * total <= 0:
        return [f"Among nets of one family it **does not hold**: {said}"]
    is_shown = found.p_value is not None and found.p_value <= limit
    return [f"Among nets of one family {said}{'' if is_shown else ', **which is not shown**'}"]


def _unseen_families(found: OutOfFamily, where: str, level: str) -> str:
    text = (
        f"{where}, it ranks nets of families left out of the fit with tau {signed(found.tau)}, "
        f"density alone with {signed(found.baseline_tau)}: "
    )
    interval = found.interval
    said = f" ({level} interval {between(interval)})" if interval else " (no interval)"
    narrow = "; the interval is too narrow, without any effect one in four leaves out 0"
    if interval is not None and interval.low > 0:
        return f"{text}a gain of {signed(found.gain)}{said}{narrow}"
    if interval is not None and interval.high < 0:
        return f"{text}**a loss of {signed(-found.gain)[1:]}**{said}{narrow}"
    return f"{text}a difference of {signed(found.gain)}{said}, **no sure gain**"


def _failing_families(found: OutOfFamily) -> list[str]:
    failing = [
        f"{escaped(score.family)} ({signed(score.tau)})"
        for score in found.families
        if score.tau <= 0
    ]
    if not failing:
        return ["Within cells it is more often right than wrong in every family left out"]
    total = counted(len(found.families), "family", "families")
    names = f"**it does not rank the nets of {joined(failing)}**"
    return [f"Within cells {names}, {len(failing)} of {total}"]


def _not_held(findings: StudyFindings, held: list[PropertyFinding]) -> list[str]:
    rest = [one for one in findings.primaries if one not in held]
    tried = [one for one in rest if one.test.tau is not None]
    without = [one for one in rest if one.test.tau is None]
    lines = []
    if tried:
        listed = [
            f"{escaped(one.name)} ({signed(one.test.tau)}"
            + (f"; {between(one.interval)}" if one.interval else "")
            + ")"
            for one in tried
        ]
        lines.append(
            f"Not shown to predict: {joined(listed)}. That is not proof of no effect: the "
            f"intervals, each taken alone, say how large one may still be."
        )
    lines += [
        f"No answer on {escaped(one.name)}: {escaped(one.test.undefined or 'no value')}."
        for one in without
    ]
    return lines


def _exploratory(findings: StudyFindings) -> list[str]:
    limit = 1 - float(findings.settings["level"])
    tried = [one for one in findings.exploratory if one.adjusted_p is not None]
    if not tried:
        return []
    found = [one for one in tried if (one.adjusted_p or 0.0) <= limit]
    total = counted(len(tried), "exploratory property", "exploratory properties")
    if not found:
        return [f"Of {total} none stands out (Benjamini-Hochberg, {limit:.2g})."]
    strongest = sorted(found, key=lambda one: -abs(one.test.tau or 0.0))[:6]
    listed = joined([f"{escaped(one.name)} ({signed(one.test.tau)})" for one in strongest])
    more = f", the strongest of them {listed}" if len(found) > len(strongest) else f": {listed}"
    return [
        f"Of {total} {len(found)} {'stands' if len(found) == 1 else 'stand'} out "
        f"(Benjamini-Hochberg, {limit:.2g}){more}. "
        "They are leads for another study, not findings of this one."
    ]


def _ceiling(findings: StudyFindings) -> list[str]:
    groups = [f"{joined([escaped(name) for name in group])}" for group in findings.collinear]
    lines = [f"Nearly one and the same here: {text}." for text in groups]
    ceiling = findings.ceiling
    if ceiling is not None and ceiling.ceiling is not None:
        lines.append(
            f"The noise ceiling is {signed(ceiling.ceiling)[1:]}: no property can be expected to "
            f"reach a larger tau with so many nets a topology (two halves of the "
            f"{findings.ceiling_replicates}s agree with {signed(ceiling.agreement)})."
        )
    elif ceiling is not None:
        lines.append(f"No noise ceiling: {ceiling.undefined}.")
    return lines


def _untested(findings: StudyFindings) -> list[str]:
    left_out = [one for one in findings.cells if not one.tested]
    if not left_out:
        return []
    least = share(float(findings.settings["least_class_share"]), 0)
    listed = [
        f"{escaped(cell_name(one.environment, one.stratum))} ({share(one.class_share, 0)})"
        for one in left_out
    ]
    return [
        f"Nothing to explain in {counted(len(left_out), 'cell')}, where less than {least} of the "
        f"variance of accuracy lies between topologies; no property is tested there: "
        f"{joined(listed)}."
    ]
