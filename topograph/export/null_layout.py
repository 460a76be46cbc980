"""What the readable renderings show of a net beside its null nets."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from topograph.report import Comparison, NullEnsemble, NullValue, Report
from topograph.wording import number

TITLES = ("metric", "value", "null nets", "z", "p")
_SHARED = {
    "degree": "of the same degrees",
    "density": "of the same densities",
    "relabel": "of the same layers, joined at random",
}
_NAMED = 3  # layers named for one reason
_TOLD = 6  # metrics named in a sentence
_PLAIN_Z = 1000  # scores from here on are whole numbers
_WRITTEN_OUT = 1e12  # numbers below it have no exponent


def null_title(null: NullEnsemble) -> str:
    """Say what the net stands beside."""
    nets = "net" if null.samples == 1 else "nets"
    return f"Against {number(null.samples)} {nets} {_SHARED[null.kind]}"


def null_rows(null: NullEnsemble) -> list[tuple[str, str, str, str, str]]:
    """Return a row for each value that null nets can differ from: those of the net first."""
    shown = [row for row in null.values if row.p is not None and not row.is_settled]
    return [
        (_name(row), number(row.value), _spread(row), _z(row), f"{row.p:.3g}")
        for row in sorted(shown, key=lambda row: row.layer is not None)
    ]


def null_story(null: NullEnsemble) -> str:
    """Say in a sentence which values of the whole net lie outside those of all null nets.

    Values that all null nets share with the net are not free, and do not count.

    Examples
    --------
    >>> from topograph.generators import radix_net
    >>> from topograph.nulls import null_ensemble
    >>> null_story(null_ensemble(radix_net([[4, 4]]), samples=9, metrics=["path_count_cv"]))
    'Against 9 nets of the same degrees, 1 of 1 free values lie outside all: path_count_cv.'
    """
    free = [row for row in null.values if row.layer is None and row.p is not None]
    free = [row for row in free if not row.is_settled]
    if not free:
        return ""
    outside = [row for row in free if row.p == min(1.0, 2 / (len(row.null_values) + 1))]
    outside = [row for row in outside if row.value not in row.null_values]
    outside.sort(key=lambda row: -abs(row.z) if row.z is not None else -math.inf)
    names = f": {_some([row.metric for row in outside], _TOLD)}" if outside else ""
    count = f"{len(outside) or 'none'} of {len(free)} free values lie outside all"
    return f"{null_title(null)}, {count}{names}."


def null_notes(report: Report) -> list[str]:
    """Return what has to be said of the null nets beside the rows."""
    null = report.null
    if null is None:
        return []
    settled = [row for row in null.values if row.is_settled]
    story = null_story(null)
    lines = [story] if story else []
    if any(row.p is not None for row in null.values):
        lines.append(
            f"With {number(null.samples)} null nets p is at least {2 / (null.samples + 1):.3g}. "
            f"Up to one row in 20 is below 0.05 by chance alone."
        )
    if settled:
        names = ", ".join(_named(settled, null))
        lines.append(f"The same in the net and in all null nets: {names}.")
    lines += _reasons(null)
    hidden = {name: why for name, why in null.skipped.items() if name not in report.skipped}
    return lines + [f"{name}: left out of the null nets: {why}" for name, why in hidden.items()]


def null_comparison_title(comparison: Comparison) -> str | None:
    """Say what each mask stands beside, or None if there are no null nets."""
    titles = dict.fromkeys(null_title(r.null) for r in comparison.reports if r.null is not None)
    return f"{'; '.join(titles)}: z and p" if titles else None


def null_comparison_rows(comparison: Comparison) -> list[list[tuple[str, str]]]:
    """Return a row a metric: its name, then for each mask the z-score, and what else is said."""
    rows = []
    for row in comparison.rows:
        found = [comparison.null_value(row, at) for at in range(len(comparison.reports))]
        if all(value is None or value.p is None or value.is_settled for value in found):
            continue
        name = row.metric if row.layer is None else f"{row.metric}, layer {row.layer}"
        rows.append([(name, ""), *map(_cell, found)])
    return rows


def null_comparison_notes(comparison: Comparison) -> list[str]:
    """Return what has to be said beside `null_comparison_rows`."""
    samples = min((r.null.samples for r in comparison.reports if r.null is not None), default=0)
    if not samples:
        return []
    least = 2 / (samples + 1)
    return [
        f"z, then p, mean and standard deviation of the null nets. With {number(samples)} null "
        f"nets p is at least {least:.3g}. Up to one value in 20 is below 0.05 by chance alone.",
        "same: the net and all its null nets have one value; rows that are so in all masks are "
        "left out. A dash: the null nets have one value, and the net has another.",
    ]


def _cell(value: NullValue | None) -> tuple[str, str]:
    if value is None:
        return "not measured", ""
    if value.p is None:
        return "undefined", ""
    if value.is_settled:
        return "same", ""
    return _z(value), f"p {value.p:.3g}; {_spread(value)}"


def _name(row: NullValue) -> str:
    return row.metric if row.layer is None else f"{row.metric} of {row.layer}"


def _spread(row: NullValue) -> str:
    if not row.standard_deviation:
        return number(row.mean)
    return f"{_short(row.mean)} ± {_short(row.standard_deviation, digits=2)}"


def _short(value: float | None, digits: int = 4) -> str:
    if isinstance(value, float) and 10**digits <= abs(value) < _WRITTEN_OUT:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if isinstance(value, float) else number(value)


def _z(row: NullValue) -> str:
    if row.z is None:
        return "-"
    if abs(row.z) >= _PLAIN_Z:
        return f"{row.z:+,.0f}" if isinstance(row.z, float) else number(row.z)
    return f"{row.z:+.3g}"


def _named(rows: Sequence[NullValue], null: NullEnsemble) -> Iterator[str]:
    """Yield metrics, with the layers unless all values of a metric are meant."""
    everywhere = Counter(row.metric for row in null.values)
    layers: dict[str, list[str | None]] = {}
    for row in rows:
        layers.setdefault(row.metric, []).append(row.layer)
    for metric, where in layers.items():
        named = [layer or "the net" for layer in where]
        yield metric if len(where) == everywhere[metric] else f"{metric} of {_some(named)}"


def _reasons(null: NullEnsemble) -> list[str]:
    """Return why values have no null values, the rows with one reason together."""
    rows: dict[str, list[NullValue]] = {}
    for row in null.values:
        if not row.null_values and not row.undefined_samples:  # no null nets at all
            return [f"{(row.undefined or '')[:1].upper()}{(row.undefined or '')[1:]}"]
        if row.p is None and (row.value is not None) != bool(row.null_values):
            rows.setdefault(row.undefined or "", []).append(row)
        elif row.p is not None and row.undefined_samples:
            reason = f"undefined in {row.undefined_samples} of {null.samples} null nets"
            rows.setdefault(reason, []).append(row)
    return [f"{', '.join(_named(found, null))}: {reason}" for reason, found in rows.items()]


def _some(names: Sequence[str], most: int = _NAMED) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{rest}"
