"""What all specifications of Vega-Lite are made of."""

from __future__ import annotations

from typing import Any, TypeAlias

from topograph.plots.records import Row

Spec: TypeAlias = dict[str, Any]
GAP = 0.04  # of the axis, between what has no value and the least value


def data(rows: list[Row]) -> Spec:
    """Return rows as the data of a specification."""
    return {"values": rows}


def axis(field: str, title: str, **more: Any) -> Spec:
    """Return a numeric axis; ``more`` overrides what Vega-Lite would choose."""
    return {"field": field, "type": "quantitative", "title": title or None, **more}
