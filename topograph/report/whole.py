"""Everything that was measured of one graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from topograph.report.frames import data_frame
from topograph.report.measurement import Measurement
from topograph.report.notebook_views import report_html
from topograph.report.nulls import NULL_COLUMNS, NullEnsemble
from topograph.report.verdict import Verdict

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Warn:
    """Something a reader of the numbers should know.

    Parameters
    ----------
    code : str
        A stable name, such as ``dead-outputs``.
    text : str
        The warning in plain words.
    strict : bool
        Whether ``--strict`` turns it into exit code 3.
    """

    code: str
    text: str
    strict: bool = False

    def row(self) -> dict[str, Any]:
        """Return the record as a mapping."""
        return {"code": self.code, "text": self.text, "strict": self.strict}


@dataclass(frozen=True)
class LayerSummary:
    """One layer as the report's header shows it; ``index`` counts from 1.

    Without pruning it would have ``possible_edges``; a layer without parameters has none left
    out, and is no part of the density.
    """

    index: int
    name: str
    source: int
    target: int
    shape: tuple[int, int]
    edges: int
    possible_edges: int
    is_structural: bool = False

    def row(self) -> dict[str, Any]:
        """Return the record as a mapping."""
        return {
            "index": self.index,
            "name": self.name,
            "source": self.source,
            "target": self.target,
            "shape": list(self.shape),
            "edges": self.edges,
        }


@dataclass(frozen=True)
class Report:
    """Everything that was measured of one graph, what was skipped and why.

    Parameters
    ----------
    source : str
        Where the graph came from, as the user named it.
    provenance : mapping
        How it was made, where that is known.
    widths : tuple of int
    layers : tuple of LayerSummary
    verdicts : tuple of Verdict
    measurements : tuple of Measurement
    warnings : tuple of Warn
    skipped : mapping of str to str
        Metric left out, and the reason.
    seconds : float
        Wall time of the analysis; not part of the machine-readable formats, which are
        the same for the same graph and seed.
    null : NullEnsemble, optional
        The same values beside those of null nets, where they were asked for.
    """

    source: str
    provenance: Mapping[str, Any]
    widths: tuple[int, ...]
    layers: tuple[LayerSummary, ...]
    verdicts: tuple[Verdict, ...]
    measurements: tuple[Measurement, ...]
    warnings: tuple[Warn, ...]
    skipped: Mapping[str, str]
    seconds: float = 0.0
    null: NullEnsemble | None = None

    def measurement(self, metric: str, layer: str | None = None) -> Measurement:
        """Return the row of a metric; KeyError if it was not measured."""
        for found in self.measurements:
            if found.metric == metric and found.layer == layer:
                return found
        raise KeyError(metric if layer is None else f"{metric} of layer {layer}")

    def rows(self) -> list[dict[str, Any]]:
        """Return the measurements as flat mappings, one a row."""
        return [measurement.row() for measurement in self.measurements]

    def to_frame(self) -> Any:
        """Return the measurements as a data frame: of polars, or of pandas where that is missing.

        A row a metric and layer. Values are floats: truth values are 1 and 0; undefined ones are
        null, and so are counts beyond the range of floats, of which ``log10`` tells the size. With
        null nets there are `NULL_COLUMNS` more.

        Raises
        ------
        MissingExtraError
            If neither is installed.
        """
        rows = self.rows()
        columns = list(Measurement("", None, None).row())
        if self.null is not None:
            columns += NULL_COLUMNS
            for row, measured in zip(rows, self.measurements, strict=True):
                null = self.null.get(measured.metric, measured.layer)
                row.update(dict.fromkeys(NULL_COLUMNS) if null is None else null.columns())
        return data_frame(rows, columns)

    def _repr_html_(self) -> str:
        return report_html(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the whole report as JSON-ready mappings and lists."""
        return {
            "schema_version": SCHEMA_VERSION,
            "source": self.source,
            "provenance": dict(self.provenance),
            "widths": list(self.widths),
            "layers": [layer.row() for layer in self.layers],
            "verdicts": [verdict.row() for verdict in self.verdicts],
            "measurements": self.rows(),
            "warnings": [warning.row() for warning in self.warnings],
            "skipped": [
                {"metric": name, "reason": reason} for name, reason in self.skipped.items()
            ],
            **({} if self.null is None else {"null": self.null.as_dict()}),
        }
