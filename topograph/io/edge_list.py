"""Edge lists: a line an edge, ``source target``, with or without a header that says the levels."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from topograph.errors import GraphError, ParameterError, ReadError
from topograph.graph import LayeredGraph, check_holdable, described_layers, from_nodes
from topograph.io.limits import Budget
from topograph.io.mask import check_without_weights
from topograph.io.part import Part, source
from topograph.io.paths import shown
from topograph.io.replacing import replacing
from topograph.io.text import line_blocks, open_text

EXTENSIONS = (".edgelist", ".edges")
_GROWTH = 16  # bytes that a byte of text may become
_LINES = 1 << 16  # written at once
_HEADER = re.compile(r"# topograph edge list (\{.*\})\s*")


class _Header(NamedTuple):
    widths: list[int]
    layers: str


def write_edge_list(graph: LayeredGraph, path: Path) -> None:
    """Write a line an edge, nodes numbered level by level from 0, below a line on the levels.

    Raises
    ------
    ParameterError
        If two layers join the same levels: a line does not tell which one an edge is in.
    """
    check_holdable(graph, "An edge list")
    steps = [(layer.source, layer.target) for layer in graph.layers]
    if len(set(steps)) < len(steps):
        raise ParameterError(
            "The format edge-list holds one layer between two levels, but this net has several.",
            hint="write GraphML or an archive: a name that ends in .graphml or .npz.",
        )
    said = {"widths": list(graph.widths), "layers": json.loads(described_layers(graph))}
    offsets = np.concatenate([[0], np.cumsum(graph.widths)])
    with replacing(path) as file:
        file.write(f"# topograph edge list {json.dumps(said)}\n".encode())
        for layer in graph.layers:
            sources, targets = layer.biadjacency.to_csr().nonzero()
            pairs = np.stack([sources + offsets[layer.source], targets + offsets[layer.target]], 1)
            for start in range(0, len(pairs), _LINES):
                block = pairs[start : start + _LINES].tolist()
                file.write("".join(f"{tail} {head}\n" for tail, head in block).encode())


def read_edge_list(path: Path, threshold: float, budget: Budget) -> Part:
    """Read lines ``source target`` or ``source target weight``, ``#`` before comments.

    Columns are parted by white space or commas. With the header of `write_edge_list` the numbers
    tell the levels; else nodes have any names, and levels follow from the longest paths.

    Raises
    ------
    ReadError
        If a line has another form, or the file is too large.
    GraphError
        If what it holds is no layered graph.
    """
    header: _Header | None = None
    ends: list[str] = []
    weights: list[float] = []
    number = 0
    with open_text(path, budget) as (stream, size):
        budget.check_alone(size * _GROWTH, "the edges of the file")
        for block in line_blocks(stream):
            for line in block.decode("utf-8", "replace").splitlines():
                number += 1
                text = line.strip()
                if number == 1 and (match := _HEADER.fullmatch(text)):
                    header = _header(match[1])
                elif text and not text.startswith(("#", "%")):
                    tail, head, weight = _edge(text, number)
                    ends += [tail, head]
                    if weight is not None:
                        weights.append(weight)
    if weights and 2 * len(weights) != len(ends):
        raise ReadError("All edges must have a weight, or none, but only some have.")
    if weights:
        kept = (np.abs(weights) > threshold).repeat(2).tolist()
        ends = [end for end, keep in zip(ends, kept, strict=True) if keep]
    else:
        check_without_weights(threshold)
    graph = _from_names(ends) if header is None else _from_numbers(ends, header, budget)
    said = source("edge-list", threshold)
    return Part(graph.layers, graph.n_levels, said, graph.notes, is_in_out=True)


def _edge(text: str, number: int) -> tuple[str, str, float | None]:
    fields = text.replace(",", " ").split()
    try:
        tail, head, *rest = fields
        weight = float(*rest) if rest else None
    except (ValueError, TypeError) as error:
        raise ReadError(
            f"Every line must be 'source target' or 'source target weight', but line {number} is "
            f"{shown(text[:40])!r}.",
            hint="networkx writes such lines with write_edgelist(..., data=False).",
        ) from error
    if weight is not None and not math.isfinite(weight):
        raise GraphError(f"A weight must be a finite number, but that of line {number} is not.")
    return tail, head, weight


def _header(text: str) -> _Header:
    try:
        said = json.loads(text)
        widths, layers = said["widths"], json.dumps(said["layers"])
        sound = len(widths) > 1 and all(type(w) is int and 0 < w < 1 << 31 for w in widths)
    except (ValueError, TypeError, KeyError, RecursionError):
        sound = False
    if not sound:
        raise ReadError("The first line must give widths and layers in JSON, but it does not.")
    return _Header(widths, layers)


def _from_names(ends: Sequence[str]) -> LayeredGraph:
    places: dict[str, int] = {}
    numbers = [places.setdefault(end, len(places)) for end in ends]
    return from_nodes(numbers[::2], numbers[1::2], len(places), labels=list(places))


def _from_numbers(ends: Sequence[str], header: _Header, budget: Budget) -> LayeredGraph:
    n_nodes = sum(header.widths)
    budget.check_width(n_nodes)
    try:
        numbers: Any = np.array(ends, dtype=object).astype(np.int64)
    except (ValueError, OverflowError):
        numbers = np.array([-1])
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < n_nodes:
        raise ReadError(f"Nodes must be numbers from 0 to {n_nodes - 1}, but there are others.")
    return from_nodes(
        numbers[::2],
        numbers[1::2],
        n_nodes,
        levels=np.repeat(np.arange(len(header.widths)), header.widths),
        layers=header.layers,
    )
