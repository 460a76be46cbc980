"""Which edges of a trained net carry weight, and which of those lie on paths?"""

from __future__ import annotations

from topograph.biadjacency import Sparse
from topograph.graph import LayeredGraph, chain
from topograph.metrics import effective_edges
from topograph.training.engines.engine import Engine
from topograph.training.engines.member import Member


def effective_edges_above(engine: Engine, index: int, threshold: float) -> int:
    """Count the edges on paths among those of `weighty_graph`."""
    return effective_edges(weighty_graph(engine, index, threshold))


def weighty_graph(engine: Engine, index: int, threshold: float) -> LayeredGraph:
    """Return the chain of a member's edges whose weights exceed a threshold in absolute value.

    Parameters
    ----------
    engine : Engine
        Of chains.
    index : int
        Which member.
    threshold : float
        At least 0.
    """
    member: Member = engine.members[index]
    layers = []
    for pattern, held in zip(member.patterns, engine.parameters()[index], strict=True):
        is_kept = (held.weights.abs() > threshold).numpy()
        layers.append(
            Sparse.from_edges(pattern.sources[is_kept], pattern.targets()[is_kept], pattern.shape)
        )
    return chain(layers)
