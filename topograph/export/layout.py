"""What every readable rendering shows, and how numbers are written in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from topograph.report import Measurement, Report, Verdict
from topograph.report.written import OUTCOMES as OUTCOMES
from topograph.report.written import value_of as value_of
from topograph.weighted import WEIGHTED_METRICS
from topograph.wording import number

# Columns of the two layer tables: metric and short title.
EDGE_COLUMNS = (
    ("density", "density"),
    ("effective_density", "effective"),
    ("fan_in", "fan-in"),
    ("fan_out", "fan-out"),
    ("component_count", "components"),
)
SPECTRAL_COLUMNS = (
    ("sigma_1", "sigma 1"),
    ("sigma_2", "sigma 2"),
    ("spectral_gap", "gap"),
    ("ramanujan_gap", "Ramanujan gap"),
    ("is_ramanujan", "Ramanujan"),
)
_SHOWN = {name for name, _ in (*EDGE_COLUMNS, *SPECTRAL_COLUMNS)}
_FURTHER_COLUMNS = 5  # of the tables of all other metrics of layers
_BY_LAYER = ("parameters", "attention")  # of traced nets: an entry a layer, which JSON has


def network_rows(report: Report) -> list[tuple[str, str, str]]:
    """Return metric, value and remark of every network measurement."""
    return [
        (row.metric, value_of(row), row.undefined or row.unit)
        for row in report.measurements
        if row.layer is None and row.metric not in WEIGHTED_METRICS
    ]


def weighted_rows(report: Report) -> list[tuple[str, str, str]]:
    """Return metric, value and remark of what the weights tell of the network."""
    return [
        (row.metric, value_of(row), row.undefined or "")
        for row in report.measurements
        if row.layer is None and row.metric in WEIGHTED_METRICS
    ]


def weighted_layer_rows(report: Report) -> list[tuple[list[str], list[list[str]]]]:
    """Return tables of what the weights tell of the layers, a few columns each."""
    names = [*dict.fromkeys(row.metric for row in report.measurements if row.layer)]
    return _tables(report, [name for name in names if name in WEIGHTED_METRICS])


def layer_rows(report: Report) -> tuple[list[str], list[list[str]]]:
    """Return the titles and the rows of the table of layers."""
    return _by_layer(report, EDGE_COLUMNS, with_shape=True)


def spectral_rows(report: Report) -> tuple[list[str], list[list[str]]]:
    """Return the titles and the rows of the table of spectra; no rows if none were measured."""
    titles, rows = _by_layer(report, SPECTRAL_COLUMNS, with_shape=False)
    return titles, rows if len(titles) > 2 else []


def further_rows(report: Report) -> list[tuple[list[str], list[list[str]]]]:
    """Return tables of the layers' metrics that no other table shows, a few columns each.

    Metrics without a value in any layer have no column: their reasons are listed below.
    """
    measured = dict.fromkeys(
        row.metric for row in report.measurements if row.layer and row.undefined is None
    )
    shown = set(_SHOWN)
    for fan in ("fan_in", "fan_out"):
        ends = {f"{fan}_{end}" for end in ("min", "mean", "max")}
        if ends <= set(measured):
            shown |= ends
    shown |= {"edge_count"} | ({"effective_edges"} if "effective_density" in measured else set())
    shown |= set(WEIGHTED_METRICS)
    return _tables(report, [name for name in measured if name not in shown])


def _tables(report: Report, names: list[str]) -> list[tuple[list[str], list[list[str]]]]:
    groups = [names[i : i + _FURTHER_COLUMNS] for i in range(0, len(names), _FURTHER_COLUMNS)]
    return [
        _by_layer(report, tuple((name, name) for name in group), with_shape=False)
        for group in groups
    ]


def _by_layer(
    report: Report, columns: tuple[tuple[str, str], ...], *, with_shape: bool
) -> tuple[list[str], list[list[str]]]:
    found = {(row.metric, row.layer): row for row in report.measurements if row.layer}
    titles = ["#", "layer", *(["shape", "edges"] if with_shape else [])]
    rows = [[str(layer.index), layer.name] for layer in report.layers]
    if with_shape:
        for row, layer in zip(rows, report.layers, strict=True):
            row += [f"{layer.shape[0]:,} x {layer.shape[1]:,}", f"{layer.edges:,}"]
    for name, title in columns:
        cells = [_layer_cell(found, name, layer.name) for layer in report.layers]
        if any(cell is not None for cell in cells):
            titles.append(title)
            for row, cell in zip(rows, cells, strict=True):
                row.append(cell or "")
    return titles, rows


def _layer_cell(found: Mapping[tuple[str, str], Measurement], name: str, layer: str) -> str | None:
    if name in ("fan_in", "fan_out"):
        low, mean, high = (found.get((f"{name}_{end}", layer)) for end in ("min", "mean", "max"))
        if low is None or mean is None or high is None:
            return None
        if low.value == high.value:
            return f"{low.value}"
        return f"{low.value}..{mean.value:.3g}..{high.value}"
    row = found.get((name, layer))
    if row is None:
        return None
    return "-" if row.undefined is not None else _short(row.value)


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else number(value)


def undefined_layer_reasons(report: Report) -> list[str]:
    """Return, a metric and reason each, why cells of the layer table are empty."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in report.measurements:
        if row.layer is not None and row.undefined is not None:
            reasons.setdefault((row.metric, row.undefined), []).append(row.layer)
    lines = []
    for (name, reason), layers in reasons.items():
        where = ", ".join(layers[:3]) + (f" and {len(layers) - 3} more" if len(layers) > 3 else "")
        lines.append(f"{name} of {where}: {reason}")
    return lines


