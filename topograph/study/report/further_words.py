"""What is there to say beside the tests: failures, doses, labellings, causes, confirmation?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from topograph.export.markdown import escaped
from topograph.study.report.numbers_in_words import (
    joined,
    points,
    probability,
    share,
    signed,
)
from topograph.study.report.observations import failed
from topograph.study.report.words import supported
from topograph.study.statistics import (
    ApportionedCauses,
    DataAlignment,
    DoseResponse,
    Interval,
    PropertyFinding,
    StudyFindings,
)
from topograph.study.views import Rows, sampled
from topograph.wording import counted


def confirmation(
    found: StudyFindings, held: StudyFindings, *, on_the_same_nets: bool = False
) -> list[str]:
    """Say of each primary that holds whether it holds on what was kept for confirmation.

    Parameters
    ----------
    found : StudyFindings
        On the data for finding.
    held : StudyFindings
        On the data kept for confirmation.
    on_the_same_nets : bool, default False
        Whether the topologies are those of the finding, on other data.
    """
    own = supported(found)
    if not own:
        return ["There is nothing to confirm: no property named beforehand holds."]
    again = {one.name: one for one in held.primaries}
    lines = [_confirmed(one, again.get(one.name), 1 - float(held.settings["level"])) for one in own]
    if on_the_same_nets:
        lines.append(
            "The topologies are the same, on other data: what was chance in their sample can come "
            "again, so that this is no second sample of topologies."
        )
    return lines


def _confirmed(one: PropertyFinding, again: PropertyFinding | None, limit: float) -> str:
    name = f"**{escaped(one.name)}**"
    if again is None or again.test.tau is None:
        reason = again.test.undefined if again else "it was not tested there"
        return f"{name}: not confirmed, for want of a value ({escaped(reason or 'no tau')})."
    said = (
        f"tau {signed(again.test.tau)} against {signed(one.test.tau)}, "
        f"adjusted p {probability(again.adjusted_p)}"
    )
    same = again.test.tau * (one.test.tau or 0.0) > 0
    if same and again.adjusted_p is not None and again.adjusted_p <= limit:
        return f"{name}: confirmed ({said})."
    if same:
        return f"{name}: **not confirmed**; the sign is the same ({said})."
    return f"{name}: **not confirmed**; the sign is the other ({said})."


def failures(rows: Rows, findings: StudyFindings | None) -> list[str]:
    """Say how many nets fail, and whether the primaries tell them from the others.

    Parameters
    ----------
    rows : list of dict
        Of the rate of the findings.
    findings : StudyFindings or None
    """
    nets = sampled(rows)
    n_failed = sum(map(failed, nets))
    diverged = sum(bool(row["diverged"]) for row in nets)
    if not n_failed:
        return [
            f"None of {counted(len(nets), 'net')} failed: none diverged, none left out a class."
        ]
    lines = [
        f"{n_failed:,} of {counted(len(nets), 'net')} failed ({share(n_failed / len(nets))}): "
        f"{diverged:,} diverged, {n_failed - diverged:,} never predict one of the classes. They "
        "count as they are, a diverged net as a guess. Series of doses and repaired nets are not "
        "among them."
    ]
    primaries = findings.primaries if findings else ()
    parts = [
        f"{escaped(one.name)} {one.two_part.success.auc:.2f} "
        f"(p {probability(one.two_part.success.p_value)})"
        for one in primaries
        if one.two_part and one.two_part.success
    ]
    if parts:
        lines.append(
            "In the tested cells: chance that of two nets of a cell, one that predicts all classes "
            "and one that does not, the former has more of the property (one half is no order): "
            f"{joined(parts)}."
        )
    among = [
        f"{escaped(one.name)} {signed(one.two_part.accuracy.tau)} "
        f"(p {probability(one.two_part.accuracy.p_value)})"
        for one in primaries
        if one.two_part and one.two_part.accuracy
    ]
    if among:
        lines.append(f"Tau among the nets that predict all classes: {joined(among)}.")
    if parts or among:
        lines.append("These p-values are not adjusted for their number.")
    return lines


def doses(found: Mapping[str, DoseResponse], *, limit: float = 0.05) -> list[str]:
    """Say what moving a property did: here, and only here, a cause was moved.

    Parameters
    ----------
    found : mapping of str to DoseResponse
        Of each environment and moved property.
    limit : float
        Of the p-values.
    """
    lines = []
    for name, one in found.items():
        verdict = "has no sure effect on accuracy"
        if one.sign_flip_p_value <= limit:
            verdict = f"{'raises' if one.slope > 0 else 'lowers'} accuracy"
        elif one.p_value <= limit:
            verdict = (
                f"goes with {'higher' if one.slope > 0 else 'lower'} accuracy in these series; "
                "that it is the dose, and so on other base topologies, is not shown"
            )
        up = sum(slope > 0 for slope in one.slopes.values())
        lines.append(
            f"{escaped(name)}: moving it up {verdict}. The mean slope is {one.slope:+.3g} of "
            f"accuracy a unit{_ends(one.interval)}, upwards in {up} of {len(one.slopes)} series; "
            f"p {probability(one.sign_flip_p_value)} if it had none in common"
            f"{_least(len(one.slopes), limit)}, p {probability(one.p_value)} if the nets of a "
            "series were exchangeable."
        )
    return lines


def labellings(found: Mapping[str, DataAlignment]) -> list[str]:
    """Say what it matters which unit is which, all graph properties being the same.

    Parameters
    ----------
    found : mapping of str to DataAlignment
        Of each environment.
    """
    lines = []
    for name, one in found.items():
        whole = one.overall
        if whole.gain is None:
            lines.append(f"{escaped(name)}: no answer, {escaped(whole.undefined or 'no gain')}.")
            continue
        known = [
            (part.gain, family) for family, part in one.families.items() if part.gain is not None
        ]
        largest = max(known, key=lambda pair: abs(pair[0]), default=None)
        text = (
            f"{escaped(name)}: the natural labelling gains "
            f"{points(whole.gain, whole.interval)} over random ones "
            f"(p {probability(whole.p_value)}, "
            f"{counted(whole.n_topologies, 'topology', 'topologies')})"
        )
        if largest is not None and len(known) > 1:
            text += f"; furthest from 0 in {escaped(largest[1])} ({points(largest[0])})"
        lines.append(f"{text}.")
    return lines


def causes(found: Mapping[str, ApportionedCauses]) -> list[str]:
    """Say which part each factor of the factorial has in the whole change.

    Parameters
    ----------
    found : mapping of str to ApportionedCauses
    """
    lines = []
    for name, one in found.items():
        whole = one.overall
        if whole.difference is None or not whole.corners:
            lines.append(f"{escaped(name)}: no answer, {escaped(whole.undefined or 'no value')}.")
            continue
        if not any(cause.shapley.value for cause in whole.causes):
            lines.append(f"{escaped(name)}: mending changes nothing.")
            continue
        first, last = whole.corners[0].outcome.value, whole.corners[-1].outcome.value
        parts = [
            f"{escaped(cause.name)} {points(cause.shapley.value, cause.shapley.interval)}"
            + (f", {share(cause.share, 0)} of it" if cause.share is not None else "")
            for cause in sorted(whole.causes, key=lambda cause: -abs(cause.shapley.value))
        ]
        lines.append(
            f"{escaped(name)}: from {share(first)} with nothing mended to {share(last)} with all, "
            f"{points(whole.difference.value, whole.difference.interval)}; "
            f"{'; '.join(parts)} ({counted(whole.n_topologies, 'topology', 'topologies')})."
        )
    return lines


def undefined(reasons: Mapping[str, str], notes: Sequence[str]) -> list[str]:
    """List what has no value, with the reason."""
    return [
        *(f"{escaped(name)}: {escaped(why)}." for name, why in reasons.items()),
        *(f"{escaped(note)}." for note in notes),
    ]


def _least(n_series: int, limit: float) -> str:
    """Say where there are too few series for a small p-value."""
    least = 2.0 ** (1 - n_series)
    return (
        f" ({counted(n_series, 'series', 'series')} cannot give less than {least:.2g})"
        if least > limit
        else ""
    )


def _ends(interval: Interval | None) -> str:
    return f" ({interval.low:+.3g} to {interval.high:+.3g})" if interval else ""
