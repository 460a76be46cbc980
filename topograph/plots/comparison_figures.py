"""Which figures tell several nets apart?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from topograph.errors import ParameterError
from topograph.graph import LayeredGraph
from topograph.plots.analysis_figures import made_or_said
from topograph.plots.density_figure import density_of_nets
from topograph.plots.path_matrix_figure import path_matrix_of_nets
from topograph.plots.reach_figure import reach_of_nets
from topograph.plots.records import Figure, Panel, Row
from topograph.report import Comparison, Measurement
from topograph.wording import number

_GLANCE = (
    ("density", "density"),
    ("effective_density", "effective density"),
    ("connected_pair_fraction", "share of pairs that are joined"),
    ("path_count_cv", "unevenness of path counts (CV)"),
    ("log10_path_count", "number of paths, as a power of ten"),
    ("dead_hidden", "dead hidden units"),
    ("dead_inputs", "dead inputs"),
    ("output_fan_in_min", "least fan-in of an output"),
    ("end_to_end_gap", "end-to-end gap"),
)


def comparison_figures(
    comparison: Comparison,
    graphs: Mapping[str, LayeredGraph],
    *,
    seed: int = 0,
) -> tuple[Figure, ...]:
    """Return what the figures of a comparison show, as plain records.

    Parameters
    ----------
    comparison : Comparison
    graphs : mapping of str to LayeredGraph
        The net of each report, in their order, by the short name that figures use.
    seed : int, default 0
        Of the inputs drawn where there are too many.

    Raises
    ------
    ParameterError
        If there are not as many nets as reports.
    """
    if len(graphs) != len(comparison.reports):
        raise ParameterError(
            f"The figures need the net of each of the {len(comparison.reports)} reports, but "
            f"there are {len(graphs)}."
        )
    first = next(iter(graphs.values()))
    figures = (
        glance_figure(comparison, list(graphs)),
        made_or_said("path-matrix", "Path matrix", lambda _: path_matrix_of_nets(graphs), first),
        made_or_said(
            "reachability", "Reach by depth", lambda _: reach_of_nets(graphs, seed), first
        ),
        density_of_nets(graphs),
    )
    key = tuple(
        (name, report.source)
        for name, report in zip(graphs, comparison.reports, strict=True)
        if report.source and report.source != name
    )
    return tuple(replace(figure, key=key) for figure in figures)


def glance_figure(comparison: Comparison, names: list[str]) -> Figure:
    """Return the headline metrics of all masks as bars, a panel a metric."""
    panels = []
    for metric, title in _GLANCE:
        rows: list[Row] = []
        for name, report in zip(names, comparison.reports, strict=True):
            try:
                found = report.measurement(metric)
            except KeyError:
                found = None
            shown = {"label": name, "value": _height(found), "text": _text(found)}
            rows.append(
                shown | ({"name": report.source} if report.source not in ("", name) else {})
            )
        if any(row["value"] is not None for row in rows):
            panels.append(Panel("bars", title, title, "", tuple(rows), value=metric))
    return Figure(
        "at-a-glance",
        "At a glance",
        "The same few numbers of every mask. Each panel has its own scale, from 0.",
        tuple(panels),
        f"{len(panels)} metrics of {len(names)} masks side by side.",
    )


def _height(found: Measurement | None) -> float | None:
    if found is None or found.value is None:
        return None
    return float(found.value)


def _text(found: Measurement | None) -> str:
    if found is None:
        return "not measured"
    if found.value is None:
        return "undefined"
    value = found.value
    return f"{value:.3g}" if isinstance(value, float) else number(value)
