"""How far two masks of one shape are apart."""

from topograph.distances.matching import Matching, match_units, matched_distance
from topograph.distances.overlaps import edge_overlap, layer_edge_overlaps
from topograph.distances.pairs import mask_distances

__all__ = [
    "Matching",
    "edge_overlap",
    "layer_edge_overlaps",
    "mask_distances",
    "match_units",
    "matched_distance",
]
