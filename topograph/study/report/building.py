"""The report of a study: words first, then figures, how it was done, and the long tables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topograph.errors import ParameterError
from topograph.export.markdown import bullets, escaped
from topograph.io.paths import shown
from topograph.io.replacing import write_text
from topograph.study.analysing import StudyResults
from topograph.study.design import Specification
from topograph.study.report import further_words
from topograph.study.report.illustrating import Illustrations
from topograph.study.report.long_tables import appendix
from topograph.study.report.published_table import published_section
from topograph.study.report.sections import (
    cause_sections,
    dose_section,
    family_section,
    property_section,
)
from topograph.study.report.study_methods import methods, registration
from topograph.study.report.words import answer
from topograph.study.views import Rows, rate_views, sampled, split_confirmation
from topograph.wording import counted

REPORT = "report.md"
_CONFIRMATION = ", confirmation"
_TITLES = {"tuned": "Tuned learning rate", "fixed": "Fixed learning rate"}


@dataclass(frozen=True)
class WrittenReport:
    """Where a report lies.

    Parameters
    ----------
    page : Path
    figures : tuple of Path
        SVG and PNG of each.
    """

    page: Path
    figures: tuple[Path, ...]


def write_report(
    rows: Rows,
    specification: Specification,
    results: StudyResults,
    folder: str | os.PathLike[str],
    *,
    registered: Mapping[str, Any] | None = None,
    about: Mapping[str, str] | None = None,
) -> WrittenReport:
    """Write the report of a study: a page in Markdown, and its figures as SVG and PNG.

    The page begins with the answer in words. The same study gives the same bytes.

    Parameters
    ----------
    rows : list of dict
        Of `collect_study`: all rates, all roles.
    specification : Specification
    results : StudyResults
        Of `analyse_study`, on the same rows.
    folder : path
        Made if it is not there; files of an earlier report are replaced, each whole.
    registered : mapping, optional
        The preregistration.
    about : mapping of str to str, optional
        What else to say of how the study came about, such as versions.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    ParameterError
        If the folder cannot be made or written.
    """
    place = _made(Path(folder))
    pictures = Illustrations(place)
    views = rate_views(rows, specification)
    titles = {name: _title(name) for name in (*results.findings, *views)}
    sections = [
        f"# {escaped(specification.name)}",
        escaped(specification.question),
        "## Answer",
        _answers(results, views, specification),
        *(
            property_section(titles[name], name, found, pictures)
            for name, found in results.findings.items()
        ),
        *(
            family_section(f"Families: {titles[name].lower()}", name, view, specification, pictures)
            for name, view in views.items()
        ),
        published_section(views["fixed"], specification),
        dose_section(next(iter(views.values())), specification, results.doses, pictures),
        cause_sections(results.causes, pictures),
        "## Methods",
        methods(specification.as_dict()),
        "### Registration and runs",
        bullets([*registration(registered), *_runs(rows, specification, about or {})]),
        "### What was left out",
        _left_out(results, titles),
        appendix(results, views, specification, titles),
    ]
    write_text("\n\n".join(part for part in sections if part) + "\n", place / REPORT)
    return WrittenReport(place / REPORT, tuple(pictures.written))


def _answers(results: StudyResults, views: Mapping[str, Rows], specification: Specification) -> str:
    parts = []
    for name, found in results.findings.items():
        finding = results.findings.get(name.removesuffix(_CONFIRMATION))
        if name.endswith(_CONFIRMATION) and finding is not None:
            base = name.removesuffix(_CONFIRMATION)
            first, held = (
                {row["topology"] for row in part}
                for part in split_confirmation(sampled(views[base]), specification)
            )
            lines = further_words.confirmation(finding, found, on_the_same_nets=bool(first & held))
        else:
            lines = answer(found)
        parts += [f"### {_title(name)}", bullets(lines)]
    further = {
        "Failures": [
            (f"{_title(name)}: " if len(views) > 1 else "")
            + " ".join(further_words.failures(view, results.findings.get(name)))
            for name, view in views.items()
        ],
        "What moving a property did": further_words.doses(
            results.doses, limit=1 - specification.statistics.level
        ),
        "Which unit is which": further_words.labellings(results.alignment),
        "Causes": further_words.causes(results.causes),
    }
    for title, lines in further.items():
        if lines:
            parts += [f"### {title}", bullets(lines)]
    return "\n\n".join(parts if results.findings else ["No property was tested.", *parts])


def _runs(rows: Rows, specification: Specification, about: Mapping[str, str]) -> list[str]:
    topologies = len({row["topology"] for row in rows})
    masks = len({(row["topology"], row["labelling"]) for row in rows})
    engines = sorted({str(row["engine"]) for row in rows if row.get("engine")})
    return [
        f"{counted(len(rows), 'run')} of {counted(topologies, 'topology', 'topologies')} in "
        f"{counted(masks, 'labelling')} are in this report.",
        f"Study file: SHA-256 {specification.digest()}.",
        *([f"Trained with: {', '.join(map(escaped, engines))}."] if engines else []),
        *(f"{escaped(name)}: {escaped(str(value))}." for name, value in about.items()),
    ]


def _left_out(results: StudyResults, titles: Mapping[str, str]) -> str:
    notes = [
        f"{titles[name]}: {note}"
        for name, found in results.findings.items()
        for note in found.notes
    ]
    return bullets(further_words.undefined(results.undefined, notes)) or "Nothing."


def _title(name: str) -> str:
    base = name.removesuffix(_CONFIRMATION)
    title = _TITLES.get(base, base)
    return f"{title}, confirmation" if name != base else title


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(
            f"{shown(folder)}: A report must be written into a folder, but there can be none here "
            f"({error.strerror})."
        ) from error
    return folder
