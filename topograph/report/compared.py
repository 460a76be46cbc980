"""The same metrics of several masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from topograph.report.measurement import Measurement
from topograph.report.whole import SCHEMA_VERSION, Report


@dataclass(frozen=True)
class ComparedValue:
    """One mask's value of a metric, beside the first mask's.

    Parameters
    ----------
    measurement : Measurement or None
        None where the mask has no such row: a metric left out, or fewer layers.
    difference : int, float or None
        This value less the first; None where either is missing, undefined or a truth value.
    ratio : float or None
        This value over the first; None where there is no difference, the first is 0, or the
        quotient of two path counts leaves the range of floats.
    """

    measurement: Measurement | None
    difference: int | float | None = None
    ratio: float | None = None


@dataclass(frozen=True)
class ComparedMetric:
    """One metric of all masks; ``layer`` counts layers from 1, None for the network."""

    metric: str
    layer: int | None
    unit: str
    values: tuple[ComparedValue, ...]


@dataclass(frozen=True)
class Comparison:
    """The metrics of several masks, aligned.

    Parameters
    ----------
    reports : tuple of Report
        The first is the baseline.
    rows : tuple of ComparedMetric
    """

    reports: tuple[Report, ...]
    rows: tuple[ComparedMetric, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready mappings and lists."""
        return {
            "schema_version": SCHEMA_VERSION,
            "baseline": self.reports[0].source,
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
                }
                for report in self.reports
            ],
            "rows": self.tidy_rows(),
        }

    def tidy_rows(self) -> list[dict[str, Any]]:
        """Return one flat mapping a metric, layer and mask."""
        rows = []
        for row in self.rows:
            for report, value in zip(self.reports, row.values, strict=True):
                measured = value.measurement.row() if value.measurement else {}
                difference = value.difference
                rows.append(
                    {
                        "metric": row.metric,
                        "layer": row.layer,
                        "source": report.source,
                        "value": measured.get("value"),
                        "difference": str(difference)
                        if row.unit == "paths" and isinstance(difference, int)
                        else difference,
                        "ratio": value.ratio,
                        "unit": row.unit,
                        "kind": measured.get("kind"),
                        "standard_error": measured.get("standard_error"),
                        "undefined": measured.get("undefined"),
                    }
                )
        return rows
