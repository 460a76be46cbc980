"""What topograph answers with: frozen records that flatten into rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

SCHEMA_VERSION = 1

Kind: TypeAlias = Literal["exact", "estimate", "bound"]
Property: TypeAlias = Literal["connected", "symmetric", "regular"]


class Estimate(float):
    """A float estimated from a seeded sample.

    Parameters
    ----------
    value : float
    standard_error : float
        Of the estimate, in the same unit.
    """

    standard_error: float

    def __new__(cls, value: float, standard_error: float) -> Estimate:
        """Attach the standard error to the value."""
        made = super().__new__(cls, value)
        made.standard_error = float(standard_error)
        return made


class Bound(int):
    """An integer known from one side only: what a sample saw of an extreme.

    Parameters
    ----------
    value : int
    side : {"at least", "at most"}
        Where the true value lies.
    """

    side: str

    def __new__(cls, value: int, side: str) -> Bound:
        """Attach the side to the value."""
        made = super().__new__(cls, value)
        made.side = side
        return made


@dataclass(frozen=True)
class Measurement:
    """One value of one metric.

    Parameters
    ----------
    metric : str
        Name in the registry.
    layer : str or None
        Name of the layer, None for the whole network.
    value : int, float, bool or None
        None where the metric is undefined.
    unit : str
        What is counted; empty for pure numbers.
    kind : {"exact", "estimate", "bound"}
        A bound holds from one side: at most for a minimum, at least for a maximum.
    log10 : float, optional
        Logarithm of a path count, finite whatever its size; None for 0.
    standard_error : float, optional
        Of an estimate.
    undefined : str, optional
        Why there is no value.
    """

    metric: str
    layer: str | None
    value: bool | int | float | None
    unit: str = ""
    kind: Kind = "exact"
    log10: float | None = None
    standard_error: float | None = None
    undefined: str | None = None

    def row(self) -> dict[str, Any]:
        """Return the record as a flat mapping; integers of path counts as strings."""
        big = self.unit == "paths" and isinstance(self.value, int)
        return {
            "metric": self.metric,
            "layer": self.layer,
            "value": str(self.value) if big else self.value,
            "log10": self.log10,
            "unit": self.unit,
            "kind": self.kind,
            "standard_error": self.standard_error,
            "undefined": self.undefined,
        }


@dataclass(frozen=True)
class Certificate:
    """A property holds, and this is why.

    Parameters
    ----------
    property : {"connected", "symmetric", "regular"}
    statement : str
        What was shown, in words.
    method : str
        How it was shown.
    error_probability : float
        Bound on the probability that the method accepts a graph without the property;
        0 for a deterministic proof.
    facts : mapping
        The numbers in the statement.
    """

    property: Property
    statement: str
    method: str
    error_probability: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)
    holds: Literal[True] = True

    def row(self) -> dict[str, Any]:
        """Return the record as a mapping."""
        return _verdict_row(self, "holds", self.method, self.error_probability, self.facts)


@dataclass(frozen=True)
class Counterexample:
    """A property fails, and this is the smallest story that shows it.

    Parameters are those of `Certificate`, without the error probability: every
    counterexample is checked by counting before it is shown.
    """

    property: Property
    statement: str
    method: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    holds: Literal[False] = False

    def row(self) -> dict[str, Any]:
        """Return the record as a mapping."""
        return _verdict_row(self, "refuted", self.method, 0.0, self.facts)


@dataclass(frozen=True)
class Undecided:
    """Neither a proof nor a counterexample was found within the stated cost."""

    property: Property
    statement: str
    method: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    holds: None = None

    def row(self) -> dict[str, Any]:
        """Return the record as a mapping."""
        return _verdict_row(self, "undecided", self.method, None, self.facts)


Verdict: TypeAlias = Certificate | Counterexample | Undecided


def _verdict_row(
    verdict: Verdict,
    outcome: str,
    method: str,
    error_probability: float | None,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "property": verdict.property,
        "outcome": outcome,
        "statement": verdict.statement,
        "method": method,
        "error_probability": error_probability,
        "facts": dict(facts),
    }


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
    """One layer as the report's header shows it; ``index`` counts from 1."""

    index: int
    name: str
    source: int
    target: int
    shape: tuple[int, int]
    edges: int

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

    def measurement(self, metric: str, layer: str | None = None) -> Measurement:
        """Return the row of a metric; KeyError if it was not measured."""
        for found in self.measurements:
            if found.metric == metric and found.layer == layer:
                return found
        raise KeyError(metric if layer is None else f"{metric} of layer {layer}")

    def rows(self) -> list[dict[str, Any]]:
        """Return the measurements as flat mappings, one a row."""
        return [measurement.row() for measurement in self.measurements]

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
        }
