"""What the readable renderings of a comparison show."""

from __future__ import annotations

from topograph.export.layout import OUTCOMES, value_of
from topograph.report import ComparedMetric, ComparedValue, Comparison
from topograph.wording import number


def mask_titles(comparison: Comparison) -> list[str]:
    """Return a letter for each mask: A, B, ..., Z, A1, B1, ..."""
    return [
        chr(ord("A") + place % 26) + (str(place // 26) if place >= 26 else "")
        for place in range(len(comparison.reports))
    ]


def mask_rows(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Return letter, source and widths of each mask."""
    return [
        (title, report.source or "(in memory)", " - ".join(map(str, report.widths)))
        for title, report in zip(mask_titles(comparison), comparison.reports, strict=True)
    ]


def verdict_rows(comparison: Comparison) -> list[list[str]]:
    """Return a row a property: its name, then the outcome for each mask."""
    names = dict.fromkeys(v.property for report in comparison.reports for v in report.verdicts)
    rows = []
    for name in names:
        outcomes = [
            next((OUTCOMES[v.holds] for v in report.verdicts if v.property == name), "")
            for report in comparison.reports
        ]
        rows.append([name, *outcomes])
    return rows


def metric_rows(comparison: Comparison) -> list[list[tuple[str, str]]]:
    """Return a row a metric: its name, then for each mask its value and what it is to A's."""
    return [
        [(_name(row), ""), *(_cell(value, place) for place, value in enumerate(row.values))]
        for row in comparison.rows
    ]


def _name(row: ComparedMetric) -> str:
    return row.metric if row.layer is None else f"{row.metric}, layer {row.layer}"


def _cell(value: ComparedValue, place: int) -> tuple[str, str]:
    if value.measurement is None:
        return "not measured", ""
    text = value_of(value.measurement)
    if place == 0 or value.difference is None:
        return text, ""
    if value.difference == 0:
        return text, "same"
    short = value.difference if isinstance(value.difference, int) else f"{value.difference:.4g}"
    difference = number(short) if isinstance(short, int) else short
    sign = "" if difference.startswith("-") else "+"
    ratio = "" if value.ratio is None else f", x{value.ratio:.4g}"
    return text, f"{sign}{difference}{ratio}"
