"""GraphML: graphs of networkx, igraph, Gephi and yEd as layered graphs, and back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO
from xml.parsers import expat
from xml.sax.saxutils import escape

import numpy as np

from topograph.errors import GraphError, ReadError
from topograph.graph import LayeredGraph, check_holdable, described_layers, from_nodes
from topograph.io.limits import Budget
from topograph.io.mask import check_without_weights
from topograph.io.part import Part, source
from topograph.io.paths import opened, shown
from topograph.io.replacing import replacing

EXTENSION = ".graphml"
_GROWTH = 16  # bytes that a byte of text may become
_LINES = 1 << 14  # written at once
_TAKEN = {"node": ("level", "unit"), "edge": ("layer", "weight"), "graph": ("layers",)}

_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="level" for="node" attr.name="level" attr.type="int"/>
  <key id="unit" for="node" attr.name="unit" attr.type="int"/>
  <key id="layer" for="edge" attr.name="layer" attr.type="string"/>
  <key id="layers" for="graph" attr.name="layers" attr.type="string"/>
  <graph edgedefault="directed">
    <data key="layers">{layers}</data>
"""
_FOOT = "  </graph>\n</graphml>\n"


def write_graphml(graph: LayeredGraph, path: Path) -> None:
    """Write a graph as GraphML: nodes with ``level`` and ``unit``, edges with ``layer``."""
    check_holdable(graph, "A GraphML file")
    with replacing(path) as file:
        file.write(_HEAD.format(layers=escape(described_layers(graph))).encode())
        for level, width in enumerate(graph.widths):
            lines = (
                f'    <node id="{level}.{unit}"><data key="level">{level}</data>'
                f'<data key="unit">{unit}</data></node>\n'
                for unit in range(width)
            )
            _write_lines(file, lines)
        for layer in graph.layers:
            sources, targets = layer.biadjacency.to_csr().nonzero()
            data = f'<data key="layer">{escape(layer.name)}</data></edge>\n'
            lines = (
                f'    <edge source="{layer.source}.{i}" target="{layer.target}.{j}">{data}'
                for i, j in zip(sources.tolist(), targets.tolist(), strict=True)
            )
            _write_lines(file, lines)
        file.write(_FOOT.encode())


def read_graphml(path: Path, threshold: float, budget: Budget) -> Part:
    """Read a GraphML file: levels as its nodes say, else as the longest paths say.

    Edges with the attribute ``weight`` are kept where ``|weight| > threshold``.

    Raises
    ------
    ReadError
        If the file is no GraphML, too large, or has a document type, which could be a bomb.
    GraphError
        If what it holds is no layered graph.
    """
    with opened(path) as (stream, size):
        budget.check_alone(size * _GROWTH, "the nodes and edges of the file")
        found = _Graph()
        found.parse(stream)
    if not found.has_graph:
        raise ReadError("A GraphML file must hold a graph, but there is none.")
    return _part(found, threshold)


def _part(found: _Graph, threshold: float) -> Part:
    kept = np.ones(len(found.tails), dtype=np.bool_)
    weights = found.column("edge", "weight")
    if weights is None:
        check_without_weights(threshold)
    else:
        kept = np.array([abs(_weight(text)) > threshold for text in weights], dtype=np.bool_)
    names = found.column("edge", "layer")
    graph = from_nodes(
        _numbers(found, found.tails)[kept],
        _numbers(found, found.heads)[kept],
        len(found.nodes),
        levels=found.column("node", "level"),
        units=found.column("node", "unit"),
        names=None
        if names is None
        else [name for name, keep in zip(names, kept.tolist(), strict=True) if keep],
        layers=found.graph_data.get("layers"),
        is_directed=found.is_directed,
        labels=list(found.nodes),
    )
    said = source("graphml", threshold)
    return Part(graph.layers, graph.n_levels, said, graph.notes, is_in_out=True)


def _numbers(found: _Graph, ends: list[str]) -> Any:
    try:
        return np.array([found.nodes[end] for end in ends], dtype=np.int64)
    except KeyError as error:
        raise ReadError(
            f"Every edge must join nodes of the file, but {shown(error.args[0][:40])!r} is none."
        ) from error


