"""Reports as text: terminal table, JSON, CSV and Markdown, one file a format."""

from topograph.export.csv_format import comparison_to_csv, reports_to_csv, to_csv
from topograph.export.json_format import comparison_to_json, to_json, to_json_line
from topograph.export.markdown_format import comparison_to_markdown, to_markdown
from topograph.export.table_format import (
    comparison_to_table,
    registry_to_table,
    to_table,
    verdicts_to_table,
)

__all__ = [
    "comparison_to_csv",
    "comparison_to_json",
    "comparison_to_markdown",
    "comparison_to_table",
    "registry_to_table",
    "reports_to_csv",
    "to_csv",
    "to_json",
    "to_json_line",
    "to_markdown",
    "to_table",
    "verdicts_to_table",
]
