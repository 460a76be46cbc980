"""What topograph answers with: frozen records that flatten into rows."""

from topograph.report.compared import ComparedMetric, ComparedValue, Comparison
from topograph.report.measurement import Bound, Estimate, Kind, Measurement
from topograph.report.verdict import (
    Certificate,
    Counterexample,
    Property,
    Undecided,
    Verdict,
)
from topograph.report.whole import SCHEMA_VERSION, LayerSummary, Report, Warn

__all__ = [
    "SCHEMA_VERSION",
    "Bound",
    "Certificate",
    "ComparedMetric",
    "ComparedValue",
    "Comparison",
    "Counterexample",
    "Estimate",
    "Kind",
    "LayerSummary",
    "Measurement",
    "Property",
    "Report",
    "Undecided",
    "Verdict",
    "Warn",
]
