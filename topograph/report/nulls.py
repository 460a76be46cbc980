"""What a net's values are beside those of random nets like it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from topograph.report.measurement import Kind
from topograph.wording import count_text

NullKind: TypeAlias = Literal["degree", "density", "relabel"]
Value: TypeAlias = bool | int | float

# What tables of measurements say of null nets, in columns of their own.
NULL_COLUMNS = ("null_mean", "null_standard_deviation", "z", "p", "null_samples", "null_undefined")


@dataclass(frozen=True)
class NullValue:
    """One value of one metric, beside the values that null nets have.

    Parameters
    ----------
    metric : str
        Name in the registry.
    layer : str or None
        Name of the layer, None for the whole network.
    unit : str
        What is counted; empty for pure numbers.
    value : bool, int, float or None
        Of the net itself; None where it is undefined.
    null_values : tuple
        Of the null nets where it is defined, in the order of the samples; a truth value counts
        as 0 or 1 in what follows.
    undefined_samples : int
        Null nets in which the metric is undefined.
    mean, standard_deviation : int, float or None
        Of ``null_values``, the deviation with ``n - 1``; whole numbers where they leave the range
        of floats.
    z : int, float or None
        The value less the mean, over the deviation.
    p : float or None
        ``min(1, 2 (r + 1) / (n + 1))``, ``r`` the null values at least as extreme as the value on
        the side where they are fewer.
    undefined : str or None
        Why there is no ``z``, or no ``p`` either.
    kind : {"exact", "estimate", "bound"}
        Of the least exact of all values.
    """

    metric: str
    layer: str | None
    unit: str
    value: Value | None
    null_values: tuple[Value, ...]
    undefined_samples: int = 0
    mean: int | float | None = None
    standard_deviation: int | float | None = None
    z: int | float | None = None
    p: float | None = None
    undefined: str | None = None
    kind: Kind = "exact"

    @property
    def is_settled(self) -> bool:
        """Whether the net and all null nets have one value: the null model fixes it."""
        return self.p == 1 and self.z is None and self.standard_deviation == 0

    def row(self) -> dict[str, Any]:
        """Return the record as a flat mapping, without the single null values."""
        return {
            "metric": self.metric,
            "layer": self.layer,
            "value": _written(self.value, self.unit),
            "unit": self.unit,
            "kind": self.kind,
            "mean": _written(self.mean, self.unit),
            "standard_deviation": _written(self.standard_deviation, self.unit),
            "z": _written(self.z),
            "p": self.p,
            "samples": len(self.null_values),
            "undefined_samples": self.undefined_samples,
            "undefined": self.undefined,
        }

    def columns(self) -> dict[str, Any]:
        """Return the fields that stand beside those of a measurement: `NULL_COLUMNS`."""
        row = self.row()
        names = ("mean", "standard_deviation", "z", "p", "samples", "undefined")
        return dict(zip(NULL_COLUMNS, (row[name] for name in names), strict=True))


@dataclass(frozen=True)
class NullEnsemble:
    """The values of a net beside those of random nets that share something with it.

    Parameters
    ----------
    kind : {"degree", "density", "relabel"}
        What the null nets share with the net.
    samples : int
        How many were drawn.
    seed : int
        Null net ``k`` depends on the mask, the seed and ``k`` alone.
    values : tuple of NullValue
    skipped : mapping of str to str
        Metric left out, and the reason.
    """

    kind: NullKind
    samples: int
    seed: int
    values: tuple[NullValue, ...]
    skipped: Mapping[str, str]

    def value(self, metric: str, layer: str | None = None) -> NullValue:
        """Return the row of a metric; KeyError if it was not measured."""
        found = self.get(metric, layer)
        if found is None:
            raise KeyError(metric if layer is None else f"{metric} of layer {layer}")
        return found

    def get(self, metric: str, layer: str | None = None) -> NullValue | None:
        """Return the row of a metric, or None."""
        return self._by_name.get((metric, layer))

    @functools.cached_property
    def _by_name(self) -> dict[tuple[str, str | None], NullValue]:
        return {(value.metric, value.layer): value for value in self.values}

    def header(self) -> dict[str, Any]:
        """Return what was drawn, without the values."""
        return {"kind": self.kind, "samples": self.samples, "seed": self.seed}

    def rows(self) -> list[dict[str, Any]]:
        """Return the values as flat mappings, one a metric and layer."""
        return [value.row() for value in self.values]

    def as_dict(self) -> dict[str, Any]:
        """Return the ensemble as JSON-ready mappings and lists."""
        return {
            **self.header(),
            "values": self.rows(),
            "skipped": [
                {"metric": name, "reason": reason} for name, reason in self.skipped.items()
            ],
        }


def _written(value: Value | None, unit: str = "") -> Value | str | None:
    """Write counts of paths and whole numbers beyond floats as strings, as JSON readers round."""
    if isinstance(value, int) and (unit == "paths" or value.bit_length() > 1023):
        return count_text(value)
    return value
