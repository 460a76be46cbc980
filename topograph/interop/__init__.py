"""Layered graphs as graphs of other libraries."""

from topograph.interop.igraph_graph import to_igraph
from topograph.interop.networkx_graph import to_networkx

__all__ = ["to_igraph", "to_networkx"]
