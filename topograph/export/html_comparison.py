"""A comparison as a page for the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from topograph.export.comparison_layout import (
    distance_reasons,
    distance_tables,
    mask_rows,
    mask_titles,
    metric_rows,
    verdict_rows,
)
from topograph.export.comparison_story import mask_story
from topograph.export.html_page import PROPERTIES, definitions, render_page
from topograph.export.html_report import with_terms
from topograph.export.html_tables import Cell, HtmlTable, html_table, sort_key
from topograph.export.html_verdicts import verdict_cards
from topograph.export.layout import skipped_lines
from topograph.export.null_layout import (
    null_comparison_notes,
    null_comparison_rows,
    null_comparison_title,
)
from topograph.plots import Figure
from topograph.report import Comparison

_OUTCOMES = {"holds": "yes", "refuted": "no"}
_MARKS = {"best": "good", "worst": "bad"}


def comparison_to_html(comparison: Comparison, figures: Sequence[Figure] = ()) -> str:
    """Return the comparison as one HTML page that needs nothing else, not even the network.

    Parameters
    ----------
    comparison : Comparison
    figures : sequence of Figure, optional
        From `topograph.plots.comparison_figures`.

    Raises
    ------
    MissingExtraError
        If the extra ``pictures`` is not installed.
    """
    masks = _masks(comparison)
    names = {row.metric for row in comparison.rows} | set(PROPERTIES)
    warned = any(mask["warnings"] or mask["skipped"] for mask in masks)
    sections = [("story", "In short"), ("verdicts", "Verdicts"), ("figures-section", "Figures")]
    sections += [("metrics", "Metrics")]
    sections += [("distances", "Distances")] if comparison.distances else []
    sections += [("warnings", "Warnings")] if warned else []
    return render_page(
        "comparison.html.j2",
        figures,
        title=f"Comparison of {len(comparison.reports)} masks",
        sections=[*sections, ("definitions", "Definitions")],
        masks=masks,
        verdict_table=_verdict_table(comparison),
        metric_tables=[_metric_table(comparison), *_null_tables(comparison)],
        null_notes=null_comparison_notes(comparison),
        distance_tables=_distance_tables(comparison),
        distance_reasons=distance_reasons(comparison),
        warned=warned,
        glossary=definitions(names),
    )


def _masks(comparison: Comparison) -> list[dict[str, Any]]:
    return [
        {
            "letter": letter,
            "source": source,
            "widths": widths,
            "story": mask_story(report),
            "cards": verdict_cards(report.verdicts),
            "warnings": [warning.text for warning in report.warnings],
            "skipped": skipped_lines(report),
        }
        for (letter, source, widths), report in zip(
            mask_rows(comparison), comparison.reports, strict=True
        )
    ]


def _verdict_table(comparison: Comparison) -> HtmlTable:
    rows = verdict_rows(comparison)
    titles = ["property", *mask_titles(comparison)]
    table = html_table("", titles, rows, text_columns=range(len(titles)), sortable=False)
    marked = tuple(
        (row[0], *(replace(cell, mark=_OUTCOMES.get(cell.text, "")) for cell in row[1:]))
        for row in table.rows
    )
    return with_terms(replace(table, rows=marked), [row[0] for row in rows])


def _metric_table(comparison: Comparison) -> HtmlTable:
    letters = mask_titles(comparison)
    rows = []
    for row, cells in zip(comparison.rows, metric_rows(comparison), strict=True):
        made = [Cell(cells[0][0], cells[0][0], term=row.metric)]
        for (text, beside), value in zip(cells[1:], row.values, strict=True):
            mark = _MARKS.get(value.mark or "", "")
            made.append(Cell(text, sort_key(text), beside, mark))
        rows.append(tuple(made))
    base = letters[comparison.baseline]
    empty = html_table("", ["metric", *letters], [], text_columns=(0,))
    caption = f"Every metric; below each value its difference to {base}, and the ratio"
    return replace(empty, caption=caption, rows=tuple(rows))


def _null_tables(comparison: Comparison) -> list[HtmlTable]:
    title = null_comparison_title(comparison)
    if title is None:
        return []
    written = null_comparison_rows(comparison)
    rows = tuple(
        (
            Cell(cells[0][0], cells[0][0], term=cells[0][0].partition(",")[0]),
            *(Cell(text, sort_key(text), beside) for text, beside in cells[1:]),
        )
        for cells in written
    )
    empty = html_table(title, ["metric", *mask_titles(comparison)], [], text_columns=(0,))
    return [replace(empty, rows=rows)]


def _distance_tables(comparison: Comparison) -> list[HtmlTable]:
    titles = ["mask", *mask_titles(comparison)]
    return [
        html_table(title, titles, rows, text_columns=(0,), sortable=False)
        for title, rows in distance_tables(comparison)
    ]
