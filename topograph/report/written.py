"""How a measurement is written for people."""

from __future__ import annotations

from topograph.report.measurement import Measurement
from topograph.wording import number


def value_of(row: Measurement) -> str:
    """Write a measurement's value with what qualifies it."""
    if row.undefined is not None:
        return "undefined"
    if row.kind == "estimate":
        return f"{number(row.value)} ± {row.standard_error or 0.0:.2g}"
    if row.kind == "bound":
        return f"{'≤' if row.metric.endswith('_min') else '≥'} {number(row.value)}"
    return number(row.value)


OUTCOMES = {True: "holds", False: "refuted", None: "undecided"}
