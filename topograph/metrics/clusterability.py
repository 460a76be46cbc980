"""How cleanly can the units be cut into clusters?"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse
import scipy.sparse.linalg

from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.metrics.registry import metric
from topograph.metrics.undirected import above, units_with_edges

CLUSTERS = 12
CUT_EDGES = 100_000  # about a second
_DENSE_UNITS = 600  # up to which all eigenvectors are computed
_STARTS = 10
_ROUNDS = 50


def _too_many_edges(graph: LayeredGraph) -> str | None:
    return above(graph.n_edges, CUT_EDGES, "edges")


@metric("network", cost="spectral", too_costly=_too_many_edges, is_invariant=False)
def normalized_cut(graph: LayeredGraph, seed: int = 0) -> float:
    """Normalised cut of 12 clusters of units found by their spectrum: low if the net falls apart.

    `sum_c cut(c) / volume(c)`: for each cluster the share of the ends of its edges whose other end
    lies outside. Directions are ignored, edges of parallel layers between the same units count
    once, and units without an edge are left out. The clusters are those of spectral clustering:
    k-means, the best of 10 starts, on the 12 leading eigenvectors of the random walk; the smallest
    cut there is may be smaller. *Clusterability* is a cut far below that of null models.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of k-means.

    Returns
    -------
    float
        From 0, at least 12 components, to 12.

    Raises
    ------
    Undefined
        If fewer than 24 units have an edge.

    References
    ----------
    Filan et al., "Clusterability in neural networks", arXiv 2103.03386, 2021; Shi & Malik,
    "Normalized cuts and image segmentation", 2000.

    Examples
    --------
    >>> from topograph.io import from_layers
    >>> normalized_cut(from_layers([np.eye(12), np.eye(12)]))
    0.0
    """
    n_units, ends = units_with_edges(graph)
    if n_units < 2 * CLUSTERS:
        raise Undefined(f"12 clusters need at least 24 units with an edge, and there are {n_units}")
    both = np.concatenate([ends, ends[:, ::-1]])
    shape = (n_units, n_units)
    adjacency = scipy.sparse.coo_array((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=shape)
    degrees = np.bincount(both[:, 0]).astype(np.float64)
    points = _leading_vectors(adjacency.tocsr(), degrees)
    rng = np.random.default_rng([seed, 0xC7])
    return min(_cut(_clusters(points, degrees, rng), ends, degrees) for _ in range(_STARTS))


def _leading_vectors(adjacency: Any, degrees: Any) -> Any:
    """Return a point a unit: its entries in the leading eigenvectors of the random walk."""
    scale = 1 / np.sqrt(degrees)
    operator = scipy.sparse.diags_array(scale) @ adjacency @ scipy.sparse.diags_array(scale)
    n_units = degrees.size
    if n_units <= _DENSE_UNITS:
        wanted = [n_units - CLUSTERS, n_units - 1]
        vectors = scipy.linalg.eigh(operator.toarray(), subset_by_index=wanted)[1]
    else:
        start = np.random.default_rng(0).normal(size=n_units)
        vectors = scipy.sparse.linalg.eigsh(operator, CLUSTERS, which="LA", v0=start, tol=1e-4)[1]
    return vectors * scale[:, None]


def _clusters(points: Any, weights: Any, rng: np.random.Generator) -> Any:
    """Return the cluster of each point: weighted k-means from centres that lie far apart."""
    chosen = [int(rng.integers(len(points)))]
    for _ in range(CLUSTERS - 1):
        gaps = weights * _squares(points, points[chosen]).min(axis=1)
        total = gaps.sum()
        chosen.append(int(rng.choice(len(points), p=gaps / total)) if total > 0 else chosen[0])
    centres = points[chosen]
    labels = np.full(len(points), -1)
    for _ in range(_ROUNDS):
        nearest = _squares(points, centres).argmin(axis=1)
        if np.array_equal(nearest, labels):
            break
        labels = nearest
        mass = np.bincount(labels, weights, CLUSTERS)
        for axis in range(points.shape[1]):
            sums = np.bincount(labels, weights * points[:, axis], CLUSTERS)
            centres[:, axis] = np.where(mass > 0, sums / np.maximum(mass, 1e-300), centres[:, axis])
    return labels


def _squares(points: Any, centres: Any) -> Any:
    found = (points**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * points @ centres.T
    return np.maximum(found, 0.0)


def _cut(labels: Any, ends: Any, degrees: Any) -> float:
    volumes = np.bincount(labels, degrees, CLUSTERS)
    one, other = labels[ends[:, 0]], labels[ends[:, 1]]
    outside = one != other
    cuts = np.bincount(np.concatenate([one[outside], other[outside]]), minlength=CLUSTERS)
    filled = volumes > 0
    return float((cuts[filled] / volumes[filled]).sum())
