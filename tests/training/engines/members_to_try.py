"""Members that engines are held against the plain loop with."""

from __future__ import annotations

from tests.training.engines.plain_loop import random_member
from topograph.biadjacency import Kronecker
from topograph.generators import radix_net
from topograph.graph import chain
from topograph.training.engines.member import Member


def alike_members():
    """Return members of the same widths, other densities and rates each."""
    widths = (64, 30, 20, 10)
    return _members((widths, 0.5, 1.0), (widths, 0.1, 0.5), (widths, 0.2, 2.0))


def mixed_members():
    """Return members of other widths, densities and rates each."""
    return _members(
        ((64, 30, 20, 10), 0.5, 1.0), ((64, 7, 90, 10), 0.1, 0.5), ((64, 50, 12, 10), 0.2, 2.0)
    )


def _members(*nets):
    return [
        random_member(widths, density, seed, rate_factor)
        for seed, (widths, density, rate_factor) in enumerate(nets)
    ]


def radix_members():
    """Return RadiX-Nets of other systems, Kronecker factors and directions each."""
    return [
        radix_member([[2, 2]], [16, 16, 4]),
        radix_member([[4, 4]], [4, 8, 2], direction=-1, seed=1, rate_factor=0.5),
        radix_member([[8, 8]], seed=2, rate_factor=2.0),
    ]


def radix_member(systems, dense_widths=None, direction=1, seed=0, rate_factor=1.0):
    """Return a RadiX-Net of 64 inputs with a complete layer of 10 classes after it."""
    graph = radix_net(systems, dense_widths, direction)
    layers = [layer.biadjacency for layer in graph.layers]
    whole = chain([*layers, Kronecker(1, 1, 1, graph.n_outputs, 10)])
    return Member.of_graph(whole, f"radix {seed}", seed, rate_factor)
