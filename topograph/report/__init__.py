"""What topograph answers with: frozen records that flatten into rows."""

from topograph.report.compared import Better, ComparedMetric, ComparedValue, Comparison, Mark
from topograph.report.distances import MEASURES, MaskDistance, Measure
from topograph.report.measurement import Bound, Estimate, Kind, Measurement
from topograph.report.nulls import NULL_COLUMNS, NullEnsemble, NullKind, NullValue
from topograph.report.verdict import (
    Certificate,
    Counterexample,
    Property,
    Undecided,
    Verdict,
)
from topograph.report.whole import SCHEMA_VERSION, LayerSummary, Report, Warn

__all__ = [
    "MEASURES",
    "NULL_COLUMNS",
    "SCHEMA_VERSION",
    "Better",
    "Bound",
    "Certificate",
    "ComparedMetric",
    "ComparedValue",
    "Comparison",
    "Counterexample",
    "Estimate",
    "Kind",
    "LayerSummary",
    "Mark",
    "MaskDistance",
    "Measure",
    "Measurement",
    "NullEnsemble",
    "NullKind",
    "NullValue",
    "Property",
    "Report",
    "Undecided",
    "Verdict",
    "Warn",
]
