"""How far are units from one another, and how close would they be in a random net?"""

from __future__ import annotations

import math
from statistics import fmean, stdev
from typing import Any

import numpy as np

from topograph.biadjacency import Sparse
from topograph.errors import Undefined
from topograph.graph import Layer, LayeredGraph
from topograph.metrics.products import product_blocks
from topograph.metrics.registry import metric
from topograph.metrics.undirected import above, bipartite_view, units_with_edges
from topograph.report import Estimate
from topograph.sharing import shared

DISTANCE_STEPS = 50_000_000
RANDOM_NETS = 10
_BLOCK_WORDS = 1 << 21  # gathered at once
_BITS = np.array([bin(byte).count("1") for byte in range(256)], dtype=np.int64)


def _too_far(graph: LayeredGraph) -> str | None:
    return above(_steps(graph), DISTANCE_STEPS, "steps from units along edges")


def _too_far_in_all(graph: LayeredGraph) -> str | None:
    steps = (1 + RANDOM_NETS) * _steps(graph)
    return above(steps, DISTANCE_STEPS, "steps from units along edges, random nets included")


def _steps(graph: LayeredGraph) -> int:
    return sum(graph.widths) * graph.n_edges


@metric("network", unit="edges", cost="quadratic", too_costly=_too_far)
def characteristic_path_length(graph: LayeredGraph) -> float:
    """Mean number of edges between two units by the shortest way, directions ignored.

    Over all pairs of units that some way joins.

    Returns
    -------
    float
        At least 1.

    Raises
    ------
    Undefined
        If there is no edge.

    References
    ----------
    Watts & Strogatz, "Collective dynamics of 'small-world' networks", Nature 393, 1998.

    Examples
    --------
    >>> from topograph.toy import broken_bridge, fano
    >>> characteristic_path_length(fano())  # 21 pairs at 1, 42 at 2 and 28 at 3
    2.076923076923077
    """
    return _mean_distance(graph)


@metric("network", cost="quadratic", too_costly=_too_far_in_all)
def small_world_coefficient(graph: LayeredGraph, seed: int = 0) -> float:
    """How much more clustered than random nets, over how much longer the ways are.

    `sigma = (C / C_random) / (L / L_random)`, directions ignored: `C = 4 C4 / L3` is the share of
    the walks over three edges that a fourth closes to a cycle, as there are no triangles; `L` is
    `characteristic_path_length`; the random values are means over 10 nets with the same number of
    edges in each layer, all equally likely. A small world has a coefficient well above 1.

    Parameters
    ----------
    graph : LayeredGraph
    seed : int, default 0
        Of the random nets.

    Returns
    -------
    Estimate
        At least 0; the standard error is that of the random means.

    Raises
    ------
    Undefined
        If a layer skips an odd number of levels, so that cycles may have odd length, or if there
        are no walks over three edges, or no cycles in the random nets.

    References
    ----------
    Humphries & Gurney, "Network 'small-world-ness'", PLoS ONE 3, 2008; Robins & Alexander, "Small
    worlds among interlocking directors", 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from topograph.io import from_layers
    >>> blocks = np.kron(np.eye(4), np.ones((4, 4)))
    >>> bool(small_world_coefficient(from_layers([blocks, np.roll(blocks, 2, axis=0)])) > 1)
    True
    """
    clustering = _clustering(graph)
    rng = np.random.default_rng([seed, 0x5A])
    nets = [_random_net(graph, rng) for _ in range(RANDOM_NETS)]
    clusterings = [_clustering(net) for net in nets]
    lengths = [_mean_distance(net) for net in nets]
    if not any(clusterings):
        raise Undefined("random nets with as many edges have no cycles of four edges")
    mean = fmean(clusterings)
    value = clustering / mean * fmean(lengths) / _mean_distance(graph)
    relative = math.hypot(*(stdev(each) / fmean(each) for each in (clusterings, lengths)))
    return Estimate(value, value * relative / math.sqrt(RANDOM_NETS))


def _clustering(graph: LayeredGraph) -> float:
    """Return the share of walks over three edges that a fourth closes, as `motif_cycles` counts."""
    rows = bipartite_view(graph).biadjacency.to_csr()
    fan_out, fan_in = np.diff(rows.indptr).astype(np.int64), rows.sum(axis=0)
    walks = int((rows @ np.maximum(fan_in - 1, 0)) @ np.maximum(fan_out - 1, 0))
    if not walks:
        raise Undefined("the graph has no walk over three edges")
    closed = -int(fan_out @ (fan_out - 1))
    for _, block in product_blocks(rows, rows.T.tocsr()):
        common = block if isinstance(block, np.ndarray) else block.data
        closed += int((common.astype(np.int64) * (common.astype(np.int64) - 1)).sum())
    return closed / walks  # c (c - 1) of two rows, in both orders, is 4 a cycle


@shared
def _mean_distance(graph: LayeredGraph) -> float:
    n_units, ends = units_with_edges(graph)
    if not n_units:
        raise Undefined("the graph has no edge")
    both = np.concatenate([ends, ends[:, ::-1]])
    both = both[np.argsort(both[:, 0], kind="stable")]
    starts = np.searchsorted(both[:, 0], np.arange(n_units))
    n_pairs = total = 0
    block = 64 * max(1, _BLOCK_WORDS // len(both))
    for first in range(0, n_units, block):
        counts = _counts_by_distance(
            both[:, 1], starts, np.arange(first, min(first + block, n_units))
        )
        n_pairs += sum(counts)
        total += sum(distance * count for distance, count in enumerate(counts, 1))
    return total / n_pairs


def _counts_by_distance(neighbours: Any, starts: Any, sources: Any) -> list[int]:
    """Return how many pairs of a source and a unit are 1, 2, ... edges apart.

    A bit a source, 64 to a word: what a unit's neighbours have heard of, it hears of in the next
    step. Every unit has a neighbour.
    """
    places = np.arange(sources.size)
    news = np.zeros((starts.size, -(-sources.size // 64)), dtype=np.uint64)
    news[sources, places // 64] = np.uint64(1) << (places % 64).astype(np.uint64)
    heard = news.copy()
    found: list[int] = []
    while True:
        news = np.bitwise_or.reduceat(news[neighbours], starts, axis=0) & ~heard
        count = int(_BITS[news.view(np.uint8)].sum())
        if not count:
            return found
        heard |= news
        found.append(count)


def _random_net(graph: LayeredGraph, rng: np.random.Generator) -> LayeredGraph:
    layers = []
    for layer in graph.layers:
        n_in, n_out = layer.shape
        cells = rng.choice(n_in * n_out, layer.n_edges, replace=False, shuffle=False)
        operator = Sparse.from_edges(*np.divmod(cells, n_out), layer.shape)
        layers.append(Layer(layer.name, layer.source, layer.target, operator))
    return LayeredGraph(graph.widths, layers)
