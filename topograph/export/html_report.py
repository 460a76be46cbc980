"""A report as a page for the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from topograph.export.html_page import PROPERTIES, definitions, render_page
from topograph.export.html_tables import HtmlTable, html_table
from topograph.export.html_verdicts import verdict_cards
from topograph.export.layout import (
    EDGE_COLUMNS,
    SPECTRAL_COLUMNS,
    further_rows,
    header_rows,
    layer_rows,
    network_rows,
    skipped_lines,
    spectral_rows,
    undefined_layer_reasons,
    value_of,
    weighted_layer_rows,
    weighted_rows,
)
from topograph.export.null_layout import TITLES, null_notes, null_rows, null_story, null_title
from topograph.plots import Figure
from topograph.report import Report

_TERMS = {title: name for name, title in (*EDGE_COLUMNS, *SPECTRAL_COLUMNS)}
_TERMS |= {"fan-in": "fan_in_mean", "fan-out": "fan_out_mean"}
_TILES = (
    ("density", "density"),
    ("effective_density", "effective density"),
    ("path_count", "paths"),
    ("connected_pair_fraction", "joined pairs"),
    ("path_count_cv", "CV of path counts"),
    ("dead_hidden", "dead hidden units"),
)


def to_html(report: Report, figures: Sequence[Figure] = ()) -> str:
    """Return the report as one HTML page that needs nothing else, not even the network.

    Parameters
    ----------
    report : Report
    figures : sequence of Figure, optional
        From `topograph.plots.figure_data`.

    Raises
    ------
    MissingExtraError
        If the extra ``pictures`` is not installed.
    """
    network = _value_table("Metrics of the whole network", network_rows(report))
    weights = _weight_tables(report)
    tables = layer_tables(report)
    lines = skipped_lines(report)
    names = {row.metric for row in report.measurements} | {v.property for v in report.verdicts}
    terms = {column.term for table in tables for column in table.columns}
    sections = [("verdicts", "Verdicts")]
    sections += [("figures-section", "Figures")] if figures else []
    sections += [("layers", "Layers")]
    sections += [("network", "Network")] if network else []
    sections += [("weights", "Weights")] if weights else []
    sections += [("nulls", "Null nets")] if report.null is not None else []
    sections += [("left-out", "Left out")] if lines else []
    sections += [("definitions", "Definitions")]
    return render_page(
        "report.html.j2",
        figures,
        title=report.source or "Layered graph",
        sections=sections,
        facts=header_rows(report)[1:],
        cards=verdict_cards(report.verdicts),
        tiles=_tiles(report),
        null_story=null_story(report.null) if report.null is not None else "",
        warnings=[warning.text for warning in report.warnings],
        layer_tables=tables,
        reasons=undefined_layer_reasons(report),
        network=network,
        weights=weights,
        nulls=_null_table(report),
        null_notes=null_notes(report),
        skipped=lines,
        glossary=definitions(names | terms | set(PROPERTIES)),
    )


def layer_tables(report: Report) -> list[HtmlTable]:
    """Return the tables of the layers: edges, spectra, and all other values."""
    captions = ["Edges, layer by layer"]
    made = [layer_rows(report)]
    spectra = spectral_rows(report)
    if spectra[1]:
        made.append(spectra)
        captions.append("Spectra of the layers")
    if further := _joined(report, further_rows(report)):
        made.append(further)
        captions.append("Further values of the layers")
    return [_layer_table(caption, *of) for caption, of in zip(captions, made, strict=True)]


def _joined(
    report: Report, tables: Sequence[tuple[list[str], list[list[str]]]]
) -> tuple[list[str], list[list[str]]] | None:
    """Put tables of a few columns, as a terminal needs them, side by side."""
    titles, rows = ["#", "layer"], [[str(layer.index), layer.name] for layer in report.layers]
    for more, values in tables:
        titles += more[2:]
        for row, cells in zip(rows, values, strict=True):
            row += cells[2:]
    return (titles, rows) if len(titles) > 2 else None


def _layer_table(caption: str, titles: list[str], rows: list[list[str]]) -> HtmlTable:
    terms = [_TERMS.get(title, title) for title in titles]
    return html_table(caption, titles, rows, terms=terms, text_columns=(1,))


def _weight_tables(report: Report) -> list[HtmlTable]:
    of_layers = _joined(report, weighted_layer_rows(report))
    of_network = _value_table("What the weights of the network tell", weighted_rows(report))
    tables = [_layer_table("What the weights of the layers tell", *of_layers)] if of_layers else []
    return [*tables, of_network] if of_network else tables


def _value_table(caption: str, rows: Sequence[tuple[str, str, str]]) -> HtmlTable | None:
    if not rows:
        return None
    made = html_table(caption, ["metric", "value", "unit or reason"], rows, text_columns=(0, 2))
    return with_terms(made, [row[0] for row in rows])


def _null_table(report: Report) -> HtmlTable | None:
    if report.null is None:
        return None
    rows = null_rows(report.null)
    made = html_table(null_title(report.null), TITLES, rows, text_columns=(0,))
    return with_terms(made, [row[0].partition(" of ")[0] for row in rows])


def with_terms(table: HtmlTable, names: Sequence[str]) -> HtmlTable:
    """Return the table with the definition of each row's name behind its first cell."""
    rows = tuple(
        (replace(row[0], term=name), *row[1:]) for row, name in zip(table.rows, names, strict=True)
    )
    return replace(table, rows=rows)


def _tiles(report: Report) -> list[dict[str, Any]]:
    tiles = []
    for name, title in _TILES:
        try:
            row = report.measurement(name)
        except KeyError:
            continue
        tiles.append({"term": name, "title": title, "text": value_of(row)})
    return tiles
