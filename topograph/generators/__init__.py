"""Families of topologies, and what brings a generated net to size."""

from topograph.generators.graphchallenge import graphchallenge_layer, graphchallenge_net
from topograph.generators.radix_family import radix_net, radix_net_from_degrees
from topograph.generators.resizing import append_dense, fit_widths

__all__ = [
    "append_dense",
    "fit_widths",
    "graphchallenge_layer",
    "graphchallenge_net",
    "radix_net",
    "radix_net_from_degrees",
]
