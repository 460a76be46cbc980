"""Families of topologies, twins of a net, and what brings a generated net to size."""

from topograph.generators.allocation import allocate_edges
from topograph.generators.butterfly_family import butterfly_net
from topograph.generators.composition import layer_preserving_twin
from topograph.generators.continuous_family import sample_continuous
from topograph.generators.degree_family import degree_layer
from topograph.generators.degree_sequence_nets import degree_sequence_net
from topograph.generators.dosing import Dose, dose_series
from topograph.generators.graphchallenge import graphchallenge_layer, graphchallenge_net
from topograph.generators.isomorphism import (
    inverse_orders,
    isomorphic_twin,
    random_orders,
    relabelled,
)
from topograph.generators.monarch_family import monarch_net
from topograph.generators.radix_family import radix_net, radix_net_from_degrees
from topograph.generators.registry import FAMILIES, Drawn, Family, family, family_net
from topograph.generators.repairing import connect_outputs
from topograph.generators.resizing import append_dense, fit_widths
from topograph.generators.rewiring import degree_preserving_twin, density_preserving_twin

# isort: split
# Importing a file of families registers them, in the order in which they are listed.
from topograph.generators import (
    butterfly_family,  # noqa: F401
    continuous_family,  # noqa: F401
    degree_family,  # noqa: F401
    expander_family,  # noqa: F401
    monarch_family,  # noqa: F401
    network_family,  # noqa: F401
    pattern_family,  # noqa: F401
    random_family,  # noqa: F401
    structured_family,  # noqa: F401
)

__all__ = [
    "FAMILIES",
    "Dose",
    "Drawn",
    "Family",
    "allocate_edges",
    "append_dense",
    "butterfly_net",
    "connect_outputs",
    "degree_layer",
    "degree_preserving_twin",
    "degree_sequence_net",
    "density_preserving_twin",
    "dose_series",
    "family",
    "family_net",
    "fit_widths",
    "graphchallenge_layer",
    "graphchallenge_net",
    "inverse_orders",
    "isomorphic_twin",
    "layer_preserving_twin",
    "monarch_net",
    "radix_net",
    "radix_net_from_degrees",
    "random_orders",
    "relabelled",
    "sample_continuous",
]
