"""Metrics: plain functions on graphs and layers, and the registry that lists them."""

from topograph.metrics.components import component_count
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
from topograph.metrics.pairs import (
    connected_pair_fraction,
    is_path_connected,
    is_symmetric,
    path_count_cv,
    paths_per_pair_max,
    paths_per_pair_min,
)
from topograph.metrics.paths import log10_path_count, longest_path, path_count, shortest_path
from topograph.metrics.registry import METRICS, Metric, find_metric, metric
from topograph.metrics.spectra import (
    is_ramanujan,
    ramanujan_gap,
    sigma_1,
    sigma_2,
    spectral_gap,
)
from topograph.metrics.units import dead_hidden, dead_inputs, dead_outputs, live_units

# The order in which reports and tables show the metrics.
_ORDER = (
    edge_count,
    density,
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
    shortest_path,
    longest_path,
    component_count,
    fan_in_min,
    fan_in_mean,
    fan_in_max,
    fan_in_cv,
    fan_out_min,
    fan_out_mean,
    fan_out_max,
    fan_out_cv,
    sigma_1,
    sigma_2,
    spectral_gap,
    ramanujan_gap,
    is_ramanujan,
)
for _function in _ORDER:
    METRICS[_function.__name__] = METRICS.pop(_function.__name__)

__all__ = [
    "METRICS",
    "Metric",
    "component_count",
    "connected_pair_fraction",
    "dead_hidden",
    "dead_inputs",
    "dead_outputs",
    "density",
    "edge_count",
    "effective_density",
    "effective_edges",
    "end_to_end_gap",
    "fan_in_cv",
    "fan_in_max",
    "fan_in_mean",
    "fan_in_min",
    "fan_out_cv",
    "fan_out_max",
    "fan_out_mean",
    "fan_out_min",
    "find_metric",
    "is_path_connected",
    "is_ramanujan",
    "is_symmetric",
    "live_units",
    "log10_path_count",
    "longest_path",
    "metric",
    "output_fan_in_min",
    "path_count",
    "path_count_cv",
    "paths_per_pair_max",
    "paths_per_pair_min",
    "ramanujan_gap",
    "shortest_path",
    "sigma_1",
    "sigma_2",
    "spectral_gap",
]
