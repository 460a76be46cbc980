"""Rewired twins: nets that share the degrees, or the density, of every layer of a net.

What a net has beyond its twins is what makes its structure special.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from topograph.biadjacency import Biadjacency, Convolution, Sparse
from topograph.biadjacency.operator import Values
from topograph.errors import ParameterError
from topograph.generators.cells import cells_of, layer_from_cells, other_cells
from topograph.generators.kernel_twins import Mask, channel_blocks, remade_operator
from topograph.generators.provenance import derived_by
from topograph.generators.random_subsets import random_subsets
from topograph.generators.streams import stream
from topograph.generators.switching import Switches, switch
from topograph.generators.trading import trade
from topograph.graph import Layer, LayeredGraph

_REFUSED_TOO_OFTEN = 3  # proposals for each swap that is accepted


def degree_preserving_twin(
    graph: LayeredGraph, seed: int = 0, swaps_per_edge: float = 10
) -> LayeredGraph:
    """Net with random edges in which every unit keeps its fan-in and fan-out in every layer.

    Pairs of edges of a layer exchange their targets wherever that gives no edge twice. The
    more is swapped, the closer all layers with these degrees come to being equally likely;
    ten proposals an edge are plenty where most are accepted. Where two of three are refused,
    because some units have most of the edges, rounds of trades follow, as many as there were
    batches of swaps, two for each proposal an edge: all units of a level, in pairs, deal out
    anew the edges that only one of the two has. Of a convolution, the pairs of
    channels joined at each place of the kernel are switched, so that it stays a convolution.
    Layers without parameters stay.

    Parameters
    ----------
    graph : LayeredGraph
        The net; it stays as it is.
    seed : int, default 0
        Layer ``k`` is rewired from ``(seed, k)``, whatever the others are.
    swaps_per_edge : float, default 10
        Proposals for each edge of a layer; rounded up to halves.

    Returns
    -------
    LayeredGraph
        Same levels and layer names; layers hold their edges, convolutions their kernels. The
        provenance tells of the mixing of each layer: ``proposed`` and ``accepted`` swaps,
        rounds of ``trades``, ``kept``, the share of the edges that are where they were,
        ``kept_halfway`` through the swaps, or the trades, ``mixed``, whether what was kept fell
        no further after that than by chance, and ``expected``, what chance alone keeps: about
        the mean of ``fan_out_i fan_in_j / E``, at most 1, over the edges; too little where
        fans differ much.

    Raises
    ------
    ParameterError
        If there is nothing to be swapped for.

    References
    ----------
    Maslov & Sneppen, "Specificity and stability in topology of protein networks", 2002;
    Milo et al., "On the uniform generation of random graphs with prescribed degree
    sequences", 2003; Carstens et al., "Parallel and I/O-efficient randomisation of massive
    networks using global curveball trades", 2018.

    Examples
    --------
    >>> from topograph.generators import radix_net
    >>> net = radix_net([[10, 10]])
    >>> twin = degree_preserving_twin(net)
    >>> twin.layers[0].fan_in().tolist() == net.layers[0].fan_in().tolist()
    True
    >>> mixing = twin.provenance["mixing"][0]
    >>> mixing["proposed"], mixing["kept"], round(mixing["expected"], 6)
    (9982, 0.099, 0.1)
    """
    if not swaps_per_edge > 0 or not math.isfinite(swaps_per_edge):
        raise ParameterError.expected(
            "swaps_per_edge", "a number above 0", swaps_per_edge, hint="10 is the rule."
        )
    n_batches = math.ceil(2 * swaps_per_edge)
    mixing: list[dict[str, Any]] = []

    def rewired(operator: Biadjacency, rng: np.random.Generator) -> Biadjacency:
        told: list[_Mixing] = []

        def listed(held: Biadjacency) -> Sparse:
            after, found = _switched(cells_of(held), held.shape, n_batches, rng)
            told.append(found)
            return layer_from_cells(after, held.shape)

        def kernel(held: Convolution) -> Mask:
            mask = held.kernel_mask.copy()
            for block in channel_blocks(mask, held.groups):
                after, found = _switched(np.flatnonzero(block), block.shape, n_batches, rng)
                told.append(found)
                block[:] = False
                block[np.divmod(after, block.shape[1])] = True
            return mask

        twin = remade_operator(operator, listed, kernel)
        mixing.append(_together(told))
        return twin

    parameters = {"seed": seed, "swaps_per_edge": swaps_per_edge}
    return _twin("degree_preserving_twin", graph, seed, parameters, rewired, {"mixing": mixing})


def density_preserving_twin(graph: LayeredGraph, seed: int = 0) -> LayeredGraph:
    """Net with as many edges in every layer, all sets of that many equally likely.

    Of a convolution, the entries of the kernel are drawn, as many as were kept. Layers without
    parameters stay.

    Parameters
    ----------
    graph : LayeredGraph
        The net; it stays as it is.
    seed : int, default 0
        Layer ``k`` is drawn from ``(seed, k)``, whatever the others are.

    Returns
    -------
    LayeredGraph
        Same levels and layer names; layers hold their edges, convolutions their kernels.

    Examples
    --------
    >>> from topograph.generators import radix_net
    >>> twin = density_preserving_twin(radix_net([[10, 10]], [8, 3, 1]))
    >>> [layer.n_edges for layer in twin.layers]
    [24000, 3000]
    """

    def redrawn(operator: Biadjacency, rng: np.random.Generator) -> Biadjacency:
        def listed(held: Biadjacency) -> Sparse:
            n_in, n_out = held.shape
            return layer_from_cells(random_subsets([held.n_edges], n_in * n_out, rng), held.shape)

        def kernel(held: Convolution) -> Mask:
            mask = np.zeros(held.kernel_mask.shape, dtype=np.bool_)
            mask.reshape(-1)[random_subsets([held.n_parameters], mask.size, rng)] = True
            return mask

        return remade_operator(operator, listed, kernel)

    return _twin("density_preserving_twin", graph, seed, {"seed": seed}, redrawn, {})


class _Mixing(NamedTuple):
    """How far edges were moved; those kept and expected as numbers of edges."""

    n_edges: int
    switches: Switches
    trades: int
    kept_halfway: int
    kept: int
    expected: float


def _switched(
    before: Values, shape: tuple[int, int], n_batches: int, rng: np.random.Generator
) -> tuple[Values, _Mixing]:
    """Move edges, of a dense layer those left out, and tell how far that went."""
    total = shape[0] * shape[1]
    is_dense = 2 * before.size > total
    moved = other_cells(before, total) if is_dense else before.copy()

    def now() -> Values:
        return other_cells(moved, total) if is_dense else np.sort(moved)

    trades, half = 0, n_batches // 2
    first = switch(moved, shape, half, rng)
    halfway = now()
    rest = switch(moved, shape, n_batches - half, rng)
    switches = Switches(first.proposed + rest.proposed, first.accepted + rest.accepted)
    if _REFUSED_TOO_OFTEN * switches.accepted < switches.proposed:
        trades = n_batches
        moved = trade(moved, shape, half, rng)
        halfway = now()
        moved = trade(moved, shape, trades - half, rng)
    after = now()
    n_edges = max(before.size, 1)
    sources, targets = np.divmod(before, shape[1])
    fans = np.bincount(sources)[sources] * np.bincount(targets)[targets] / n_edges
    expected = float(np.minimum(fans, 1.0).sum())
    kept = (_in_both(before, halfway), _in_both(before, after))
    return after, _Mixing(before.size, switches, trades, *kept, expected)


def _in_both(before: Values, after: Values) -> int:
    """Return how many cells two sorted lists share."""
    same = before[np.minimum(np.searchsorted(before, after), before.size - 1)] == after
    return int(np.count_nonzero(same))


def _together(parts: Sequence[_Mixing]) -> dict[str, Any]:
    """Tell of the mixing of a layer; of one without parameters that all its edges stay."""
    n_edges = max(sum(part.n_edges for part in parts), 1)
    halfway = sum(part.kept_halfway for part in parts) / n_edges if parts else 1.0
    kept = sum(part.kept for part in parts) / n_edges if parts else 1.0
    by_chance = 4.0 * math.sqrt(2.0 * halfway * (1.0 - halfway) / n_edges) + 2.0 / n_edges
    return {
        "proposed": sum(part.switches.proposed for part in parts),
        "accepted": sum(part.switches.accepted for part in parts),
        "trades": max((part.trades for part in parts), default=0),
        "kept": kept,
        "kept_halfway": halfway,
        "mixed": halfway - kept <= by_chance,
        "expected": sum(part.expected for part in parts) / n_edges if parts else 1.0,
    }


def _twin(
    operation: str,
    graph: LayeredGraph,
    seed: int,
    parameters: dict[str, Any],
    remade: Callable[[Biadjacency, np.random.Generator], Biadjacency],
    told: dict[str, Any],
) -> LayeredGraph:
    layers = [
        Layer(
            layer.name,
            layer.source,
            layer.target,
            remade(layer.biadjacency, stream(operation, seed, index)),
        )
        for index, layer in enumerate(graph.layers, start=1)
    ]
    provenance = {**derived_by(operation, parameters, graph), **told}
    return LayeredGraph(graph.widths, layers, provenance, graph.notes)
