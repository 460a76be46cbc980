"""The findings on a table that others made, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from topograph.export.markdown import bullets, escaped, table
from topograph.study.property_rows import TITLES, alike, in_words, property_rows
from topograph.study.report.numbers_in_words import bare_probability, share, signed
from topograph.study.statistics import StudyFindings, StudyTable
from topograph.wording import counted

_OTHERS = ("adjusted p", "undefined rows")


def import_report(findings: StudyFindings, study: StudyTable, notes: Sequence[str]) -> str:
    """Write what was found as a page of Markdown.

    Parameters
    ----------
    findings : StudyFindings
    study : StudyTable
    notes : sequence of str
        What was not said of the table, and what follows.
    """
    names = [one.name for one in findings.primaries]
    said = [in_words(one) for one in findings.primaries] + alike(findings, names)
    parts = [
        f"# {counted(study.n_rows, 'net')}, {counted(len(findings.cells), 'cell')}",
        *([bullets([escaped(line) for line in said])] if said else []),
        "## Properties",
        _properties(findings),
        _about_ceiling(findings),
        "## Cells",
        table(
            (
                "environment",
                "stratum",
                "topologies",
                "nets",
                "mean outcome",
                "class share",
                "tested",
            ),
            [
                (
                    one.environment,
                    one.stratum,
                    str(one.n_topologies),
                    str(one.n_rows),
                    f"{one.mean_outcome:.4g}",
                    share(one.class_share, 0),
                    "yes" if one.tested else "no",
                )
                for one in findings.cells
            ],
            text_columns=2,
        ),
        "## What the table does not say",
        bullets(
            [escaped(line) for line in (*notes, *_further(findings))] or ["Nothing is missing."]
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _properties(findings: StudyFindings) -> str:
    found = [*findings.primaries, *findings.exploratory]
    rows = [
        (cells[0], one.role, *cells[1:], bare_probability(one.adjusted_p), str(one.n_rows_left_out))
        for one, cells in zip(found, property_rows(findings), strict=True)
    ]
    return table(("property", "role", *TITLES, *_OTHERS), rows, text_columns=2)


def _about_ceiling(findings: StudyFindings) -> str:
    ceiling = findings.ceiling
    adjusted = "Adjusted p: Holm among primaries, Benjamini-Hochberg among exploratory properties."
    if ceiling is None or ceiling.ceiling is None:
        return adjusted
    return (
        f"Noise ceiling: tau {signed(ceiling.ceiling)}, from splitting each topology's "
        f"{findings.ceiling_replicates}s in half. {adjusted}"
    )


def _further(findings: StudyFindings) -> list[str]:
    """Return the notes of the analysis; what all cells have in common once."""
    unknown = [one for one in findings.cells if one.components is None and one.note]
    if len(unknown) < 2:
        return list(findings.notes)
    mine = {f"{one.environment}, stratum {one.stratum}: {one.note}" for one in unknown}
    rest = [note for note in findings.notes if note not in mine]
    return [f"In {counted(len(unknown), 'cell')}: {unknown[0].note}.", *rest]
