"""How far two masks are apart, by one measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Measure: TypeAlias = Literal["edge_overlap", "matched_distance"]

MEASURES: dict[Measure, str] = {
    "edge_overlap": "edge overlap: edges of both over edges of either; 1 for equal masks",
    "matched_distance": "matched distance (NNSTD): 0 for equal masks, whatever the order of "
    "their hidden units",
}


@dataclass(frozen=True)
class MaskDistance:
    """One measure of one pair of masks.

    Parameters
    ----------
    measure : {"edge_overlap", "matched_distance"}
    layer : int or None
        The layer, counted from 1, None for the whole network; of a matched distance that of the
        units that the layer leads to.
    first, second : int
        Places of the two masks in the comparison, from 0, ``first < second``.
    value : float or None
        None where it is undefined.
    undefined : str, optional
        Why there is no value.
    """

    measure: Measure
    layer: int | None
    first: int
    second: int
    value: float | None
    undefined: str | None = None
