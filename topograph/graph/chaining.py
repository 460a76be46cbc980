"""How are operators joined end to end?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from topograph.biadjacency import Biadjacency
from topograph.errors import GraphError
from topograph.graph.layered_graph import LayeredGraph
from topograph.graph.layers import Layer


def chain(
    operators: Sequence[Biadjacency],
    names: Sequence[str] | None = None,
    provenance: Mapping[str, Any] | None = None,
    notes: Sequence[str] = (),
) -> LayeredGraph:
    """Join operators end to end into a layered graph.

    Parameters
    ----------
    operators : sequence of Biadjacency
        Layer ``k`` leads from level ``k - 1`` to level ``k``.
    names : sequence of str, optional
        One a layer; ``layer1, layer2, ...`` by default.
    provenance, notes
        As of `LayeredGraph`.

    Raises
    ------
    GraphError
        If two neighbours differ in width; both are named.
    """
    if not operators:
        raise GraphError("A chain needs at least one layer, but there is none.")
    if names is None:
        names = [f"layer{index}" for index in range(1, len(operators) + 1)]
    shapes = [operator.shape for operator in operators]
    for index in range(1, len(shapes)):
        if shapes[index - 1][1] != shapes[index][0]:
            raise GraphError(
                f"Layer {names[index - 1]!r} ends in {shapes[index - 1][1]} units, but layer "
                f"{names[index]!r} starts from {shapes[index][0]}.",
                hint="give the layers in the order of the paths, all (n_in, n_out) or all "
                "(n_out, n_in).",
            )
    widths = [shapes[0][0], *(shape[1] for shape in shapes)]
    layers = [
        Layer(name, index, index + 1, operator)
        for index, (name, operator) in enumerate(zip(names, operators, strict=True))
    ]
    return LayeredGraph(widths, layers, provenance, notes)
