"""What was found of properties, as rows of a table and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from topograph.study.report.numbers_in_words import (
    bare_probability,
    between,
    joined,
    probability,
    share,
    signed,
)
from topograph.study.statistics import OutOfFamily, PropertyFinding, StudyFindings

TITLES = ("tau", "95 % interval", "p", "of ceiling", "gain (95 %)", "worst environment")
_CLEAR = 0.05


def property_row(finding: PropertyFinding, gain: OutOfFamily | None = None) -> tuple[str, ...]:
    """Return the cells of a property under `TITLES`, its name first.

    Parameters
    ----------
    finding : PropertyFinding
    gain : OutOfFamily, optional
        Over densities, where the finding has none.
    """
    worst, pooled = finding.worst_environment, finding.out_of_family_pooled or gain
    return (
        finding.name,
        signed(finding.test.tau),
        between(finding.interval),
        bare_probability(finding.test.p_value),
        share(finding.share_of_ceiling, 0),
        _gain(pooled),
        f"{signed(worst.tau)} ({worst.environment})" if worst else "-",
    )


def _gain(pooled: OutOfFamily | None) -> str:
    if pooled is None:
        return "-"
    interval = f" ({between(pooled.interval)})" if pooled.interval else ""
    return f"{signed(pooled.gain)}{interval}"


def property_rows(
    findings: StudyFindings, gains: Mapping[str, OutOfFamily] | None = None
) -> list[tuple[str, ...]]:
    """Return the rows of all properties, primaries first."""
    return [
        property_row(one, (gains or {}).get(one.name))
        for one in (*findings.primaries, *findings.exploratory)
    ]


def in_words(finding: PropertyFinding) -> str:
    """Say in sentences what was found of a primary property.

    Parameters
    ----------
    finding : PropertyFinding
    """
    test = finding.test
    if test.tau is None or test.p_value is None:
        return f"{finding.name} could not be tested: {test.undefined}."
    interval = f", 95 % interval {between(finding.interval)}" if finding.interval else ""
    numbers = f"tau {signed(test.tau)}{interval}, p {probability(test.p_value)}"
    if test.p_value >= _CLEAR:
        return (
            f"There is no sign that {finding.name} orders nets of one stratum by accuracy: "
            f"{numbers}, {test.n_topologies} topologies in {test.n_strata} strata."
        )
    better = "better" if test.tau > 0 else "worse"
    said = [f"Within strata, nets with more {finding.name} are {better}: {numbers}."]
    if finding.share_of_ceiling is not None:
        said.append(f"That is {share(finding.share_of_ceiling, 0)} of the noise ceiling.")
    alone = finding.within_families
    if alone is not None:
        said.append(
            f"Among nets of one family tau is {signed(alone.tau)}, p {probability(alone.p_value)}."
        )
    if finding.partial is not None:
        said.append(
            f"Given the controls, and with all strata together, the rank correlation is "
            f"{signed(finding.partial.rho)}, p {probability(finding.partial.p_value)}."
        )
    inside, pooled = finding.out_of_family, finding.out_of_family_pooled
    if inside is not None:
        said.append(
            f"In families that the fit has not seen, tau is {signed(inside.tau)} within strata"
            + (
                f", and {signed(pooled.gain)} is gained over the densities of the layers alone "
                f"({signed(pooled.baseline_tau)})."
                if pooled is not None
                else "."
            )
        )
    worst = finding.worst_environment
    if worst is not None and worst.tau is not None and worst.tau * test.tau <= 0:
        said.append(f"In {worst.environment} it does not hold ({signed(worst.tau)}).")
    return " ".join(said)


def alike(findings: StudyFindings, names: Iterable[str]) -> list[str]:
    """Say which other properties order nets nearly as those named do."""
    wanted = set(names)
    return [
        f"{joined(sorted(wanted & set(group)))} orders nets nearly as "
        f"{joined([one for one in group if one not in wanted])}: little of it is new."
        for group in findings.collinear
        if wanted & set(group) and set(group) - wanted
    ]
