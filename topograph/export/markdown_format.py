"""Reports as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from topograph.export.comparison_layout import (
    LEGEND,
    distance_reasons,
    distance_tables,
    mask_rows,
    mask_titles,
    metric_rows,
    verdict_rows,
)
from topograph.export.layout import (
    OUTCOMES,
    doubt_of,
    further_rows,
    header_rows,
    layer_rows,
    network_rows,
    skipped_lines,
    spectral_rows,
    undefined_layer_reasons,
    weighted_layer_rows,
    weighted_rows,
)
from topograph.export.markdown import bullets, escaped, table
from topograph.export.null_layout import (
    TITLES,
    null_comparison_notes,
    null_comparison_rows,
    null_comparison_title,
    null_notes,
    null_rows,
    null_title,
)
from topograph.report import Comparison, Report


def to_markdown(report: Report) -> str:
    """Return the report as a Markdown document."""
    titles, rows = layer_rows(report)
    weights = weighted_rows(report)
    spectral_titles, spectra = spectral_rows(report)
    parts = [
        f"# {escaped(report.source or 'Layered graph')}",
        _table(["", ""], header_rows(report)[1:]),
        "## Verdicts" if report.verdicts else "",
        _table(
            ["property", "verdict", "statement", "method"],
            [
                (verdict.property, OUTCOMES[verdict.holds], verdict.statement, doubt_of(verdict))
                for verdict in report.verdicts
            ],
        )
        if report.verdicts
        else "",
        "## Layers",
        _table(titles, rows),
        _table(spectral_titles, spectra) if spectra else "",
        *(_table(*further) for further in further_rows(report)),
        "## Weighted" if weights else "",
        *(_table(*part) for part in weighted_layer_rows(report)),
        _table(["metric", "value", ""], weights) if weights else "",
        _list(undefined_layer_reasons(report)),
        "## Network",
        _table(["metric", "value", ""], network_rows(report)),
        *_null_parts(report),
        "## Warnings",
        _list([warning.text for warning in report.warnings]) or "None.",
        "## Left out",
        _list(skipped_lines(report)) or "Nothing.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def comparison_to_markdown(comparison: Comparison) -> str:
    """Return the comparison as a Markdown document."""
    titles = mask_titles(comparison)
    parts = [
        "# Comparison",
        _table(["", "mask", "widths"], mask_rows(comparison)),
        f"In brackets: the difference to {titles[comparison.baseline]}, and the ratio. {LEGEND}",
        _table(["property", *titles], verdict_rows(comparison)),
        _table(
            ["metric", *titles],
            [
                [f"{text} ({beside})" if beside else text for text, beside in row]
                for row in metric_rows(comparison)
            ],
        ),
    ]
    if title := null_comparison_title(comparison):
        rows = [
            [f"{z} ({p})" if p else z for z, p in row] for row in null_comparison_rows(comparison)
        ]
        notes = _list(null_comparison_notes(comparison))
        parts += [f"## {title}", _table(["metric", *titles], rows), notes]
    return "\n\n".join([*parts, *_distance_parts(comparison)]) + "\n"


def _distance_parts(comparison: Comparison) -> list[str]:
    tables = distance_tables(comparison)
    if not tables:
        return []
    titles = ["", *mask_titles(comparison)]
    parts = [part for title, rows in tables for part in (f"{title}.", _table(titles, rows))]
    reasons = _list(distance_reasons(comparison))
    return ["## Distances", *parts, *([reasons] if reasons else [])]


def _null_parts(report: Report) -> list[str]:
    if report.null is None:
        return []
    rows = null_rows(report.null)
    shown = _table(TITLES, rows) if rows else ""
    return [f"## {null_title(report.null)}", shown, _list(null_notes(report))]


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return table(titles, rows, text_columns=len(titles))


def _list(lines: Sequence[str]) -> str:
    return bullets([escaped(line) for line in lines])
