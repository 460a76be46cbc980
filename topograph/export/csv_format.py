"""Reports as CSV: a row a measurement, or a row a report."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from topograph.report import NULL_COLUMNS, Comparison, Report
from topograph.report.compared import COMPARED_COLUMNS

COLUMNS = ("metric", "layer", "value", "log10", "unit", "kind", "standard_error", "undefined")


def to_csv(report: Report) -> str:
    """Return the measurements of one report, a row each; empty fields where there is nothing.

    With null nets there are `NULL_COLUMNS` more.
    """
    lines = [[row[column] for column in COLUMNS] for row in report.rows()]
    if report.null is None:
        return _written(COLUMNS, lines)
    for line, row in zip(lines, report.measurements, strict=True):
        null = report.null.get(row.metric, row.layer)
        line += [None] * len(NULL_COLUMNS) if null is None else null.columns().values()
    return _written((*COLUMNS, *NULL_COLUMNS), lines)


def reports_to_csv(reports: Sequence[Report]) -> str:
    """Return a row a report: its source, and the network's value of every metric.

    Undefined and skipped values are empty fields; the other formats give the reasons. With null
    nets, a column for the z-score and one for the p-value of every metric come last.
    """
    names = list(
        dict.fromkeys(
            row.metric for report in reports for row in report.measurements if row.layer is None
        )
    )
    has_nulls = any(report.null is not None for report in reports)
    lines = []
    for report in reports:
        values = {
            row.metric: row.row()["value"] for row in report.measurements if row.layer is None
        }
        widths = "-".join(str(width) for width in report.widths)
        line = [report.source, widths, *(values.get(name) for name in names)]
        for name in names if has_nulls else []:
            null = report.null.get(name) if report.null is not None else None
            line += [None, None] if null is None else [null.z, null.p]
        lines.append(line)
    more = [f"{name}.{of}" for name in names for of in "zp"] if has_nulls else []
    return _written(["source", "widths", *names, *more], lines)


def comparison_to_csv(comparison: Comparison) -> str:
    """Return a row a metric, layer and mask, with the difference and the ratio to the baseline.

    Distances are rows too: of one mask, with the other one in the column ``other``.
    """
    rows = [{**row, "other": None} for row in comparison.tidy_rows()]
    header = list(rows[0]) if rows else [*COMPARED_COLUMNS, "other"]
    lines = [[row[column] for column in header] for row in rows]
    for distance in comparison.distance_rows():
        named = {**distance, "metric": distance["measure"]}
        lines.append([named.get(column) for column in header])
    return _written(header, lines)


def _written(header: Sequence[str], lines: Sequence[Sequence[Any]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return buffer.getvalue()
