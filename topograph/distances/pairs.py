"""How far is each of several masks from each other one?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

from topograph.distances.matching import match_units
from topograph.distances.overlaps import edge_overlap, layer_edge_overlaps
from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.report import MaskDistance, Measure

Progress: TypeAlias = Callable[[str, int, int], None]
_Values: TypeAlias = Iterator[tuple[int | None, float]]


def mask_distances(
    graphs: Sequence[LayeredGraph], *, per_layer: bool = False, progress: Progress | None = None
) -> tuple[MaskDistance, ...]:
    """Edge overlap and matched distance of each pair of several masks.

    Parameters
    ----------
    graphs : sequence of LayeredGraph
    per_layer : bool, default False
        Layer by layer too; matched distances of chains alone, whose levels and layers go together.
    progress : callable, optional
        Called as ``progress(what, done, total)`` before each pair.

    Returns
    -------
    tuple of MaskDistance
        Pair by pair; undefined where masks differ in widths or wiring.

    Examples
    --------
    >>> from topograph.toy import broken_bridge, butterfly
    >>> for found in mask_distances([butterfly(), butterfly(), broken_bridge()])[:3]:
    ...     print(found.measure, found.first, found.second, found.value)
    edge_overlap 0 1 1.0
    matched_distance 0 1 0.0
    edge_overlap 0 2 None
    """
    pairs = list(combinations(range(len(graphs)), 2))
    rows: list[MaskDistance] = []
    for done, (first, second) in enumerate(pairs):
        if progress:
            progress("distances", done, len(pairs))
        rows += _rows("edge_overlap", _overlaps, graphs, (first, second), per_layer)
        rows += _rows("matched_distance", _matched, graphs, (first, second), per_layer)
    return tuple(rows)


def _rows(
    measure: Measure,
    values: Callable[[LayeredGraph, LayeredGraph, bool], _Values],
    graphs: Sequence[LayeredGraph],
    pair: tuple[int, int],
    per_layer: bool,
) -> list[MaskDistance]:
    first, second = pair
    try:
        return [
            MaskDistance(measure, layer, first, second, value)
            for layer, value in values(graphs[first], graphs[second], per_layer)
        ]
    except Undefined as reason:
        return [MaskDistance(measure, None, first, second, None, reason.message)]


def _overlaps(one: LayeredGraph, other: LayeredGraph, per_layer: bool) -> _Values:
    yield None, edge_overlap(one, other)
    if per_layer:
        yield from enumerate(layer_edge_overlaps(one, other), 1)


def _matched(one: LayeredGraph, other: LayeredGraph, per_layer: bool) -> _Values:
    found = match_units(one, other)
    yield None, found.distance
    if per_layer and one.is_chain:
        yield from enumerate(found.level_distances, 1)
