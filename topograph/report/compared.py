"""The same metrics of several masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from topograph.report.distances import MaskDistance
from topograph.report.frames import data_frame
from topograph.report.measurement import Measurement
from topograph.report.notebook_views import comparison_html
from topograph.report.nulls import NULL_COLUMNS, NullValue
from topograph.report.whole import SCHEMA_VERSION, Report
from topograph.wording import count_text

COMPARED_COLUMNS = (
    *("metric", "layer", "source", "value", "difference", "ratio", "mark", "unit", "kind"),
    *("standard_error", "undefined"),
)
"""Of `Comparison.tidy_rows`; with null nets there are `NULL_COLUMNS` more."""
Better: TypeAlias = Literal["more", "less"]
Mark: TypeAlias = Literal["best", "worst", "largest", "smallest"]


@dataclass(frozen=True)
class ComparedValue:
    """One mask's value of a metric, beside the baseline's.

    Parameters
    ----------
    measurement : Measurement or None
        None where the mask has no such row: a metric left out, or fewer layers.
    difference : int, float or None
        This value less the baseline's; None where either is missing, undefined or a truth
        value.
    ratio : float or None
        This value over the baseline's; None where there is no difference, the baseline's is 0,
        or the quotient of two path counts leaves the range of floats.
    mark : {"best", "worst", "largest", "smallest"}, optional
        What this value is among all of the row; equal ones share a mark. Best and worst where
        the metric has a better direction, largest and smallest elsewhere.
    """

    measurement: Measurement | None
    difference: int | float | None = None
    ratio: float | None = None
    mark: Mark | None = None


@dataclass(frozen=True)
class ComparedMetric:
    """One metric of all masks; ``layer`` counts layers from 1, None for the network.

    ``better`` says whether more or less of it is better, None where neither is.
    """

    metric: str
    layer: int | None
    unit: str
    values: tuple[ComparedValue, ...]
    better: Better | None = None


@dataclass(frozen=True)
class Comparison:
    """The metrics of several masks, aligned.

    Parameters
    ----------
    reports : tuple of Report
    rows : tuple of ComparedMetric
    baseline : int, default 0
        Place of the report that differences and ratios refer to, from 0.
    distances : tuple of MaskDistance, optional
        From mask to mask, if they were asked for.
    """

    reports: tuple[Report, ...]
    rows: tuple[ComparedMetric, ...]
    baseline: int = 0
    distances: tuple[MaskDistance, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready mappings and lists."""
        return {
            "schema_version": SCHEMA_VERSION,
            "baseline": self.reports[self.baseline].source,
            "masks": [
                {
                    "source": report.source,
                    "provenance": dict(report.provenance),
                    "widths": list(report.widths),
                    "verdicts": [verdict.row() for verdict in report.verdicts],
                    "warnings": [warning.row() for warning in report.warnings],
                    "skipped": [
                        {"metric": name, "reason": reason}
                        for name, reason in report.skipped.items()
                    ],
                    **({} if report.null is None else {"null": report.null.header()}),
                }
                for report in self.reports
            ],
            "rows": self.tidy_rows(),
            "distances": self.distance_rows(),
        }

    def to_frame(self) -> Any:
        """Return `tidy_rows` as a data frame: of polars, or of pandas where that is missing.

        Raises
        ------
        MissingExtraError
            If neither is installed.
        """
        rows = self.tidy_rows()
        return data_frame(rows, list(rows[0]) if rows else ["metric", "layer", "source", "value"])

    def _repr_html_(self) -> str:
        return comparison_html(self)

    def distance_rows(self) -> list[dict[str, Any]]:
        """Return one flat mapping a measure, layer and pair of masks."""
        return [
            {
                "measure": distance.measure,
                "layer": distance.layer,
                "source": self.reports[distance.first].source,
                "other": self.reports[distance.second].source,
                "value": distance.value,
                "undefined": distance.undefined,
            }
            for distance in self.distances
        ]

    def null_value(self, row: ComparedMetric, place: int) -> NullValue | None:
        """Return a mask's value beside those of its null nets; None if it was not measured."""
        report = self.reports[place]
        if report.null is None:
            return None
        names = {layer.index: layer.name for layer in report.layers}
        layer = None if row.layer is None else names.get(row.layer)
        if row.layer is not None and layer is None:
            return None
        return report.null.get(row.metric, layer)

    def tidy_rows(self) -> list[dict[str, Any]]:
        """Return one flat mapping a metric, layer and mask."""
        rows = []
        has_nulls = any(report.null is not None for report in self.reports)
        for row in self.rows:
            for place, (report, value) in enumerate(zip(self.reports, row.values, strict=True)):
                null = self.null_value(row, place)
                beside = null.columns() if null is not None else dict.fromkeys(NULL_COLUMNS)
                measured = value.measurement.row() if value.measurement else {}
                difference = value.difference
                rows.append(
                    {
                        "metric": row.metric,
                        "layer": row.layer,
                        "source": report.source,
                        "value": measured.get("value"),
                        "difference": count_text(difference)
                        if row.unit == "paths" and isinstance(difference, int)
                        else difference,
                        "ratio": value.ratio,
                        "mark": value.mark,
                        "unit": row.unit,
                        "kind": measured.get("kind"),
                        "standard_error": measured.get("standard_error"),
                        "undefined": measured.get("undefined"),
                        **(beside if has_nulls else {}),
                    }
                )
        return rows
