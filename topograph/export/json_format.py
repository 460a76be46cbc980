"""Reports as JSON: an object each, or a line each."""

from __future__ import annotations

import json

from topograph.report import Comparison, Report


def to_json(report: Report) -> str:
    """Return the report as an indented JSON object; the schema is in the documentation."""
    return json.dumps(report.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_json_line(report: Report) -> str:
    """Return the report as JSON on one line."""
    return json.dumps(report.as_dict(), ensure_ascii=False, allow_nan=False) + "\n"


def comparison_to_json(comparison: Comparison) -> str:
    """Return the comparison as an indented JSON object."""
    return json.dumps(comparison.as_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
