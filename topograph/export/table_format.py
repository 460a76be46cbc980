"""Reports as a terminal page."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from topograph.export.comparison_layout import (
    LEGEND,
    MARKS,
    distance_reasons,
    distance_tables,
    mask_rows,
    mask_titles,
    metric_rows,
    verdict_rows,
)
from topograph.export.layout import (
    OUTCOMES,
    doubt_of,
    further_rows,
    header_rows,
    layer_rows,
    network_rows,
    skipped_lines,
    spectral_rows,
    undefined_layer_reasons,
    weighted_layer_rows,
    weighted_rows,
)
from topograph.export.null_layout import (
    TITLES,
    null_comparison_notes,
    null_comparison_rows,
    null_comparison_title,
    null_notes,
    null_rows,
    null_title,
)
from topograph.metrics import METRICS
from topograph.report import Comparison, Report, Verdict

_STYLES = {True: "green", False: "red", None: "yellow"}
_SHOWN_LAYERS = 40
_MASK_WIDTH = 22  # of a column of a comparison; longer counts are folded
_MARK_STYLES = {MARKS["best"]: "green", MARKS["worst"]: "red", "▲": "bold", "▼": "dim"}


def to_table(report: Report, *, width: int = 100, color: bool = False) -> str:
    """Return the report for a terminal of ``width`` columns, with ANSI colors if asked."""
    console, buffer = _page(width, color)
    _print_header(console, report)
    if report.verdicts:
        _title(console, "Verdicts")
        _print_verdicts(console, report.verdicts)
    _title(console, "Layers")
    _print_by_layer(console, *layer_rows(report))
    titles, spectra = spectral_rows(report)
    if spectra:
        _title(console, "Spectra of the layers")
        _print_by_layer(console, titles, spectra)
    for titles, rows in further_rows(report):
        _title(console, "Further values of the layers")
        _print_by_layer(console, titles, rows)
    weights = weighted_layer_rows(report)
    if weights or weighted_rows(report):
        _title(console, "Weighted")
    for titles, rows in weights:
        _print_by_layer(console, titles, rows)
    _print_values(console, weighted_rows(report))
    for reason in undefined_layer_reasons(report):
        console.print(Text(f"- {reason}", style="dim"))
    _title(console, "Network")
    _print_values(console, network_rows(report))
    _print_nulls(console, report)
    _print_list(console, "Warnings", [f"! {w.text}" for w in report.warnings], "yellow")
    _print_list(console, "Left out", skipped_lines(report), "")
    console.print(Text(f"\nTook {report.seconds:.2f} s.", style="dim"))
    return _lines(buffer)


def verdicts_to_table(verdicts: Sequence[Verdict], *, width: int = 100, color: bool = False) -> str:
    """Return verdicts alone for a terminal."""
    console, buffer = _page(width, color)
    _print_verdicts(console, verdicts)
    return _lines(buffer)


def comparison_to_table(comparison: Comparison, *, width: int = 100, color: bool = False) -> str:
    """Return the comparison for a terminal of ``width`` columns."""
    console, buffer = _page(width, color)
    grid = Table.grid(padding=(0, 2))
    for title, source, widths in mask_rows(comparison):
        grid.add_row(Text(title, style="bold"), Text(source), Text(widths, style="dim"))
    console.print(grid)
    titles = mask_titles(comparison)
    _title(console, "Verdicts")
    verdicts = [[(text, "") for text in row] for row in verdict_rows(comparison)]
    _print_aligned(console, titles, verdicts)
    base = titles[comparison.baseline]
    _title(console, f"Metrics, with the difference to {base} and the ratio")
    console.print(Text(LEGEND, style="dim"))
    _print_aligned(console, titles, metric_rows(comparison))
    if heading := null_comparison_title(comparison):
        _title(console, heading)
        _print_aligned(console, titles, null_comparison_rows(comparison))
        for note in null_comparison_notes(comparison):
            console.print(Text(f"- {note}", style="dim"))
    for title, rows in distance_tables(comparison):
        _title(console, title)
        _print_aligned(console, titles, [[(text, "") for text in row] for row in rows])
    for reason in distance_reasons(comparison):
        console.print(Text(f"- {reason}", style="dim"))
    for title, report in zip(titles, comparison.reports, strict=True):
        lines = [f"! {warning.text}" for warning in report.warnings]
        _print_list(console, f"Warnings of {title}", lines, "yellow")
        _print_list(console, f"Left out of {title}", skipped_lines(report), "")
    return _lines(buffer)


def _print_aligned(console: Console, titles: list[str], rows: list[list[tuple[str, str]]]) -> None:
    """Print a table with as many masks side by side as fit, the others below."""
    cells = [(row[0][0], [max(len(text), len(beside)) for text, beside in row[1:]]) for row in rows]
    first = max((len(name) for name, _ in cells), default=0) + 1
    widest = max((width for _, widths in cells for width in widths), default=1) + 1
    step = max(1, (console.width - first) // min(widest, _MASK_WIDTH))
    for start in range(0, len(titles), step):
        if start:
            console.print()
        table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
        table.add_column("", no_wrap=True)
        for title in titles[start : start + step]:
            table.add_column(title, justify="right", overflow="fold")
        for row in rows:
            table.add_row(*map(_aligned_cell, [row[0], *row[1 + start : 1 + start + step]]))
        console.print(table)


def _aligned_cell(cell: tuple[str, str]) -> Text:
    text, beside = cell
    for ending, style in _MARK_STYLES.items():
        if text.endswith(ending):
            shown = Text.assemble(text.removesuffix(ending), (ending, style))
            break
    else:
        shown = Text(text)
    return shown.append(f"\n{beside}", "dim") if beside else shown


def _page(width: int, color: bool) -> tuple[Console, io.StringIO]:
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    return console, buffer


def _lines(buffer: io.StringIO) -> str:
    return "".join(line.rstrip() + "\n" for line in buffer.getvalue().splitlines())


def _print_verdicts(console: Console, verdicts: Sequence[Verdict]) -> None:
    grid = Table.grid(padding=(0, 2))
    for verdict in verdicts:
        statement = Text.assemble(verdict.statement, "\n", (doubt_of(verdict), "dim"))
        outcome = Text(OUTCOMES[verdict.holds], style=_STYLES[verdict.holds])
        grid.add_row(Text(verdict.property, style="bold"), outcome, statement)
    console.print(grid)


def _print_header(console: Console, report: Report) -> None:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for name, value in header_rows(report):
        grid.add_row(name, Text(value))
    console.print(grid)


def _print_by_layer(console: Console, titles: list[str], rows: list[list[str]]) -> None:
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(title, justify="left" if title == "layer" else "right", overflow="fold")
    half = _SHOWN_LAYERS // 2
    if len(rows) > _SHOWN_LAYERS:
        hidden = len(rows) - 2 * half
        gap = ["...", f"{hidden} more (--format csv lists all)", *[""] * (len(titles) - 2)]
        rows = [*rows[:half], gap, *rows[-half:]]
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _print_values(console: Console, rows: Sequence[tuple[str, str, str]]) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value, remark in rows:
        table.add_row(name, Text(value, justify="right"), Text(remark, style="dim"))
    if rows:
        console.print(table)


def _print_nulls(console: Console, report: Report) -> None:
    if report.null is None:
        return
    _title(console, null_title(report.null))
    rows = null_rows(report.null)
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for title in TITLES:
        is_text = title == "metric"
        table.add_column(title, justify="left" if is_text else "right", overflow="fold")
    n_network = sum(value.layer is None for value in report.null.values)
    half = _SHOWN_LAYERS // 2
    if len(rows) > n_network + 2 * half:
        hidden = len(rows) - n_network - 2 * half
        gap = (f"... {hidden} more of layers (--format csv lists all)", "", "", "", "")
        rows = [*rows[: n_network + half], gap, *rows[-half:]]
    for row in rows:
        table.add_row(*map(Text, row))
    if rows:
        console.print(table)
    for note in null_notes(report):
        console.print(Text(f"- {note}", style="dim"))


def _print_list(console: Console, title: str, lines: list[str], style: str) -> None:
    if not lines:
        return
    _title(console, title)
    for line in lines:
        console.print(Text(line, style=style))


def _title(console: Console, title: str) -> None:
    console.print(Text(f"\n{title}", style="bold underline"))


def registry_to_table(*, width: int = 100, color: bool = False) -> str:
    """Return the registry of metrics for a terminal."""
    console, buffer = _page(width, color)
    table = Table(box=None, padding=(0, 1), pad_edge=False, header_style="bold")
    for title in ("metric", "scope", "unit", "cost", "definition"):
        table.add_column(title)
    for metric in METRICS.values():
        cells = (metric.name, metric.scope, metric.unit, metric.cost, metric.legend)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    return _lines(buffer)
