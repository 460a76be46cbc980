"""Does the graph fall into groups of units that are joined among themselves?"""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from topograph.errors import MissingExtraError, Undefined
from topograph.graph import LayeredGraph
from topograph.metrics.registry import metric
from topograph.metrics.undirected import units_with_edges
from topograph.sharing import shared

_MOST_RUNS = 10
_MOST_EDGES = 10**6  # of all runs together: some seven seconds


def _on_request(_graph: LayeredGraph) -> str:
    """Reports without options are the same with igraph and without, and need not load it."""
    return "communities need the package igraph, and are looked for by --all or --metric alone"


class _Communities(NamedTuple):
    modularity: float
    number: int


@metric("network", too_costly=_on_request, is_invariant=False)
def modularity(graph: LayeredGraph, seed: int = 0) -> float:
    """Modularity of the communities found: edges inside them beyond those expected by degrees.

    `Q = sum_c (e_c / m - (d_c / 2m)^2)`, `m` the number of edges, `e_c` those inside community
    `c` and `d_c` the degrees of its units together. Directions are ignored, and edges of parallel
    layers between the same units count once. The communities are the best that the Leiden algorithm
    finds in 10 runs, fewer above 100,000 edges and one from half a million on: the largest
    modularity there is may be larger. Random nets have some modularity too, the more the sparser
    they are: compare with null models.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the algorithm.

    Returns
    -------
    float
        From -0.5 to 1.

    Raises
    ------
    Undefined
        If there is no edge.
    MissingExtraError
        If igraph is not installed.

    References
    ----------
    Newman & Girvan, "Finding and evaluating community structure in networks", 2004; Traag, Waltman
    & van Eck, "From Louvain to Leiden", Scientific Reports 9, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from topograph.io import from_layers
    >>> modularity(from_layers([np.kron(np.eye(2), np.ones((3, 3)))]))
    0.5
    """
    return _communities(graph, seed).modularity


@metric("network", unit="communities", too_costly=_on_request, is_invariant=False)
def community_count(graph: LayeredGraph, seed: int = 0) -> int:
    """Number of communities of which `modularity` is the modularity.

    Units without an edge are in none.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the algorithm.

    Returns
    -------
    int
        At least 1.

    Raises
    ------
    Undefined
        If there is no edge.
    MissingExtraError
        If igraph is not installed.

    References
    ----------
    Traag, Waltman & van Eck, "From Louvain to Leiden", Scientific Reports 9, 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from topograph.io import from_layers
    >>> community_count(from_layers([np.kron(np.eye(2), np.ones((3, 3)))]))
    2
    """
    return _communities(graph, seed).number


@shared
def _communities(graph: LayeredGraph, seed: int) -> _Communities:
    n_units, ends = units_with_edges(graph)
    if not n_units:
        raise Undefined("the graph has no edge")
    found = _seeded(n_units, ends, seed)
    return _Communities(float(found.modularity), len(found))


def _seeded(n_units: int, ends: Any, seed: int) -> Any:
    """Run the algorithm on random numbers of its own: igraph has one generator for all."""
    try:
        import igraph
    except ImportError as error:
        raise MissingExtraError.of("igraph", "igraph") from error
    made = igraph.Graph(n=n_units, edges=ends.tolist(), directed=False)
    igraph.set_random_number_generator(random.Random(seed))  # noqa: S311  no secret depends on it
    try:
        runs = [
            made.community_leiden(objective_function="modularity", n_iterations=-1)
            for _ in range(max(1, min(_MOST_RUNS, _MOST_EDGES // len(ends))))
        ]
        return max(runs, key=lambda found: found.modularity)
    finally:
        igraph.set_random_number_generator(random)
