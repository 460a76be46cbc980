"""How fast does what an input says spread?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.plots.records import Figure, Panel, Row
from topograph.propagation import BITS, Direction, levels_swept, pack_units

_MOST_WORK = 4e9  # steps of the sweep, words counted
_MOST_BITS = 2e9  # flags looked at
_BLOCK = 1024  # inputs swept at once
_MOST_BANDS = 2  # nets whose bands can be told apart


def reach_figure(graph: LayeredGraph, seed: int = 0) -> Figure:
    """Return which share of each level an input reaches, and which share reaches an output.

    Raises
    ------
    Undefined
        If even 64 inputs would take too long.
    """
    return reach_of_nets({"": graph}, seed)


def reach_of_nets(graphs: Mapping[str, LayeredGraph], seed: int = 0) -> Figure:
    """Return the same of several nets, inputs alone; of one net both ways and what chance gives.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> rows = reach_of_nets({"": butterfly()}).panels[0].rows
    >>> [row["y"] for row in rows if row["series"] == "an input reaches"]
    [0.25, 0.5, 1.0]
    """
    alone = len(graphs) == 1
    rows: list[Row] = []
    notes: list[str] = []
    said = []
    for name, graph in graphs.items():
        found, sampled = _shares(graph, "forward", seed)
        of = f" of {name}" if name else ""
        if sampled:
            notes.append(
                f"Mean of {sampled:,} of the {graph.n_inputs:,} inputs{of}, drawn at random."
            )
        shown = _rows(found, name or "an input reaches")
        rows += shown if len(graphs) <= _MOST_BANDS else map(_without_band, shown)
        said.append(f"an input{of} reaches {100 * found[-1][1]:.3g} % of the outputs on average")
        if alone:
            back, sampled = _shares(graph, "backward", seed)
            if sampled:
                notes.append(f"Mean of {sampled:,} of the {graph.n_outputs:,} outputs.")
            rows += _rows(back, "reaches an output")
            chance = [(share, share, share) for share in _by_chance(graph)]
            rows += [{**row, "series": "an input, by chance"} for row in _rows(chance, "")]
    caption = "Which share of a level one input reaches, on average over inputs, level by level"
    if alone:
        caption += (
            "; and which share of a level reaches one output. By chance: if every edge began at a "
            "unit drawn at random, with the fan-ins as they are"
        )
    caption += "."
    if len(graphs) <= _MOST_BANDS:
        caption += " The band runs from the least input to the greatest."
    panel = Panel("lines", "", "level", "share of the level", tuple(rows))
    summary = "; ".join(said)
    summary = f"{summary[:1].upper()}{summary[1:]}."
    return Figure("reachability", "Reach by depth", caption, (panel,), summary, tuple(notes))


def _rows(shares: list[tuple[float, float, float]], series: str) -> list[Row]:
    return [
        {"x": level, "y": mean, "low": low, "high": high, "series": series}
        for level, (low, mean, high) in enumerate(shares)
    ]


def _without_band(row: Row) -> Row:
    return {key: row[key] for key in ("x", "y", "series")}


def _shares(
    graph: LayeredGraph, direction: Direction, seed: int
) -> tuple[list[tuple[float, float, float]], int]:
    """Return least, mean and greatest share of each level, and how many were drawn (0: all)."""
    width = graph.n_inputs if direction == "forward" else graph.n_outputs
    most = int(min(_MOST_WORK / (graph.work + 1) * 64, _MOST_BITS / sum(graph.widths)))
    if most < 64 and most < width:
        raise Undefined(f"a sweep of {graph.work:,} steps for every 64 units would take too long")
    units, sampled = np.arange(width), 0
    if most < width:
        units, sampled = np.sort(np.random.default_rng([seed, 7]).permutation(width)[:most]), most
    reached = [np.zeros(units.size) for _ in graph.widths]
    for first in range(0, units.size, _BLOCK):
        block = units[first : first + _BLOCK]
        for level, words in levels_swept(graph, pack_units(width, block), BITS, direction):
            reached[level][first : first + block.size] = _bit_counts(words, block.size)
    found = []
    for counts, size in zip(reached, graph.widths, strict=True):
        shares = counts / size
        found.append((float(shares.min()), float(shares.mean()), float(shares.max())))
    return found, sampled


def _bit_counts(
    words: np.ndarray[tuple[int, ...], np.dtype[np.uint64]], count: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Count for each bit the rows that hold it."""
    total = np.zeros(words.shape[1] * 64, dtype=np.int64)
    for first in range(0, words.shape[0], 4096):
        part = np.ascontiguousarray(words[first : first + 4096].astype("<u8"))
        bits = np.unpackbits(part.view(np.uint8), axis=1, bitorder="little")
        total += bits.sum(axis=0, dtype=np.int64)
    return total[:count]


def _by_chance(graph: LayeredGraph) -> list[float]:
    """Return the share of each level reached if tails of edges were drawn at random."""
    shares = [1.0 / graph.n_inputs]
    for level in range(1, graph.n_levels):
        missed = np.ones(graph.widths[level])
        for layer in graph.incoming(level):
            missed *= (1.0 - shares[layer.source]) ** layer.fan_in()
        shares.append(float(1.0 - missed.mean()))
    return shares
