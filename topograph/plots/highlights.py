"""Which units and edges of a small net are dead, and which tell of a counterexample?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.counting import liveness
from topograph.graph import LayeredGraph
from topograph.propagation import BOOLEAN, propagate
from topograph.report import Counterexample, Verdict

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Story:
    """The part of a net that a counterexample is about.

    Parameters
    ----------
    statement : str
    ends : tuple of (int, int)
        Level and unit of the inputs and outputs it names.
    groups : tuple of (str, tuple of ndarray)
        What is highlighted, in words, and for each layer which of its edges belong to it, in
        the order of ``to_csr``.
    """

    statement: str
    ends: tuple[tuple[int, int], ...]
    groups: tuple[tuple[str, tuple[Flags, ...]], ...]


def edge_ends(graph: LayeredGraph) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Return the tails and the heads of the edges of each layer."""
    found = []
    for layer in graph.layers:
        rows = layer.biadjacency.to_csr()
        tails = np.repeat(np.arange(rows.shape[0], dtype=np.int64), np.diff(rows.indptr))
        found.append((tails, rows.indices.astype(np.int64)))
    return found


def live_edges(graph: LayeredGraph) -> tuple[Flags, ...]:
    """Return for each layer which of its edges lie on an input-output path.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> [layer.tolist() for layer in live_edges(broken_bridge())]
    [[True, True], [True, True, True, False]]
    """
    found = liveness(graph)
    return _between(graph, tuple(found.reached[:]), tuple(found.reaching[:]))


def counterexample_story(graph: LayeredGraph, verdicts: Sequence[Verdict]) -> Story | None:
    """Return what the first counterexample on paths is about; None if there is none.

    Of a pair that no path joins, the edges that its input reaches and the live ones that reach
    its output; of an input that reaches no output, what it reaches alone, and of an output that
    no input reaches, what reaches it. Of two pairs with different counts, the paths of each.

    Parameters
    ----------
    graph : LayeredGraph
    verdicts : sequence of Verdict
    """
    for verdict in verdicts:
        if isinstance(verdict, Counterexample) and verdict.property == "connected":
            return _unjoined(graph, verdict)
        if isinstance(verdict, Counterexample) and verdict.property == "symmetric":
            groups, ends = [], []
            for pair in verdict.facts["pairs"]:
                source, sink = int(pair["input"]), int(pair["output"])
                ends += [(0, source), (graph.n_levels - 1, sink)]
                edges = _between(graph, _from(graph, source), _to(graph, sink))
                groups.append((f"paths from input {source} to output {sink}", edges))
            return Story(verdict.statement, tuple(dict.fromkeys(ends)), tuple(groups))
    return None


def _unjoined(graph: LayeredGraph, verdict: Counterexample) -> Story:
    source, sink = int(verdict.facts["input"]), int(verdict.facts["output"])
    ahead, behind = _from(graph, source), _to(graph, sink)
    goes_on, comes_from = bool(ahead[-1].any()), bool(behind[0].any())
    every = [np.ones(width, dtype=np.bool_) for width in graph.widths]
    onward, back = _between(graph, ahead, every), _between(graph, every, behind)
    if goes_on and comes_from:
        back = tuple(one & live for one, live in zip(back, live_edges(graph), strict=True))
    ends, groups = [], []
    if goes_on == comes_from or not goes_on:
        ends.append((0, source))
        groups.append((f"reached by input {source}", onward))
    if goes_on == comes_from or not comes_from:
        ends.append((graph.n_levels - 1, sink))
        groups.append((f"reaching output {sink}", back))
    held = tuple(group for group in groups if any(flags.any() for flags in group[1]))
    return Story(verdict.statement, tuple(ends), held)


def _from(graph: LayeredGraph, unit: int) -> tuple[Flags, ...]:
    return propagate(graph, np.arange(graph.n_inputs) == unit, BOOLEAN, "forward")


def _to(graph: LayeredGraph, unit: int) -> tuple[Flags, ...]:
    return propagate(graph, np.arange(graph.n_outputs) == unit, BOOLEAN, "backward")


def _between(
    graph: LayeredGraph, reached: Sequence[Flags], reaching: Sequence[Flags]
) -> tuple[Flags, ...]:
    return tuple(
        reached[layer.source][tails] & reaching[layer.target][heads]
        for layer, (tails, heads) in zip(graph.layers, edge_ends(graph), strict=True)
    )