def _weight(text: str | None) -> float:
    try:
        weight = 1.0 if text is None else float(text)
    except ValueError:
        weight = math.nan
    if not math.isfinite(weight):
        raise GraphError(
            f"The weight of an edge must be a finite number, but it is {shown(str(text)[:40])!r}."
        )
    return weight


def _write_lines(file: BinaryIO, lines: Iterator[str]) -> None:
    while block := "".join(line for line, _ in zip(lines, range(_LINES), strict=False)):
        file.write(block.encode())


class _Graph:
    """What the parser has met so far: nodes by name, edges, and the attributes that count."""

    def __init__(self) -> None:
        self.nodes: dict[str, int] = {}
        self.tails: list[str] = []
        self.heads: list[str] = []
        self.graph_data: dict[str, str] = {}
        self.has_graph = False
        self.is_directed = True
        self._data: dict[tuple[str, str], dict[int, str]] = {}
        self._defaults: dict[tuple[str, str], str] = {}
        self._keys: dict[str, str] = {}
        self._open: list[str] = []
        self._key = ""
        self._text: list[str] = []

    def parse(self, stream: BinaryIO) -> None:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_document_type
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        try:
            parser.ParseFile(stream)
        except expat.ExpatError as error:
            raise ReadError(f"A GraphML file must be XML, but it is not ({error}).") from error

    def column(self, kind: str, name: str) -> list[str | None] | None:
        """Return an attribute of all nodes or edges; None if none has it."""
        found, default = self._data.get((kind, name), {}), self._defaults.get((kind, name))
        if not found and default is None:
            return None
        count = len(self.nodes) if kind == "node" else len(self.tails)
        return [found.get(place, default) for place in range(count)]

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        name = element.rpartition(":")[2]
        self._open.append(name)
        if name == "key":
            self._key = attributes.get("id", "")
            self._keys[self._key] = attributes.get("attr.name", self._key)
            self._open[-1] = f"key {attributes.get('for', 'all')}"
        elif name == "graph":
            if self.has_graph:
                raise ReadError("A GraphML file must hold one graph, but there are several.")
            self.has_graph = True
            self.is_directed = attributes.get("edgedefault") != "undirected"
        elif name == "node":
            called = attributes.get("id", "")
            if called in self.nodes:
                raise ReadError(
                    f"The ids of nodes must differ, but {shown(called[:40])!r} comes twice."
                )
            self.nodes[called] = len(self.nodes)
        elif name == "edge":
            directed = attributes.get("directed", str(self.is_directed)).lower() == "true"
            if directed != self.is_directed:
                raise ReadError("Edges must be all directed or all undirected, but they are not.")
            self.tails.append(attributes.get("source", ""))
            self.heads.append(attributes.get("target", ""))
        elif name == "data":
            self._key = attributes.get("key", "")
        elif name == "hyperedge":
            raise ReadError("An edge must join two nodes, but there is a hyperedge.")
        self._text.clear()

    def _characters(self, text: str) -> None:
        if self._open and self._open[-1] in ("data", "default"):
            self._text.append(text)

    def _end(self, _element: str) -> None:
        name = self._open.pop()
        if name not in ("data", "default") or not self._open:
            return
        attribute, text = self._keys.get(self._key, self._key), "".join(self._text).strip()
        kind = self._open[-1]
        if name == "default":
            for owner in ("node", "edge") if kind == "key all" else (kind[4:],):
                if attribute in _TAKEN.get(owner, ()):
                    self._defaults[owner, attribute] = text
        elif attribute in _TAKEN.get(kind, ()):
            if kind == "graph":
                self.graph_data[attribute] = text
            else:
                place = len(self.nodes if kind == "node" else self.tails) - 1
                self._data.setdefault((kind, attribute), {})[place] = text


def _refuse_document_type(*_: Any) -> None:
    raise ReadError(
        "A GraphML file must have no document type, but this one has: its entities could blow up."
    )
