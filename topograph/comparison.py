"""Several reports side by side, each value against that of a baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from topograph.errors import ParameterError
from topograph.metrics import METRICS
from topograph.report import (
    Better,
    ComparedMetric,
    ComparedValue,
    Comparison,
    Mark,
    MaskDistance,
    Measurement,
    Report,
)

_ENDS: dict[Better | None, tuple[Mark, Mark]] = {
    "more": ("worst", "best"),
    "less": ("best", "worst"),
    None: ("smallest", "largest"),
}


def compare(
    reports: Sequence[Report],
    *,
    per_layer: bool = False,
    baseline: int | str = 1,
    distances: Sequence[MaskDistance] = (),
) -> Comparison:
    """Align the measurements of several reports.

    Parameters
    ----------
    reports : sequence of Report
        At least two, in the order in which they are shown.
    per_layer : bool, default False
        Align the rows of layers too: the first layers with each other, and so on.
    baseline : int or str, default 1
        The report that differences and ratios refer to: its number, counted from 1, or its
        source, of which the name of the file is enough, with or without its ending.
    distances : sequence of MaskDistance, optional
        From `topograph.distances.mask_distances`, of the same masks in the same order.

    Raises
    ------
    ParameterError
        If there are fewer than two reports, or no such baseline.

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
    base = baseline_place([report.source for report in reports], baseline)
    tables = [_table(report, per_layer) for report in reports]
    keys = list(dict.fromkeys(key for table in tables for key in table))
    keys.sort(key=lambda key: key[1] or 0)  # stable: the network first, then layer by layer
    rows = []
    for metric, layer in keys:
        measured = [table.get((metric, layer)) for table in tables]
        unit = next(row.unit for row in measured if row)
        better = METRICS[metric].better if metric in METRICS else None
        values = tuple(
            replace(_beside(row, measured[base]), mark=mark)
            for row, mark in zip(measured, _marks(measured, better), strict=True)
        )
        rows.append(ComparedMetric(metric, layer, unit, values, better))
    return Comparison(tuple(reports), tuple(rows), base, tuple(distances))


def baseline_place(sources: Sequence[str], baseline: int | str) -> int:
    """Return the place, from 0, of the report that a number or a name means.

    A name is a whole source, else that of a file, else that of a file without its ending; digits
    that name no report are a number, counted from 1.

    Raises
    ------
    ParameterError
        If there is no such report, or a name means several.

    Examples
    --------
    >>> baseline_place(["masks/a.npz", "masks/b.npz"], "b"), baseline_place(["a", "b"], 2)
    (1, 1)
    """
    if isinstance(baseline, str):
        for shorten in (str, _file_name, _file_stem):
            found = [place for place, source in enumerate(sources) if shorten(source) == baseline]
            if len(found) > 1:
                numbers = " and ".join(str(place + 1) for place in found)
                raise ParameterError(
                    f"baseline must name one mask, but {baseline!r} names masks {numbers}.",
                    hint="give the number of the mask, counted from 1.",
                )
            if found:
                return found[0]
        baseline = int(baseline) if baseline.isascii() and baseline.isdigit() else baseline
    if isinstance(baseline, int) and 1 <= baseline <= len(sources):
        return baseline - 1
    raise ParameterError.expected(
        "baseline",
        f"the name of a mask or a number from 1 to {len(sources)}",
        baseline,
        hint=f"the masks are {', '.join(sources)}." if all(sources) else None,
    )


def _file_name(source: str) -> str:
    return PurePath(source).name


def _file_stem(source: str) -> str:
    return PurePath(source).stem


def _marks(row: Sequence[Measurement | None], better: Better | None) -> list[Mark | None]:
    """Say of each value whether it is an extreme of its row; of none where all are equal."""
    values = [found.value if found else None for found in row]
    known = [value for value in values if value is not None]
    truths = any(isinstance(value, bool) for value in known)
    if not known or min(known) == max(known) or (truths and better is None):
        return [None] * len(values)
    smallest, largest = _ENDS[better]
    ends = {min(known): smallest, max(known): largest}
    return [None if value is None else ends.get(value) for value in values]


def _table(report: Report, per_layer: bool) -> dict[tuple[str, int | None], Measurement]:
    indices = {layer.name: layer.index for layer in report.layers}
    return {
        (row.metric, indices[row.layer] if row.layer else None): row
        for row in report.measurements
        if per_layer or row.layer is None
    }


def _beside(row: Measurement | None, base: Measurement | None) -> ComparedValue:
    if row is None or base is None or row.value is None or base.value is None:
        return ComparedValue(row)
    if isinstance(row.value, bool) or isinstance(base.value, bool):
        return ComparedValue(row)
    difference = row.value - base.value
    if base.value == 0:
        return ComparedValue(row, difference)
    return ComparedValue(row, difference, _ratio(row.value, base.value))


def _ratio(value: float, base: float) -> float | None:
    try:
        return value / base
    except OverflowError:  # integers whose quotient leaves the range of floats
        return None
