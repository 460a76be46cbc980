"""How a generated graph says what made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topograph.graph import LayeredGraph
from topograph.version import topograph_version


def made_by(family: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return the provenance of a graph that a generator made.

    Parameters
    ----------
    family : str
        The name of the generator.
    parameters : mapping
        All that is needed to make the graph again.

    Examples
    --------
    >>> made_by("radix", {"systems": [[2, 2]]})["family"]
    'radix'
    """
    return {"family": family, "parameters": dict(parameters), "version": topograph_version()}


def derived_by(
    operation: str, parameters: Mapping[str, Any], graph: LayeredGraph
) -> dict[str, Any]:
    """Return the provenance of a graph made from another one, whose own stands under "of".

    Parameters
    ----------
    operation : str
        The name of the function.
    parameters : mapping
        Its arguments, without the graph.
    graph : LayeredGraph
        The graph it was given.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> derived_by("append_dense", {"width": 3}, butterfly())["of"]
    {'toy': 'butterfly'}
    """
    return {
        "operation": operation,
        "parameters": dict(parameters),
        "version": topograph_version(),
        "of": dict(graph.provenance),
    }
