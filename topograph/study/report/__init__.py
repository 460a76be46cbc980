"""The report of a study: a page that says what was found, with its figures."""

from topograph.study.report.building import REPORT, WrittenReport, write_report

__all__ = ["REPORT", "WrittenReport", "write_report"]
