"""How are the paths spread over the pairs of an input and an output?

Exact by counting all pairs where that is affordable, or by a certificate of symmetry;
otherwise a seeded estimate, which says so.
"""

from __future__ import annotations

import math

from topograph.counting import exact_seconds
from topograph.counting.pair_statistics import (
    all_pairs_affordable,
    count_all_pairs,
    count_connected,
    estimate_variation,
    sample_extremes,
)
from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.metrics.registry import metric
from topograph.verification import check_connected, check_symmetric
from topograph.wording import count_of

EXTREMES_SECONDS = 30.0  # counting one unit's pairs exactly may take this long by default


def _extremes_too_costly(graph: LayeredGraph) -> str | None:
    seconds = exact_seconds(graph)
    if seconds <= EXTREMES_SECONDS or check_symmetric(graph).holds:
        return None
    return f"exact counts of the pairs of a single unit are estimated at {seconds:.0f} s"


def _extremes(graph: LayeredGraph, seed: int) -> tuple[int, int]:
    symmetric = check_symmetric(graph, seed)
    if symmetric.holds and symmetric.facts["paths_per_pair"] is not None:
        count = count_of(symmetric.facts["paths_per_pair"])
        return count, count
    if all_pairs_affordable(graph):
        counted = count_all_pairs(graph)
        return counted.minimum, counted.maximum
    return sample_extremes(graph, seed)


@metric("network", unit="paths", cost="quadratic", too_costly=_extremes_too_costly)
def paths_per_pair_min(graph: LayeredGraph, seed: int = 0) -> int:
    """Smallest number of paths between an input and an output.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the sample, where not all pairs can be counted: then the value is a `Bound`
        that the true minimum does not exceed.

    Returns
    -------
    int
        ``min_ij P_ij``, at least 0.

    Examples
    --------
    >>> from topograph.toy import broken_bridge, butterfly
    >>> paths_per_pair_min(butterfly()), paths_per_pair_min(broken_bridge())
    (1, 0)
    """
    return _extremes(graph, seed)[0]


@metric("network", unit="paths", cost="quadratic", too_costly=_extremes_too_costly)
def paths_per_pair_max(graph: LayeredGraph, seed: int = 0) -> int:
    """Largest number of paths between an input and an output.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the sample, where not all pairs can be counted: then the value is a `Bound`
        that the true maximum is not below.

    Returns
    -------
    int
        ``max_ij P_ij``, at least 0.

    Examples
    --------
    >>> from topograph.toy import shortcut
    >>> paths_per_pair_max(shortcut())
    3
    """
    return _extremes(graph, seed)[1]


@metric("network", cost="quadratic")
def path_count_cv(graph: LayeredGraph, seed: int = 0) -> float:
    r"""Standard deviation over mean of the path counts of all input-output pairs.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the random sign vectors ``z`` that estimate ``||P - c J||_F`` by
        ``(P - c J) z`` where not all pairs can be counted; the value is an `Estimate`.

    Returns
    -------
    float
        ``||P - c J||_F / ||c J||_F`` with c the mean of P; 0 iff the net is symmetric.

    Raises
    ------
    Undefined
        If there is no path.

    References
    ----------
    Hutchinson's trace estimator for the estimate.

    Examples
    --------
    >>> from topograph.toy import butterfly, shortcut
    >>> path_count_cv(butterfly()), path_count_cv(shortcut())
    (0.0, 0.2)
    """
    if check_symmetric(graph, seed).holds:
        return 0.0
    if all_pairs_affordable(graph):
        value = count_all_pairs(graph).variation
    else:
        value = estimate_variation(graph, seed)
    if math.isnan(value):
        raise Undefined("no input reaches any output: there are no paths")
    return value


@metric("network", cost="quadratic", better="more")
def connected_pair_fraction(graph: LayeredGraph, seed: int = 0) -> float:
    """Fraction of the input-output pairs that some path joins; also called reach.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the sample of inputs or outputs, where not all pairs can be checked; the value
        is then an `Estimate`.

    Returns
    -------
    float
        From 0 to 1; 1 iff the net is path-connected.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> connected_pair_fraction(broken_bridge())
    0.5
    """
    if check_connected(graph, seed).holds:
        return 1.0
    return count_connected(graph, seed)


@metric("network", cost="quadratic", better="more")
def is_path_connected(graph: LayeredGraph, seed: int = 0) -> bool:
    """Whether every input reaches every output.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the samples and random primes; see `topograph.verification.check_connected`.

    Returns
    -------
    bool

    Raises
    ------
    Undefined
        If neither a proof nor a counterexample was found within the stated cost.

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> from topograph.toy import broken_bridge, butterfly
    >>> is_path_connected(butterfly()), is_path_connected(broken_bridge())
    (True, False)
    """
    verdict = check_connected(graph, seed)
    if verdict.holds is None:
        raise Undefined(f"undecided: {verdict.statement}")
    return verdict.holds


@metric("network")
def is_symmetric(graph: LayeredGraph, seed: int = 0) -> bool:
    """Whether the same positive number of paths joins every input to every output.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the random primes and vectors; see `topograph.verification.check_symmetric`.

    Returns
    -------
    bool

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> from topograph.toy import butterfly, shortcut
    >>> is_symmetric(butterfly()), is_symmetric(shortcut())
    (True, False)
    """
    return bool(check_symmetric(graph, seed).holds)
