"""What the readable renderings of a comparison show."""

from __future__ import annotations

from topograph.export.layout import OUTCOMES, value_of, written_widths
from topograph.report import MEASURES, ComparedMetric, ComparedValue, Comparison, Mark, Measure
from topograph.wording import number

MARKS: dict[Mark | None, str] = {
    None: "",
    "best": " best",
    "worst": " worst",
    "largest": " ▲",
    "smallest": " ▼",
}
LEGEND = (
    "▲ largest, ▼ smallest of a row; best and worst where waste or missing connections are counted."
)

_OF_ITSELF: dict[Measure, str] = {"edge_overlap": "1", "matched_distance": "0"}


def mask_titles(comparison: Comparison) -> list[str]:
    """Return a letter for each mask: A, B, ..., Z, A1, B1, ..."""
    return [
        chr(ord("A") + place % 26) + (str(place // 26) if place >= 26 else "")
        for place in range(len(comparison.reports))
    ]


def mask_rows(comparison: Comparison) -> list[tuple[str, str, str]]:
    """Return letter, source and widths of each mask."""
    return [
        (title, report.source or "(in memory)", written_widths(report.widths))
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
    """Return a row a metric: its name, then for each mask its value and what it is to the base's.

    Values that are the largest or the smallest of their row say so.
    """
    return [
        [
            (_name(row), ""),
            *(_cell(value, place == comparison.baseline) for place, value in enumerate(row.values)),
        ]
        for row in comparison.rows
    ]


def distance_tables(comparison: Comparison) -> list[tuple[str, list[list[str]]]]:
    """Return a title and a row a mask for each measure and layer: a square of values.

    The first cell of a row is the letter of its mask.
    """
    titles = mask_titles(comparison)
    places = dict.fromkeys((found.measure, found.layer) for found in comparison.distances)
    tables = []
    for measure, layer in sorted(places, key=lambda place: (place[0], place[1] or 0)):
        values = {
            (found.first, found.second): "-" if found.value is None else f"{found.value:.4g}"
            for found in comparison.distances
            if (found.measure, found.layer) == (measure, layer)
        }
        own = _OF_ITSELF[measure]
        rows = [
            [
                title,
                *(
                    own if i == j else values.get((min(i, j), max(i, j)), "-")
                    for j in range(len(titles))
                ),
            ]
            for i, title in enumerate(titles)
        ]
        name, _, definition = MEASURES[measure].partition(":")
        title = f"{name}:{definition}" if layer is None else f"{name}, layer {layer}"
        tables.append((title[0].upper() + title[1:], rows))
    return tables


def distance_reasons(comparison: Comparison) -> list[str]:
    """Return why distances are missing, the pairs of masks named."""
    titles = mask_titles(comparison)
    pairs: dict[str, dict[str, None]] = {}
    for found in comparison.distances:
        if found.undefined is not None:
            pair = f"{titles[found.first]} and {titles[found.second]}"
            pairs.setdefault(found.undefined, {})[pair] = None
    return [f"{', '.join(named)}: {reason}" for reason, named in pairs.items()]


def _name(row: ComparedMetric) -> str:
    return row.metric if row.layer is None else f"{row.metric}, layer {row.layer}"


def _cell(value: ComparedValue, is_baseline: bool) -> tuple[str, str]:
    if value.measurement is None:
        return "not measured", ""
    text = value_of(value.measurement) + MARKS[value.mark]
    if is_baseline or value.difference is None:
        return text, ""
    if value.difference == 0:
        return text, "same"
    short = value.difference if isinstance(value.difference, int) else f"{value.difference:.4g}"
    difference = number(short) if isinstance(short, int) else short
    sign = "" if difference.startswith("-") else "+"
    ratio = "" if value.ratio is None else f", x{value.ratio:.4g}"
    return text, f"{sign}{difference}{ratio}"
