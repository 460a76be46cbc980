"""The long tables at the end of a report."""

from __future__ import annotations

from collections.abc import Mapping

from topograph.export.markdown import bullets, escaped
from topograph.study.analysing import StudyResults
from topograph.study.design import Specification
from topograph.study.report import further_tables, tables
from topograph.study.report.observations import family_cells
from topograph.study.statistics import StudyFindings
from topograph.study.views import Rows


def appendix(
    results: StudyResults,
    views: Mapping[str, Rows],
    specification: Specification,
    titles: Mapping[str, str],
) -> str:
    """Return every table that has rows, under headings of its own.

    Parameters
    ----------
    results : StudyResults
    views : mapping of str to list of dict
        The rows of the tuned and of the fixed rate.
    specification : Specification
    titles : mapping of str to str
        What findings and views are called.
    """
    parts = []
    for name, found in results.findings.items():
        for title, written in _of_findings(found):
            parts += [f"### {title}: {titles[name].lower()}", written]
    for name, rows in views.items():
        cells = family_cells(rows, specification, level=specification.statistics.level)
        if cells:
            parts += [f"### Families: {titles[name].lower()}", further_tables.families_table(cells)]
    if {"tuned", "fixed"} <= views.keys():
        parts += [
            "### Tuned against fixed learning rate",
            further_tables.rates_table(views["tuned"], views["fixed"], specification),
        ]
    if results.contrasts:
        parts += [
            "### Families against the baseline",
            further_tables.contrasts_table(results.contrasts),
        ]
    if results.alignment:
        parts += [
            "### Which unit is which",
            "Accuracy with the natural labelling of the units, less that with random ones. Every "
            "graph property is the same in both.",
            further_tables.labellings_table(results.alignment),
        ]
    for name, one in results.causes.items():
        parts += [f"### Causes: {escaped(name)}", further_tables.causes_table(one)]
    parts += _mixed(results)
    return "\n\n".join(["## Tables", *parts]) if parts else ""


def _of_findings(found: StudyFindings) -> list[tuple[str, str]]:
    parts = []
    if found.exploratory:
        parts.append(("Exploratory properties", tables.exploratory_table(found)))
    if any(len(one.environments) > 1 for one in found.primaries):
        written = tables.environments_table((*found.primaries, *found.exploratory))
        parts.append(("Tau in each environment", written))
    if any(one.out_of_family for one in found.primaries):
        written = tables.families_left_out_table(found.primaries)
        parts.append(("Tau in each family left out of the fit", written))
    if any(one.two_part and one.two_part.success for one in found.primaries):
        parts.append(("Failures first, then accuracy", tables.two_part_table(found)))
    return parts


def _mixed(results: StudyResults) -> list[str]:
    if not results.mixed:
        return []
    notes = [
        f"{escaped(place)}: {escaped(note)}"
        for place, one in results.mixed.items()
        for note in one.notes
    ]
    return [
        "### Mixed models",
        "Logit accuracy on all properties named beforehand together, with an intercept for each "
        "topology. Failures make long tails: the rank tests count.",
        further_tables.mixed_table(results.mixed),
        *([bullets(notes)] if notes else []),
    ]