def skipped_lines(report: Report) -> list[str]:
    """Return what was left out, metrics with the same reason on one line."""
    names: dict[str, list[str]] = {}
    for name, reason in report.skipped.items():
        names.setdefault(reason, []).append(name)
    return [f"{', '.join(metrics)}: {reason}" for reason, metrics in names.items()]


def doubt_of(verdict: Verdict) -> str:
    """Say by which method a verdict was reached and how certain it is."""
    if verdict.holds is True and verdict.error_probability > 0:
        return f"{verdict.method}; wrong with probability < {verdict.error_probability:.1e}"
    return verdict.method


def header_rows(report: Report) -> list[tuple[str, str]]:
    """Return the lines of the header."""
    weighted = [layer for layer in report.layers if not layer.is_structural]
    edges = sum(layer.edges for layer in weighted)
    possible = sum(layer.possible_edges for layer in weighted)
    others = sum(layer.edges for layer in report.layers) - edges
    beside = f", and {others:,} of layers without parameters" if others else ""
    return [
        ("source", report.source or "(in memory)"),
        ("provenance", _inline(report.provenance) or "not recorded in the file"),
        ("widths", written_widths(report.widths) or "none: each layer stands alone"),
        ("edges", f"{edges:,} of {possible:,}{beside}"),
        ("density", f"{edges / possible:.6g}" if possible else "no layer has parameters"),
    ]


def written_widths(widths: Sequence[int]) -> str:
    """Write the widths of the levels; of deep nets those at both ends.

    Examples
    --------
    >>> written_widths([784, 300, 10])
    '784 - 300 - 10'
    >>> written_widths([64] * 13)
    '64 - 64 - 64 - 64 - ... 5 levels ... - 64 - 64 - 64 - 64'
    """
    written = [f"{width:,}" for width in widths]
    if len(written) > 12:
        written = [*written[:4], f"... {len(written) - 8} levels ...", *written[-4:]]
    return " - ".join(written)


def _inline(mapping: Mapping[str, Any]) -> str:
    parts = []
    left_out = _BY_LAYER if "traced_by" in mapping else ()
    for key, value in sorted(mapping.items(), key=lambda item: item[0] == "of"):
        if key in left_out:
            continue
        shown = _inline(value) if isinstance(value, Mapping) else str(value)
        parts.append(f"{key} ({shown})" if isinstance(value, Mapping) else f"{key}: {shown}")
    return ", ".join(parts)
