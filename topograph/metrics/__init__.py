"""Metrics: plain functions on graphs and layers, and the registry that lists them."""

from topograph.metrics.clusterability import normalized_cut
from topograph.metrics.clustering import robins_alexander_clustering
from topograph.metrics.communities import community_count, modularity
from topograph.metrics.components import component_count
from topograph.metrics.cores import mean_core_number
from topograph.metrics.cuts import articulation_count, bridge_count
from topograph.metrics.degrees import (
    fan_in_cv,
    fan_in_max,
    fan_in_mean,
    fan_in_min,
    fan_out_cv,
    fan_out_max,
    fan_out_mean,
    fan_out_min,
    output_fan_in_min,
)
from topograph.metrics.edges import density, edge_count, effective_density, effective_edges
from topograph.metrics.end_to_end import end_to_end_gap
from topograph.metrics.fan_out_classes import imdb, imsg
from topograph.metrics.flows import edge_min_cut, vertex_disjoint_paths
from topograph.metrics.groups import is_2_4, nm_max_per_group_4, share_2_4
from topograph.metrics.loose_ends import (
    disconnected_units,
    removable_in_edges,
    removable_out_edges,
    sink_units,
    source_units,
)
from topograph.metrics.mixing import degree_assortativity
from topograph.metrics.motifs import motif_cycles, motif_paths, motif_stars
from topograph.metrics.neighbourhoods import (
    mean_one_hop_neighbourhood,
    mean_two_hop_neighbourhood,
)
from topograph.metrics.pairs import (
    connected_pair_fraction,
    is_path_connected,
    is_symmetric,
    path_count_cv,
    paths_per_pair_max,
    paths_per_pair_min,
)
from topograph.metrics.parameters import multiply_adds, parameter_count, parameter_density
from topograph.metrics.path_spectrum import end_to_end_spectrum
from topograph.metrics.paths import log10_path_count, longest_path, path_count, shortest_path
from topograph.metrics.registry import METRICS, Metric, find_metric, find_metrics, metric
from topograph.metrics.relabellings import log10_permutation_symmetry
from topograph.metrics.small_world import characteristic_path_length, small_world_coefficient
from topograph.metrics.spectra import (
    is_ramanujan,
    ramanujan_gap,
    sigma_1,
    sigma_2,
    spectral_gap,
)
from topograph.metrics.through import (
    log10_paths_through_edges,
    log10_paths_through_units,
    paths_through_edges,
    paths_through_units,
)
from topograph.metrics.units import dead_hidden, dead_inputs, dead_outputs, live_units

# The order in which reports and tables show the metrics.
_ORDER = (
    edge_count,
    parameter_count,
    multiply_adds,
    density,
    parameter_density,
    effective_edges,
    effective_density,
    live_units,
    dead_inputs,
    dead_hidden,
    dead_outputs,
    output_fan_in_min,
    path_count,
    log10_path_count,
    paths_per_pair_min,
    paths_per_pair_max,
    path_count_cv,
    connected_pair_fraction,
    is_path_connected,
    is_symmetric,
    end_to_end_gap,
    edge_min_cut,
    vertex_disjoint_paths,
    shortest_path,
    longest_path,
    component_count,
    bridge_count,
    articulation_count,
    mean_core_number,
    sink_units,
    source_units,
    disconnected_units,
    removable_in_edges,
    removable_out_edges,
    mean_one_hop_neighbourhood,
    mean_two_hop_neighbourhood,
    log10_permutation_symmetry,
    characteristic_path_length,
    small_world_coefficient,
    modularity,
    community_count,
    normalized_cut,
    fan_in_min,
    fan_in_mean,
    fan_in_max,
    fan_in_cv,
    fan_out_min,
    fan_out_mean,
    fan_out_max,
    fan_out_cv,
    degree_assortativity,
    nm_max_per_group_4,
    is_2_4,
    share_2_4,
    robins_alexander_clustering,
    motif_cycles,
    motif_paths,
    motif_stars,
    sigma_1,
    sigma_2,
    spectral_gap,
    ramanujan_gap,
    is_ramanujan,
    imdb,
    imsg,
)
for _function in _ORDER:
    METRICS[_function.__name__] = METRICS.pop(_function.__name__)

__all__ = [
    "METRICS",
    "Metric",
    "articulation_count",
    "bridge_count",
    "characteristic_path_length",
    "community_count",
    "component_count",
    "connected_pair_fraction",
    "dead_hidden",
    "dead_inputs",
    "dead_outputs",
    "degree_assortativity",
    "density",
    "disconnected_units",
    "edge_count",
    "edge_min_cut",
    "effective_density",
    "effective_edges",
    "end_to_end_gap",
    "end_to_end_spectrum",
    "fan_in_cv",
    "fan_in_max",
    "fan_in_mean",
    "fan_in_min",
    "fan_out_cv",
    "fan_out_max",
    "fan_out_mean",
    "fan_out_min",
    "find_metric",
    "find_metrics",
    "imdb",
    "imsg",
    "is_2_4",
    "is_path_connected",
    "is_ramanujan",
    "is_symmetric",
    "live_units",
    "log10_path_count",
    "log10_paths_through_edges",
    "log10_paths_through_units",
    "log10_permutation_symmetry",
    "longest_path",
    "mean_core_number",
    "mean_one_hop_neighbourhood",
    "mean_two_hop_neighbourhood",
    "metric",
    "modularity",
    "motif_cycles",
    "motif_paths",
    "motif_stars",
    "multiply_adds",
    "nm_max_per_group_4",
    "normalized_cut",
    "output_fan_in_min",
    "parameter_count",
    "parameter_density",
    "path_count",
    "path_count_cv",
    "paths_per_pair_max",
    "paths_per_pair_min",
    "paths_through_edges",
    "paths_through_units",
    "ramanujan_gap",
    "removable_in_edges",
    "removable_out_edges",
    "robins_alexander_clustering",
    "share_2_4",
    "shortest_path",
    "sigma_1",
    "sigma_2",
    "sink_units",
    "small_world_coefficient",
    "source_units",
    "spectral_gap",
    "vertex_disjoint_paths",
]
