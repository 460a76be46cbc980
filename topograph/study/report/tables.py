"""The tables of what the tests found."""

from __future__ import annotations

from collections.abc import Sequence

from topograph.export.markdown import table
from topograph.study.report.numbers_in_words import (
    NONE,
    bare_probability,
    between,
    probability,
    share,
    signed,
)
from topograph.study.report.observations import cell_name
from topograph.study.statistics import OutOfFamily, PropertyFinding, StudyFindings


def cells_table(findings: StudyFindings) -> str:
    """Table of the cells: how accurate, whose the variance is, whether tested or why not."""
    rows = []
    for one in findings.cells:
        parts = one.components
        interval = parts.interval if parts else None
        rows.append(
            [
                cell_name(one.environment, one.stratum),
                "yes" if one.tested else "no",
                f"{one.n_topologies:,}",
                f"{one.n_rows:,}",
                share(one.mean_outcome),
                share(one.class_share, 0),
                f"{share(interval.low, 0)} to {share(interval.high, 0)}" if interval else NONE,
                share(parts.labelling_share if parts else None, 0),
                share(parts.seed_share if parts else None, 0),
                one.note or "",
            ]
        )
    titles = ["cell", "tested", "topologies", "nets", "mean accuracy", "topology", "interval",
              "labelling", "seed", "note"]  # fmt: skip
    return table(titles, rows, text_columns=2)


def primaries_table(findings: StudyFindings) -> str:
    """Table of the properties named beforehand."""
    rows = [
        [
            *_ordering(one),
            NONE if one.share_of_ceiling is None else share(one.share_of_ceiling, 0),
            _in_one_family(one),
            NONE
            if one.partial is None
            else f"{signed(one.partial.rho)} (p {probability(one.partial.p_value)})",
            _gain(one.out_of_family),
            _gain(one.out_of_family_pooled),
            f"{one.n_rows_left_out:,}",
        ]
        for one in findings.primaries
    ]
    titles = ["property", "tau", "interval", "p", "adjusted p", "topologies", "same sign",
              "weakest environment", "of the ceiling", "in one family", "partial rho",
              "gain, cells", "gain, all densities", "nets without a value"]  # fmt: skip
    return table(titles, rows)


def exploratory_table(findings: StudyFindings) -> str:
    """Table of the exploratory properties, by the size of tau."""
    ordered = sorted(findings.exploratory, key=lambda one: -abs(one.test.tau or 0.0))
    rows = [[*_ordering(one), f"{one.n_rows_left_out:,}"] for one in ordered]
    titles = ["property", "tau", "interval", "p", "adjusted p", "topologies", "same sign",
              "weakest environment", "nets without a value"]  # fmt: skip
    return table(titles, rows)


def environments_table(found: Sequence[PropertyFinding]) -> str:
    """Table of tau in each environment, a property a row."""
    places = list(dict.fromkeys(place.environment for one in found for place in one.environments))
    rows = []
    for one in found:
        known = {place.environment: place.tau for place in one.environments}
        rows.append([one.name, *(signed(known.get(place)) for place in places)])
    return table(["property", *places], rows)


def families_left_out_table(found: Sequence[PropertyFinding]) -> str:
    """Table of tau in each family left out of the fit, within cells, a property a row."""
    kept = [one for one in found if one.out_of_family is not None]
    scores = {
        one.name: {score.family: score.tau for score in one.out_of_family.families}
        for one in kept
        if one.out_of_family is not None
    }
    families = sorted({family for known in scores.values() for family in known})
    rows = [
        [name, *(signed(known.get(family)) for family in families)]
        for name, known in scores.items()
    ]
    return table(["property", *families], rows)


def two_part_table(findings: StudyFindings) -> str:
    """Table of the two parts: who predicts all classes, and how well those do."""
    rows = []
    for one in findings.primaries:
        if one.two_part is None:
            continue
        success, accuracy = one.two_part.success, one.two_part.accuracy
        rows.append(
            [
                one.name,
                NONE if success is None else f"{success.auc:.2f}",
                NONE if success is None else bare_probability(success.p_value),
                NONE if success is None else f"{success.n_succeeded:,} of {success.n_nets:,}",
                NONE if accuracy is None else signed(accuracy.tau),
                NONE if accuracy is None else bare_probability(accuracy.p_value),
                one.two_part.success_undefined or one.two_part.accuracy_undefined or "",
            ]
        )
    titles = ["property", "chance of right order", "p", "nets with all classes",
              "tau among them", "p", "note"]  # fmt: skip
    return table(titles, rows)


def _ordering(one: PropertyFinding) -> list[str]:
    known = [place.tau for place in one.environments if place.tau is not None]
    same = sum((one.test.tau or 0.0) * tau > 0 for tau in known)
    worst = one.worst_environment
    return [
        one.name,
        signed(one.test.tau),
        between(one.interval),
        bare_probability(one.test.p_value),
        bare_probability(one.adjusted_p),
        f"{one.test.n_topologies:,}",
        f"{same} of {len(known)}" if known else NONE,
        f"{worst.environment} ({signed(worst.tau)})" if worst else NONE,
    ]


def _gain(found: OutOfFamily | None) -> str:
    if found is None:
        return NONE
    interval = f" ({between(found.interval)})" if found.interval else ""
    return f"{signed(found.gain)}{interval}"


def _in_one_family(one: PropertyFinding) -> str:
    found = one.within_families
    return NONE if found is None else f"{signed(found.tau)} (p {probability(found.p_value)})"
