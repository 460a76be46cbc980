"""One value of one metric, and what qualifies it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from topograph.wording import count_text

Kind: TypeAlias = Literal["exact", "estimate", "bound"]


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
        value: Any = self.value
        if self.unit == "paths" and isinstance(value, int):
            value = count_text(value)
        return {
            "metric": self.metric,
            "layer": self.layer,
            "value": value,
            "log10": self.log10,
            "unit": self.unit,
            "kind": self.kind,
            "standard_error": self.standard_error,
            "undefined": self.undefined,
        }
