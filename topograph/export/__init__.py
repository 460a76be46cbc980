"""Reports as text: terminal table, JSON, CSV, Markdown and HTML, one file a format."""

from topograph.export.comparison_layout import mask_titles
from topograph.export.csv_format import comparison_to_csv, reports_to_csv, to_csv
from topograph.export.html_comparison import comparison_to_html
from topograph.export.html_report import to_html
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
    "comparison_to_html",
    "comparison_to_json",
    "comparison_to_markdown",
    "comparison_to_table",
    "mask_titles",
    "registry_to_table",
    "reports_to_csv",
    "to_csv",
    "to_html",
    "to_json",
    "to_json_line",
    "to_markdown",
    "to_table",
    "verdicts_to_table",
]
