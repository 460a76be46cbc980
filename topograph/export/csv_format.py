"""Reports as CSV: a row a measurement, or a row a report."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from topograph.report import Comparison, Report

COLUMNS = ("metric", "layer", "value", "log10", "unit", "kind", "standard_error", "undefined")


def to_csv(report: Report) -> str:
    """Return the measurements of one report, a row each; empty fields where there is nothing."""
    return _written(COLUMNS, [[row[column] for column in COLUMNS] for row in report.rows()])


def reports_to_csv(reports: Sequence[Report]) -> str:
    """Return a row a report: its source, and the network's value of every metric.

    Undefined and skipped values are empty fields; the other formats give the reasons.
    """
    names = list(
        dict.fromkeys(
            row.metric for report in reports for row in report.measurements if row.layer is None
        )
    )
    lines = []
    for report in reports:
        values = {
            row.metric: row.row()["value"] for row in report.measurements if row.layer is None
        }
        widths = "-".join(str(width) for width in report.widths)
        lines.append([report.source, widths, *(values.get(name) for name in names)])
    return _written(["source", "widths", *names], lines)


def comparison_to_csv(comparison: Comparison) -> str:
    """Return a row a metric, layer and mask, with the difference and the ratio to the first."""
    rows = comparison.tidy_rows()
    return _written(list(rows[0]), [list(row.values()) for row in rows])


def _written(header: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return buffer.getvalue()
