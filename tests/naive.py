"""Slow and obvious definitions: every path is enumerated, every pair of units looked at."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np

from topograph.graph import Layer, LayeredGraph

Unit = tuple[int, int]
Edge = tuple[str, Unit, Unit]


def edges(graph: LayeredGraph) -> list[Edge]:
    found = []
    for layer in graph.layers:
        dense = layer.biadjacency.to_csr().toarray()
        for i, j in itertools.product(*(range(width) for width in layer.shape)):
            if dense[i, j]:
                found.append((layer.name, (layer.source, i), (layer.target, j)))
    return found


def paths(graph: LayeredGraph) -> list[list[Edge]]:
    """Every path from an input to an output, as the list of its edges."""
    outgoing: dict[Unit, list[Edge]] = {}
    for edge in edges(graph):
        outgoing.setdefault(edge[1], []).append(edge)
    last = graph.n_levels - 1

    def onward(unit: Unit) -> list[list[Edge]]:
        if unit[0] == last:
            return [[]]
        return [[edge, *rest] for edge in outgoing.get(unit, ()) for rest in onward(edge[2])]

    return [path for unit in range(graph.n_inputs) for path in onward((0, unit))]


def pair_counts(graph: LayeredGraph) -> list[list[int]]:
    counted = Counter((path[0][1][1], path[-1][2][1]) for path in paths(graph))
    return [[counted[i, j] for j in range(graph.n_outputs)] for i in range(graph.n_inputs)]


def effective_edges(graph: LayeredGraph, layer: Layer | None = None) -> int:
    used = {edge for path in paths(graph) for edge in path}
    return sum(layer is None or edge[0] == layer.name for edge in used)


def live(graph: LayeredGraph) -> set[Unit]:
    return {unit for path in paths(graph) for edge in path for unit in edge[1:]}


def path_count_cv(graph: LayeredGraph) -> float:
    counts = np.array(pair_counts(graph), dtype=float)
    return float(counts.std() / counts.mean())


def fans(layer: Layer) -> tuple[list[int], list[int]]:
    """Fan-ins of the target units and fan-outs of the source units."""
    dense = layer.biadjacency.to_csr().toarray().tolist()
    n_in, n_out = layer.shape
    fan_in = [sum(dense[i][j] for i in range(n_in)) for j in range(n_out)]
    return fan_in, [sum(row) for row in dense]


def component_count(units: list[Unit], joined: list[Edge]) -> int:
    """Flood every component once."""
    neighbours: dict[Unit, set[Unit]] = {unit: set() for unit in units}
    for _, tail, head in joined:
        neighbours[tail].add(head)
        neighbours[head].add(tail)
    seen: set[Unit] = set()
    count = 0
    for unit in units:
        if unit in seen:
            continue
        count += 1
        wave = [unit]
        while wave:
            current = wave.pop()
            if current not in seen:
                seen.add(current)
                wave.extend(neighbours[current])
    return count


def two_largest_singular_values(layer: Layer) -> tuple[float, float]:
    values = np.linalg.svd(layer.biadjacency.to_csr().toarray().astype(float), compute_uv=False)
    first, second, *_ = [*values.tolist(), 0.0, 0.0]
    return first, second


def mean_degrees(layer: Layer) -> tuple[float, float]:
    """Mean fan-out and fan-in over the units that have an edge."""
    fan_in, fan_out = ([fan for fan in side if fan] for side in fans(layer))
    return sum(fan_out) / len(fan_out), sum(fan_in) / len(fan_in)


def ramanujan_bound(layer: Layer) -> float:
    left, right = mean_degrees(layer)
    return math.sqrt(left - 1) + math.sqrt(right - 1)
