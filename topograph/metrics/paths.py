"""How many input-output paths are there, and how long are they?"""

from __future__ import annotations

import numpy as np

from topograph.counting import exact_paths, log10_paths
from topograph.counting.totals import paths_cost_seconds
from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.metrics.registry import metric
from topograph.propagation import LONGEST, SHORTEST, PathLengths, arrive

EXACT_SECONDS = 5.0  # analyze gives exact counts up to this cost, above it with --exact


def _exact_count_too_costly(graph: LayeredGraph) -> str | None:
    seconds = paths_cost_seconds(graph)
    if seconds <= EXACT_SECONDS:
        return None
    return (
        f"an integer of about {log10_paths(graph):.0f} digits, estimated at {seconds:.0f} s; "
        f"--exact computes it, log10_path_count is given"
    )


@metric("network", unit="paths", cost="exact", too_costly=_exact_count_too_costly)
def path_count(graph: LayeredGraph) -> int:
    """Number of input-output paths, exactly.

    Returns
    -------
    int
        ``1^T M_1 ... M_L 1`` for a chain, a Python integer of any size. For nets with
        the same fan-outs everywhere it is the same: only its distribution over pairs
        tells a RadiX-Net from a random net.

    Examples
    --------
    >>> from topograph.toy import butterfly, shortcut
    >>> path_count(butterfly()), path_count(shortcut())
    (16, 10)
    """
    return exact_paths(graph)


@metric("network")
def log10_path_count(graph: LayeredGraph) -> float:
    """Logarithm to base 10 of the number of input-output paths.

    Returns
    -------
    float
        With a relative error of about ``depth * 1e-16`` in the count.

    Raises
    ------
    Undefined
        If there is no path.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> round(log10_path_count(butterfly()), 6)
    1.20412
    """
    found = log10_paths(graph)
    if found == -np.inf:
        raise Undefined("no input reaches any output: there are no paths")
    return found


@metric("network", unit="edges")
def shortest_path(graph: LayeredGraph) -> int:
    """Length in edges of the shortest input-output path.

    Returns
    -------
    int
        The depth for a chain; less where layers skip levels. An edge of a skip
        connection counts 1.

    Raises
    ------
    Undefined
        If there is no path.

    Examples
    --------
    >>> from topograph.toy import shortcut
    >>> shortest_path(shortcut())
    1
    """
    return _length(graph, SHORTEST)


@metric("network", unit="edges")
def longest_path(graph: LayeredGraph) -> int:
    """Length in edges of the longest input-output path.

    Returns
    -------
    int
        The depth for a chain; at most the number of levels less one.

    Raises
    ------
    Undefined
        If there is no path.

    Examples
    --------
    >>> from topograph.toy import shortcut
    >>> longest_path(shortcut())
    2
    """
    return _length(graph, LONGEST)


def _length(graph: LayeredGraph, algebra: PathLengths) -> int:
    if log10_paths(graph) == -np.inf:
        raise Undefined("no input reaches any output: there are no paths")
    if graph.is_chain:
        return len(graph.layers)
    lengths = arrive(graph, np.zeros(graph.n_outputs), algebra, "backward")
    return int(algebra.fold.ufunc.reduce(lengths))
