"""Laws that hold whatever the graph."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import layered_graphs, radix_nets
from topograph import metrics
from topograph.analysis import analyze
from topograph.biadjacency import Selection, Sparse
from topograph.errors import Undefined
from topograph.graph import Layer, LayeredGraph
from topograph.metrics import METRICS

ENDS = (
    ("dead_inputs", "dead_outputs"),
    ("sink_units", "source_units"),
    ("removable_in_edges", "removable_out_edges"),
)


def listed(layer, matrix):
    """Hold changed edges as indices; a skip connection stays a layer without parameters."""
    if not layer.is_structural:
        return Sparse.from_matrix(matrix)
    return Selection(np.where(matrix.any(axis=0), matrix.argmax(axis=0), -1), matrix.shape[0])


def unrolled(graph, transform=lambda matrix, source, target: matrix):  # noqa: ARG005
    layers = []
    for layer in graph.layers:
        dense = layer.biadjacency.to_csr().toarray()
        changed = transform(dense, layer.source, layer.target)
        layers.append(Layer(layer.name, layer.source, layer.target, listed(layer, changed)))
    return LayeredGraph(graph.widths, layers)


def reverse(graph):
    last = graph.n_levels - 1
    layers = [
        Layer(
            layer.name,
            last - layer.target,
            last - layer.source,
            listed(layer, layer.biadjacency.to_csr().toarray().T),
        )
        for layer in graph.layers
    ]
    return LayeredGraph(graph.widths[::-1], layers)


def network_values(graph):
    values = {}
    for name, entry in METRICS.items():
        if entry.scope != "layer" and entry.is_invariant:
            try:
                values[name] = entry.function(graph)
            except Undefined:
                values[name] = None
    return values


def layer_values(layer):
    values = {}
    for name, entry in METRICS.items():
        if entry.scope == "layer" and entry.is_invariant:
            try:
                values[name] = entry.function(layer)
            except Undefined:
                values[name] = None
    return values


@given(layered_graphs(), st.data())
def test_relabelling_units_changes_nothing(graph, data):
    orders = [np.array(data.draw(st.permutations(range(width)))) for width in graph.widths]
    moved = unrolled(graph, lambda dense, s, t: dense[orders[s]][:, orders[t]])
    before, after = network_values(graph), network_values(moved)
    assert before == pytest.approx(after, nan_ok=True)
    for one, other in zip(graph.layers, moved.layers, strict=True):
        assert layer_values(one) == pytest.approx(layer_values(other), abs=1e-9, nan_ok=True)


@given(layered_graphs())
def test_the_operator_changes_nothing(graph):
    assert network_values(graph) == pytest.approx(network_values(unrolled(graph)), nan_ok=True)


@given(layered_graphs())
def test_reversing_a_net_exchanges_its_ends(graph):
    there, back = network_values(graph), network_values(reverse(graph))
    for one, other in ENDS:
        there[one], there[other] = there[other], there[one]
    for name in ("output_fan_in_min", "mean_two_hop_neighbourhood", "small_world_coefficient"):
        del there[name], back[name]
    assert there == pytest.approx(back, nan_ok=True)
    for one in graph.layers:
        other = reverse(graph).layer(one.name)
        assert metrics.fan_in_max(one) == metrics.fan_out_max(other)
        assert metrics.sigma_1(one) == pytest.approx(metrics.sigma_1(other), abs=1e-9)


@given(layered_graphs(), layered_graphs())
def test_joining_by_a_dense_layer_multiplies_path_counts(first, second):
    offset = first.n_levels
    bridge = Sparse.from_matrix(np.ones((first.n_outputs, second.n_inputs)))
    layers = [
        *first.layers,
        Layer("bridge", offset - 1, offset, bridge),
        *(
            Layer(f"{la.name}'", la.source + offset, la.target + offset, la.biadjacency)
            for la in second.layers
        ),
    ]
    joined = LayeredGraph(first.widths + second.widths, layers)
    product = metrics.path_count(first) * metrics.path_count(second)
    assert metrics.path_count(joined) == product


@given(layered_graphs())
def test_inequalities(graph):
    if graph.weighted_layers:
        assert 0 <= metrics.effective_density(graph) <= metrics.density(graph) <= 1
    assert metrics.paths_per_pair_min(graph) <= metrics.paths_per_pair_max(graph)
    pairs = graph.n_inputs * graph.n_outputs
    assert metrics.paths_per_pair_min(graph) * pairs <= metrics.path_count(graph)
    assert metrics.paths_per_pair_max(graph) * pairs >= metrics.path_count(graph)
    if metrics.is_symmetric(graph):
        assert metrics.is_path_connected(graph)
        assert metrics.path_count_cv(graph) == 0.0
    if metrics.is_path_connected(graph):
        assert metrics.connected_pair_fraction(graph) == 1.0
        assert metrics.dead_inputs(graph) == metrics.dead_outputs(graph) == 0
    for layer in graph.layers:
        assert 0 <= metrics.sigma_2(layer) <= metrics.sigma_1(layer)
        assert metrics.sigma_1(layer) ** 2 <= layer.n_edges + 1e-9
        most = metrics.fan_in_max(layer) * metrics.fan_out_max(layer)
        assert metrics.sigma_1(layer) <= most**0.5 + 1e-9


@given(layered_graphs())
def test_pruning_dead_edges_keeps_every_path(graph):
    from topograph.counting import liveness

    found = liveness(graph)
    pruned = unrolled(
        graph, lambda dense, s, t: dense * found.reached[s][:, None] * found.reaching[t][None, :]
    )
    assert pruned.n_edges == metrics.effective_edges(graph) == metrics.effective_edges(pruned)
    assert metrics.path_count(pruned) == metrics.path_count(graph)


@given(radix_nets())
def test_radix_nets_have_one_gap_a_system_and_are_uniform_end_to_end(graph):
    report = analyze(graph)
    assert report.measurement("path_count_cv").value == 0.0
    assert report.measurement("connected_pair_fraction").value == 1.0
    for layer in graph.layers:
        operator = layer.biadjacency
        if operator.place_value > 1 and operator.radix > 1:
            assert metrics.spectral_gap(layer) == 0.0
        assert metrics.component_count(graph, layer) == operator.place_value


@given(radix_nets())
def test_the_total_of_an_out_regular_net_is_the_product_of_its_fan_outs(graph):
    product = graph.n_inputs
    for layer in graph.layers:
        product *= metrics.fan_out_min(layer)
    assert metrics.path_count(graph) == product
