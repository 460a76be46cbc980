"""All that a study's table has to say: the tests that were laid down, and what stands beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from topograph.errors import MissingExtraError, Undefined
from topograph.study.causes_of_study import mended_runs
from topograph.study.design.specification import Specification
from topograph.study.statistics import (
    ApportionedCauses,
    DataAlignment,
    DoseResponse,
    FamilyContrast,
    MixedModel,
    StudyFindings,
    analyse,
    apportioned_causes,
    data_alignment,
    dose_response,
    family_contrasts,
    holm,
    mixed_model,
)
from topograph.study.views import (
    Rows,
    environment_of,
    judged_outcome,
    rate_views,
    sampled,
    split_confirmation,
    study_table,
)
from topograph.training.data.published import find_published

Result = TypeVar("Result")


@dataclass(frozen=True)
class StudyResults:
    """What a study found.

    Parameters
    ----------
    findings : dict of str to StudyFindings
        ``tuned`` and ``fixed`` rates; with ``, confirmation`` those held for it.
    alignment : dict of str to DataAlignment
        Of each environment.
    contrasts : dict of str to tuple of FamilyContrast
        Of each environment; p-values adjusted over all of them.
    doses : dict of str to DoseResponse
        Of each environment and moved property.
    causes : dict of str to ApportionedCauses
        Of failures and of accuracy, with and without the repair of dead outputs.
    mixed : dict of str to MixedModel
        Of each environment.
    undefined : dict of str to str
        Parts without a value, such as ``mixed model: digits, lenet``, with the reason.
    """

    findings: dict[str, StudyFindings] = field(default_factory=dict)
    alignment: dict[str, DataAlignment] = field(default_factory=dict)
    contrasts: dict[str, tuple[FamilyContrast, ...]] = field(default_factory=dict)
    doses: dict[str, DoseResponse] = field(default_factory=dict)
    causes: dict[str, ApportionedCauses] = field(default_factory=dict)
    mixed: dict[str, MixedModel] = field(default_factory=dict)
    undefined: dict[str, str] = field(default_factory=dict)

    def add(
        self,
        part: dict[str, Result],
        name: str,
        make: Callable[..., Result],
        *columns: Any,
        **options: Any,
    ) -> None:
        """Put what a function makes under a name, or the reason why there is nothing."""
        try:
            part[name] = make(*columns, **options)
        except (Undefined, MissingExtraError) as reason:
            self.undefined[f"{_said(make)}: {name}"] = reason.message


def analyse_study(rows: Rows, specification: Specification) -> StudyResults:
    """Return everything that the design asks for, on the rows of `collect_study`.

    Parameters
    ----------
    rows : list of dict
    specification : Specification

    Raises
    ------
    Undefined
        If there is no row.
    ParameterError
        If a property that was named beforehand was not measured.
    """
    if not rows:
        raise Undefined("no run of the study is done yet")
    results = StudyResults()
    views = rate_views(rows, specification)
    for name, view in views.items():
        _add_findings(results, name, sampled(view), specification)
    first = next(iter(views.values()))
    plan = specification.statistics
    for environment, here in _by(first, lambda row: environment_of(row, specification)).items():
        own = sampled(here)
        if own:
            _add_alignment(results, environment, own, specification)
            if plan.baseline in {row["family"] for row in own}:
                _add_contrasts(results, environment, own, plan.baseline, plan.level)
            _add_mixed(results, environment, own, specification)
        _add_doses(results, environment, here, specification)
    _adjust_together(results)
    _add_causes(results, views["fixed"], specification)
    return results


def _said(make: Callable[..., Any]) -> str:
    return "tests" if make is analyse else make.__name__.replace("_", " ")


def _add_findings(
    results: StudyResults, name: str, rows: Rows, specification: Specification
) -> None:
    plan = specification.statistics
    finding, confirming = split_confirmation(rows, specification)
    for said, part in ((name, finding), (f"{name}, confirmation", confirming)):
        if part and plan.primaries:
            results.add(
                results.findings,
                said,
                analyse,
                study_table(part, specification),
                plan.primaries,
                plan.exploratory,
                n_permutations=plan.n_permutations,
                n_resamples=plan.n_resamples,
                level=plan.level,
                least_class_share=plan.least_class_share,
                collinear_above=plan.collinear_above,
                seed=plan.seed,
            )


def _add_alignment(
    results: StudyResults, environment: str, rows: Rows, specification: Specification
) -> None:
    names = ("topology", "labelling", "stratum", "family")
    columns = [[row[name] for row in rows] for name in names]
    if any(columns[1]):
        outcome = [judged_outcome(row) for row in rows]
        results.add(
            results.alignment,
            environment,
            data_alignment,
            outcome,
            *columns,
            **_drawing(specification),
        )


def _add_contrasts(
    results: StudyResults, environment: str, rows: Rows, baseline: str, level: float
) -> None:
    outcome = [judged_outcome(row) for row in rows]
    columns = [[row[name] for row in rows] for name in ("family", "topology", "stratum")]
    results.add(
        results.contrasts,
        environment,
        family_contrasts,
        outcome,
        *columns,
        baseline=baseline,
        level=level,
    )


def _adjust_together(results: StudyResults) -> None:
    """Adjust the p-values of the contrasts of all environments: they stand in one table."""
    tested = [one.p_value for part in results.contrasts.values() for one in part]
    adjusted = iter(holm([p_value for p_value in tested if p_value is not None]))
    for environment, part in results.contrasts.items():
        results.contrasts[environment] = tuple(
            one if one.p_value is None else replace(one, adjusted_p=next(adjusted)) for one in part
        )


def _add_mixed(
    results: StudyResults, environment: str, rows: Rows, specification: Specification
) -> None:
    plan = specification.statistics
    if not plan.primaries:
        return
    arrays = study_table(rows, specification).arrays
    known = np.all([np.isfinite(arrays[name]) for name in plan.primaries], axis=0)
    if not known.any():
        results.undefined[f"mixed model: {environment}"] = "no net has a value of every primary"
        return
    results.add(
        results.mixed,
        environment,
        mixed_model,
        arrays["outcome"][known],
        {name: arrays[name][known] for name in plan.primaries},
        arrays["topology"][known],
        arrays["stratum"][known],
        n_images=find_published(rows[0]["data"]).n_images[1],
        level=plan.level,
    )
    left_out = int((~known).sum())
    if left_out and environment in results.mixed:
        found = results.mixed[environment]
        note = f"nets left out, for want of a value of a primary: {left_out}"
        results.mixed[environment] = replace(found, notes=(*found.notes, note))


def _add_doses(
    results: StudyResults, environment: str, rows: Rows, specification: Specification
) -> None:
    moved_nets = [row for row in rows if row["role"] == "dose"]
    for moved, part in _by(moved_nets, lambda row: str(row["moved"])).items():
        known = [row for row in part if row["dose"] is not None]
        results.add(
            results.doses,
            f"{environment}: {moved}",
            dose_response,
            [row["dose"] for row in known],
            [judged_outcome(row) for row in known],
            [row["series"] for row in known],
            [row["topology"] for row in known],
            **_drawing(specification),
        )


def _drawing(specification: Specification) -> dict[str, Any]:
    plan = specification.statistics
    return {"level": plan.level, "n_permutations": plan.n_permutations, "seed": plan.seed}


def _add_causes(results: StudyResults, rows: Rows, specification: Specification) -> None:
    plan = specification.statistics
    own = [row for row in rows if row["role"] != "dose"]  # steps of a series are no nets of a kind
    for part in mended_runs(own, specification):
        for outcome, column in (
            ("failures", [float(not row["predicts_all"]) for row in part.rows]),
            ("accuracy", [judged_outcome(row) for row in part.rows]),
        ):
            results.add(
                results.causes,
                f"{outcome}, {part.name}",
                apportioned_causes,
                column,
                part.mends,
                part.blocks,
                part.bases,
                part.strata,
                level=plan.level,
                n_resamples=plan.n_resamples,
                seed=plan.seed,
            )


def _by(rows: Rows, name_of: Callable[[dict[str, Any]], str]) -> dict[str, Rows]:
    groups: dict[str, Rows] = {}
    for row in rows:
        groups.setdefault(name_of(row), []).append(row)
    return groups
