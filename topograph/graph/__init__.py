"""Layers and layered graphs: frozen, canonical, valid from construction on."""

from topograph.graph.chaining import chain
from topograph.graph.holding import check_holdable
from topograph.graph.layered_graph import LayeredGraph
from topograph.graph.layering import described_layers, from_nodes
from topograph.graph.layers import Layer

__all__ = ["Layer", "LayeredGraph", "chain", "check_holdable", "described_layers", "from_nodes"]
