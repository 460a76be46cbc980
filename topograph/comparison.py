"""Several reports side by side, each value against that of the first."""

from __future__ import annotations

from collections.abc import Sequence

from topograph.errors import ParameterError
from topograph.report import (
    ComparedMetric,
    ComparedValue,
    Comparison,
    Measurement,
    Report,
)


def compare(reports: Sequence[Report], *, per_layer: bool = False) -> Comparison:
    """Align the measurements of several reports.

    Parameters
    ----------
    reports : sequence of Report
        At least two; the first is the baseline of differences and ratios.
    per_layer : bool, default False
        Align the rows of layers too: the first layers with each other, and so on.

    Raises
    ------
    ParameterError
        If there are fewer than two reports.

    Examples
    --------
    >>> from topograph.analysis import analyze
    >>> from topograph.toy import butterfly, shortcut
    >>> found = compare([analyze(butterfly()), analyze(shortcut())])
    >>> [(value.difference, value.ratio) for value in found.rows[0].values]
    [(0, 1.0), (-6, 0.625)]
    """
    if len(reports) < 2:
        raise ParameterError.expected("A comparison", "of at least two masks", len(reports))
    tables = [_table(report, per_layer) for report in reports]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    keys.sort(key=lambda key: key[1] or 0)  # stable: the network first, then layer by layer
    rows = []
    for metric, layer in keys:
        measured = [table.get((metric, layer)) for table in tables]
        unit = next(row.unit for row in measured if row)
        values = tuple(_beside(row, measured[0]) for row in measured)
        rows.append(ComparedMetric(metric, layer, unit, values))
    return Comparison(tuple(reports), tuple(rows))


def _table(report: Report, per_layer: bool) -> dict[tuple[str, int | None], Measurement]:
    indices = {layer.name: layer.index for layer in report.layers}
    return {
        (row.metric, indices[row.layer] if row.layer else None): row
        for row in report.measurements
        if per_layer or row.layer is None
    }


def _beside(row: Measurement | None, first: Measurement | None) -> ComparedValue:
    if row is None or first is None or row.value is None or first.value is None:
        return ComparedValue(row)
    if isinstance(row.value, bool) or isinstance(first.value, bool):
        return ComparedValue(row)
    difference = row.value - first.value
    if first.value == 0:
        return ComparedValue(row, difference)
    return ComparedValue(row, difference, _ratio(row.value, first.value))


def _ratio(value: float, base: float) -> float | None:
    try:
        return value / base
    except OverflowError:  # integers whose quotient leaves the range of floats
        return None
