"""Which levels and layers does a graph of plain nodes and edges have?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import Sparse
from topograph.errors import GraphError
from topograph.graph.layered_graph import LayeredGraph
from topograph.graph.layers import Layer

Integers: TypeAlias = npt.NDArray[np.int64]

LAYERED = (
    "Inputs and outputs follow from the edges: a node's level is the longest path to it, and nodes "
    "without successor were put on the last level."
)


def described_layers(graph: LayeredGraph) -> str:
    """Return the names and levels of the layers as JSON, for an attribute of a plain graph."""
    return json.dumps([[layer.name, layer.source, layer.target] for layer in graph.layers])


def from_nodes(
    tails: npt.ArrayLike,
    heads: npt.ArrayLike,
    n_nodes: int,
    *,
    levels: Sequence[Any] | Integers | None = None,
    units: Sequence[Any] | None = None,
    names: Sequence[Any] | None = None,
    layers: str | None = None,
    is_directed: bool = True,
    labels: Sequence[object] | None = None,
) -> LayeredGraph:
    """Build a layered graph from numbered nodes and edges between them.

    Parameters
    ----------
    tails, heads : array_like of int, shape (n_edges,)
        Edge ``e`` leads from node ``tails[e]`` to node ``heads[e]``.
    n_nodes : int
    levels : sequence of int, optional
        The level of each node. By default the length of the longest path to it, and the last level
        for nodes without successor.
    units : sequence of int, optional
        The number of each node in its level, from 0; by default in the order of the nodes.
    names : sequence of str, optional
        The layer of each edge; by default one layer joins each two levels, ``layer1, layer2, ...``.
    layers : str, optional
        JSON of `described_layers`: the layers there are, also those without edges.
    is_directed : bool, default True
        If not, edges lead to the higher level.
    labels : sequence, optional
        What the nodes are called in errors.

    Raises
    ------
    GraphError
        If there is a cycle, an edge inside a level or back, one given twice, or what the
        attributes say does not fit.

    Examples
    --------
    >>> from_nodes([0, 1, 0], [1, 2, 2], 3)
    LayeredGraph(widths=(1, 1, 1), n_layers=3, n_edges=3)
    """
    tail, head = (np.asarray(ends, dtype=np.int64).reshape(-1) for ends in (tails, heads))
    called = labels if labels is not None else range(n_nodes)
    if not tail.size and (levels is None or layers is None):
        raise GraphError("A layered graph needs an edge, but there is none.")
    notes = []
    if levels is None:
        if not is_directed:
            raise GraphError(
                "An undirected graph does not tell inputs from outputs.",
                hint="give each node the attribute level, or make the graph directed.",
            )
        level = _longest_paths(tail, head, n_nodes, called)
        notes.append(LAYERED)
    else:
        is_array = isinstance(levels, np.ndarray)
        level = np.asarray(levels) if is_array else _whole_numbers("level", levels, called)
    if not is_directed:
        back = level[tail] > level[head]
        tail, head = np.where(back, head, tail), np.where(back, tail, head)
    _check_upwards(tail, head, level, called)
    widths = np.bincount(level)
    place = _places(level, widths, units, called)
    described = _described(layers, widths.size) if layers is not None else None
    joined = _layers(tail, head, level, place, widths, names, described)
    return LayeredGraph(widths.tolist(), joined, notes=notes)


def _longest_paths(
    tail: Integers, head: Integers, n_nodes: int, called: Sequence[object] | range
) -> Integers:
    """Peel off nodes without predecessor, level by level."""
    order = np.argsort(tail, kind="stable")
    following = head[order]
    starts = np.searchsorted(tail[order], np.arange(n_nodes + 1))
    waiting = np.bincount(head, minlength=n_nodes)
    level = np.full(n_nodes, -1, dtype=np.int64)
    wave = np.flatnonzero(waiting == 0)
    depth = 0
    while wave.size:
        level[wave] = depth
        counts = starts[wave + 1] - starts[wave]
        shifts = np.repeat(starts[wave] - np.cumsum(counts) + counts, counts)
        reached = following[shifts + np.arange(shifts.size)]
        np.subtract.at(waiting, reached, 1)
        wave = np.unique(reached)
        wave = wave[waiting[wave] == 0]
        depth += 1
    if (level < 0).any():
        stuck = called[int(np.flatnonzero(level < 0)[0])]
        raise GraphError(
            f"The graph must be without cycles to have levels, but node {stuck!r} is on a cycle or "
            f"behind one.",
            hint="give each node the attribute level, or unroll the cycle.",
        )
    has_successor = np.bincount(tail, minlength=n_nodes) > 0
    has_predecessor = np.bincount(head, minlength=n_nodes) > 0
    level[~has_successor & has_predecessor] = depth - 1
    return level


def _whole_numbers(
    name: str, given: Sequence[Any] | Integers, called: Sequence[object] | range
) -> Integers:
    found = np.zeros(len(given), dtype=np.int64)
    for node, value in enumerate(given):
        whole = _whole(value)
        if whole is None:
            raise GraphError(
                f"The attribute {name} of a node must be a whole number from 0, but that of "
                f"{called[node]!r} is {value!r}.",
                hint=f"give all nodes the attribute {name}, or none.",
            )
        found[node] = whole
    return found


def _whole(value: Any) -> int | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return int(number) if 0 <= number < 1 << 40 and number.is_integer() else None


def _check_upwards(
    tail: Integers, head: Integers, level: Integers, called: Sequence[object] | range
) -> None:
    wrong = np.flatnonzero(level[tail] >= level[head])
    if wrong.size:
        first, second = int(tail[wrong[0]]), int(head[wrong[0]])
        raise GraphError(
            f"Every edge must lead to a higher level, but the one from {called[first]!r} to "
            f"{called[second]!r} leads from level {level[first]} to level {level[second]}.",
            hint="levels are numbered from 0, the inputs, along the direction of the paths.",
        )
    if int(level.max()) >= level.size or (np.bincount(level) == 0).any():
        taken = np.unique(level)
        empty = int(np.flatnonzero(taken != np.arange(taken.size))[0])
        raise GraphError(f"Every level must have a node, but level {empty} has none.")


def _places(
    level: Integers,
    widths: Integers,
    units: Sequence[Any] | None,
    called: Sequence[object] | range,
) -> Integers:
    if units is None:
        order = np.argsort(level, kind="stable")
        place = np.empty(level.size, dtype=np.int64)
        place[order] = np.arange(level.size) - (np.cumsum(widths) - widths)[level[order]]
        return place
    place = _whole_numbers("unit", units, called)
    for number, width in enumerate(widths.tolist()):
        found = np.sort(place[level == number])
        if not np.array_equal(found, np.arange(width)):
            raise GraphError(
                f"The units of level {number} must be numbered from 0 to {width - 1}, each once, "
                f"but they are not.",
                hint="leave the attribute unit out to have nodes numbered in their order.",
            )
    return place


def _described(layers: str, n_levels: int) -> list[tuple[str, int, int]]:
    try:
        found = [(name, source, target) for name, source, target in json.loads(layers)]
    except (ValueError, TypeError, RecursionError):
        found = []
    if not found or not all(
        isinstance(name, str)
        and type(source) is type(target) is int
        and 0 <= source < target < n_levels
        for name, source, target in found
    ):
        raise GraphError(
            'The attribute layers must be JSON such as [["fc1", 0, 1], ...]: names and levels, '
            "but it is not."
        )
    return found


def _layers(
    tail: Integers,
    head: Integers,
    level: Integers,
    place: Integers,
    widths: Integers,
    names: Sequence[Any] | None,
    described: list[tuple[str, int, int]] | None,
) -> list[Layer]:
    """Sort the edges into layers, by their levels and by their names where they have some."""
    groups: dict[tuple[str | None, int, int], list[int]] = {}
    sources, targets = level[tail], level[head]
    if names is None:
        keys = sources * widths.size + targets
        for key in np.unique(keys).tolist():
            source, target = divmod(key, widths.size)
            groups[None, source, target] = np.flatnonzero(keys == key)  # type: ignore[assignment]
    else:
        for edge, (name, source, target) in enumerate(
            zip(names, sources.tolist(), targets.tolist(), strict=True)
        ):
            groups.setdefault((str(name), source, target), []).append(edge)
    wanted = _named(groups, described)
    found = []
    for (name, source, target), key in wanted.items():
        edges = np.asarray(groups.get(key, []), dtype=np.int64)
        shape = (int(widths[source]), int(widths[target]))
        operator = Sparse.from_edges(place[tail[edges]], place[head[edges]], shape)
        if operator.n_edges < edges.size:
            raise GraphError(
                f"Layer {name!r} has the same edge twice; edges between the same units must be "
                f"in different layers.",
                hint="give the edges the attribute layer, or drop those that come twice.",
            )
        found.append(Layer(name, source, target, operator))
    return found


def _named(
    groups: dict[tuple[str | None, int, int], list[int]],
    described: list[tuple[str, int, int]] | None,
) -> dict[tuple[str, int, int], tuple[str | None, int, int]]:
    """Return for each layer, named, the group of its edges."""
    if described is None:
        ordered = sorted(groups, key=lambda key: key[1:])
        return {
            (name if name is not None else f"layer{number}", source, target): (name, source, target)
            for number, (name, source, target) in enumerate(ordered, 1)
        }
    plain = any(name is None for name, _, _ in groups)
    wanted = {layer: (None if plain else layer[0], layer[1], layer[2]) for layer in described}
    stray = set(groups) - set(wanted.values())
    if stray or len(set(wanted.values())) < len(described):
        where = (
            f"edges from level {min(stray)[1]} to level {min(stray)[2]}" if stray else "two alike"
        )
        raise GraphError(
            f"The layers that the graph describes must hold all its edges, but there are {where}.",
            hint="drop the attribute layers of the graph to have them found anew.",
        )
    return wanted
