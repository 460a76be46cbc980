"""Do two masks have the same levels, joined by the same layers?"""

from __future__ import annotations

from topograph.errors import Undefined
from topograph.graph import LayeredGraph, check_holdable


def check_alike(one: LayeredGraph, other: LayeredGraph) -> None:
    """Raise Undefined unless both have the same widths, and layers between the same levels.

    The names of the layers do not matter.

    Examples
    --------
    >>> from topograph.toy import butterfly, fano
    >>> check_alike(butterfly(), fano())
    Traceback (most recent call last):
    ...
    topograph.errors.Undefined: the masks have different widths Hint: they are 4 - 4 - 4 and 7 - 7.
    """
    if one.widths != other.widths:
        first, second = (" - ".join(map(str, graph.widths)) for graph in (one, other))
        raise Undefined("the masks have different widths", hint=f"they are {first} and {second}.")
    steps, others = (
        [(layer.source, layer.target) for layer in graph.layers] for graph in (one, other)
    )
    if steps != others:
        raise Undefined("the layers of the masks join different levels")
    for graph in (one, other):
        check_holdable(graph, "A distance of masks")
