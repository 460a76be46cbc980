"""What a notebook shows of reports and comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from topograph.notebook import notebook_table
from topograph.report.written import OUTCOMES, value_of

if TYPE_CHECKING:
    from topograph.report.compared import ComparedMetric, ComparedValue, Comparison
    from topograph.report.whole import Report


def report_html(report: Report) -> str:
    """Return verdicts, values of the network and warnings as tables."""
    widths = " - ".join(map(str, report.widths))
    verdicts = [
        [verdict.property, OUTCOMES[verdict.holds], verdict.statement]
        for verdict in report.verdicts
    ]
    values = [
        [row.metric, value_of(row), row.undefined or row.unit]
        for row in report.measurements
        if row.layer is None
    ]
    warned = [[warning.text] for warning in report.warnings]
    caption = f"{report.source or 'Layered graph'}: {widths}"
    parts = [
        notebook_table(["property", "verdict", ""], verdicts, caption=caption, text_columns=3),
        notebook_table(["metric", "value", ""], values),
        notebook_table(["warnings"], warned) if warned else "",
    ]
    return "\n".join(part for part in parts if part)


def comparison_html(comparison: Comparison) -> str:
    """Return the aligned values as a table, a column a mask."""
    titles = [report.source or f"mask {n}" for n, report in enumerate(comparison.reports, 1)]
    titles[comparison.baseline] += " (baseline)"
    rows = [[_name(row), *map(_cell, row.values)] for row in comparison.rows]
    return notebook_table(["metric", *titles], rows)


def _name(row: ComparedMetric) -> str:
    return row.metric if row.layer is None else f"{row.metric}, layer {row.layer}"


def _cell(value: ComparedValue) -> str:
    if value.measurement is None:
        return "not measured"
    written = value_of(value.measurement)
    return f"{written} ({value.mark})" if value.mark else written
