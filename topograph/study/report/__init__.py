"""The report of a study: a page that says what was found, with its figures."""

from topograph.study.report.building import REPORT, WrittenReport, write_report
from topograph.study.report.page import report_to_html

__all__ = ["REPORT", "WrittenReport", "report_to_html", "write_report"]
