"""What is a layered graph?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from topograph.biadjacency import BitPacked, Convolution
from topograph.errors import GraphError, ParameterError
from topograph.graph.layers import Layer
from topograph.notebook import notebook_table


@dataclass(frozen=True, eq=False)
class LayeredGraph:
    """A sparse network as a layered graph: levels of units joined by layers.

    Level 0 holds the inputs, the last level the outputs. A chain has one layer from each
    level to the next; a residual net also has layers that skip levels. Parallel layers
    between the same two levels are allowed, and their paths add. Graphs hash by identity;
    `equals` compares widths, names and edges.

    Parameters
    ----------
    widths : sequence of int
        Units of each level, at least 1; at least two levels.
    layers : sequence of Layer
        Every level but the first is the target of one at least, every level but the last
        the source of one at least. Kept in order of (source, target).
    provenance : mapping, optional
        How the graph was made; anything that JSON can say.
    notes : sequence of str, optional
        What a reader assumed, in sentences for the report; each is kept once.
    skipped : sequence of str, optional
        What the file held that is not in the graph, in sentences for the report.

    Raises
    ------
    GraphError
        Naming the layer that does not fit.

    Examples
    --------
    >>> from topograph.biadjacency import Identity
    >>> skip = Layer("skip", 0, 1, Identity(3, 3))
    >>> LayeredGraph([3, 3], [skip])
    LayeredGraph(widths=(3, 3), n_layers=1, n_edges=3)
    """

    widths: tuple[int, ...]
    layers: tuple[Layer, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()

    def __init__(
        self,
        widths: Sequence[int],
        layers: Iterable[Layer],
        provenance: Mapping[str, Any] | None = None,
        notes: Sequence[str] = (),
        skipped: Sequence[str] = (),
    ) -> None:
        ordered = tuple(sorted(layers, key=lambda layer: (layer.source, layer.target)))
        own = json.loads(json.dumps(dict(provenance or {})))
        object.__setattr__(self, "widths", tuple(int(width) for width in widths))
        object.__setattr__(self, "layers", ordered)
        object.__setattr__(self, "provenance", MappingProxyType(own))
        object.__setattr__(self, "notes", tuple(dict.fromkeys(notes)))
        object.__setattr__(self, "skipped", tuple(dict.fromkeys(skipped)))
        self._check()

    def __reduce__(self) -> tuple[Any, ...]:
        parts = (self.widths, self.layers, dict(self.provenance), self.notes, self.skipped)
        return (type(self), parts)

    def __repr__(self) -> str:
        return (
            f"LayeredGraph(widths={self.widths}, n_layers={len(self.layers)}, "
            f"n_edges={self.n_edges})"
        )

    def _repr_html_(self) -> str:
        rows = [
            [
                str(number),
                layer.name,
                f"{layer.source} to {layer.target}",
                f"{layer.shape[0]:,} x {layer.shape[1]:,}",
                f"{layer.n_edges:,}",
                f"{layer.n_edges / layer.n_possible_edges:.4g}" if layer.n_possible_edges else "",
            ]
            for number, layer in enumerate(self.layers, 1)
        ]
        titles = ["#", "layer", "levels", "shape", "edges", "density"]
        widths = [f"{width:,}" for width in self.widths]
        if len(widths) > 12:
            widths = [*widths[:4], f"... {len(widths) - 8} levels ...", *widths[-4:]]
        caption = f"Layered graph {' - '.join(widths)}: {self.n_edges:,} edges"
        return notebook_table(titles, rows, caption=caption, text_columns=3)

    def _check(self) -> None:
        widths, last = self.widths, len(self.widths) - 1
        if last < 1 or not self.layers:
            raise GraphError(
                f"A layered graph needs at least two levels and one layer, but it has "
                f"{len(widths)} and {len(self.layers)}."
            )
        for level, width in enumerate(widths):
            if width < 1:
                raise GraphError(f"Level {level} must have at least one unit, but it has {width}.")
        names: set[str] = set()
        for layer in self.layers:
            if layer.name in names:
                raise GraphError(f"Layer names must be unique, but {layer.name!r} comes twice.")
            names.add(layer.name)
            if layer.target > last:
                raise GraphError(
                    f"Layer {layer.name!r} leads to level {layer.target}, but the last level "
                    f"is {last}."
                )
            expected = (widths[layer.source], widths[layer.target])
            if layer.shape != expected:
                raise GraphError.wrong_shape(
                    layer.name, expected, layer.shape, "check the order and the orientation."
                )
        fed = {layer.target for layer in self.layers}
        read = {layer.source for layer in self.layers}
        for level in range(last + 1):
            if level > 0 and level not in fed:
                raise GraphError(f"Level {level} must be the target of a layer, but none is.")
            if level < last and level not in read:
                raise GraphError(f"Level {level} must be the source of a layer, but none is.")

    @property
    def n_levels(self) -> int:
        """The number of levels, inputs and outputs included."""
        return len(self.widths)

    @property
    def n_inputs(self) -> int:
        """Units of level 0."""
        return self.widths[0]

    @property
    def n_outputs(self) -> int:
        """Units of the last level."""
        return self.widths[-1]

    @property
    def n_edges(self) -> int:
        """Edges of all layers."""
        return sum(layer.n_edges for layer in self.layers)

    @property
    def work(self) -> int:
        """Elementary steps of one sweep through all layers."""
        return sum(layer.biadjacency.work for layer in self.layers)

    @property
    def n_possible_edges(self) -> int:
        """Edges without pruning; structural layers, of which nothing is pruned, included."""
        return sum(layer.n_possible_edges for layer in self.layers)

    @property
    def weighted_layers(self) -> tuple[Layer, ...]:
        """The layers with parameters; the others are structural."""
        return tuple(layer for layer in self.layers if not layer.is_structural)

    @property
    def is_chain(self) -> bool:
        """Whether there is exactly one layer from each level to the next, and no other."""
        steps = [(layer.source, layer.target) for layer in self.layers]
        return steps == [(level, level + 1) for level in range(self.n_levels - 1)]

    def incoming(self, level: int) -> tuple[Layer, ...]:
        """Return the layers whose target is ``level``."""
        return tuple(layer for layer in self.layers if layer.target == level)

    def outgoing(self, level: int) -> tuple[Layer, ...]:
        """Return the layers whose source is ``level``."""
        return tuple(layer for layer in self.layers if layer.source == level)

    def layer(self, name: str) -> Layer:
        """Return the layer called ``name``; KeyError if there is none."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def equals(self, other: LayeredGraph) -> bool:
        """Whether widths, layer names, levels and edges are the same (not the provenance)."""
        if self.widths != other.widths or len(self.layers) != len(other.layers):
            return False
        return all(_same_layer(*pair) for pair in zip(self.layers, other.layers, strict=True))

    def select_layers(self, first: int, last: int) -> LayeredGraph:
        """Return layers ``first`` to ``last`` as a graph of their own.

        Parameters
        ----------
        first, last : int
            Counted from 1, both included, in the order of `layers`.

        Raises
        ------
        ParameterError
            If the graph has no such layers.
        GraphError
            If the layers do not form a graph (a skip layer cut off from its level).
        """
        n_layers = len(self.layers)
        if not 1 <= first <= last <= n_layers:
            raise ParameterError(
                f"Layers must be chosen from 1:{n_layers}, but {first}:{last} was asked for.",
                hint="FIRST:LAST counts from 1 and includes both ends.",
            )
        chosen = self.layers[first - 1 : last]
        bottom = min(layer.source for layer in chosen)
        top = max(layer.target for layer in chosen)
        moved = [
            Layer(layer.name, layer.source - bottom, layer.target - bottom, layer.biadjacency)
            for layer in chosen
        ]
        provenance = {"layers": f"{first}:{last}", "of": dict(self.provenance)}
        widths = self.widths[bottom : top + 1]
        return LayeredGraph(widths, moved, provenance, self.notes, self.skipped)


def _same_layer(one: Layer, other: Layer) -> bool:
    if (one.name, one.source, one.target) != (other.name, other.source, other.target):
        return False
    if one.biadjacency is other.biadjacency:
        return True
    if one.shape != other.shape or one.n_edges != other.n_edges:
        return False
    if isinstance(one.biadjacency, BitPacked) and isinstance(other.biadjacency, BitPacked):
        return np.array_equal(one.biadjacency.bits, other.biadjacency.bits)
    if isinstance(one.biadjacency, Convolution) and isinstance(other.biadjacency, Convolution):
        same = one.biadjacency.same_edges(other.biadjacency)
        if same is not None:
            return same
    mine, theirs = one.biadjacency.to_csr(), other.biadjacency.to_csr()
    return np.array_equal(mine.indptr, theirs.indptr) and np.array_equal(
        mine.indices, theirs.indices
    )
