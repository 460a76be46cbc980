"""SynFlow, path norms and the path kernel against enumerated paths, numpy and torch's autograd."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import naive_weighted as naive
from tests.strategies import convolutional_nets, layered_graphs
from topograph import from_layers
from topograph.biadjacency import Convolution, Identity, Sparse, Transposed
from topograph.biadjacency.kronecker_product import KroneckerProduct
from topograph.biadjacency.placed import Placed
from topograph.errors import GraphError, ParameterError, Undefined
from topograph.graph import Layer, LayeredGraph, chain
from topograph.metrics import path_count
from topograph.weighted import (
    WeightedGraph,
    log10_path_kernel_trace,
    log10_path_norm,
    log10_synflow_score,
    log10_synflow_scores,
    path_kernel_trace,
    path_norm,
    synflow_score,
)
from topograph.weighted.operators import paired, weights_listed, with_weights
from topograph.weighted.weighted_graph import weight_holder


@st.composite
def weighted_graphs(draw, graphs=layered_graphs(max_levels=4, max_width=4)):  # noqa: B008
    return weighed(draw(graphs), draw(st.integers(0, 2**16)))


def weighed(graph, seed=0, scale=1.0):
    """Return the graph with normal weights, a few of them 0."""
    rng = np.random.default_rng(seed)
    weights = {}
    for layer in graph.weighted_layers:
        holder = weight_holder(layer.biadjacency)
        mask = holder.kernel_mask if isinstance(holder, Convolution) else np.ones(holder.n_edges)
        drawn = rng.normal(size=mask.shape) * (rng.random(mask.shape) > 0.1)
        weights[layer.name] = scale * drawn * mask
    return WeightedGraph(graph, weights)


def check_sums(weighted):
    scores = naive.synflow_scores(weighted)
    total = sum(abs(value) for _, value in naive.path_values(weighted))
    assert synflow_score(weighted) == pytest.approx(total, rel=1e-12, abs=1e-300)
    assert path_norm(weighted, 1) == pytest.approx(total, rel=1e-12, abs=1e-300)
    assert path_norm(weighted) == pytest.approx(naive.path_norm(weighted, 2), rel=1e-12)
    assert path_kernel_trace(weighted) == pytest.approx(naive.path_kernel_trace(weighted))
    found = log10_synflow_scores(weighted)
    for layer in weighted.graph.weighted_layers:
        wanted = scores[layer.name]
        assert synflow_score(weighted, layer) == pytest.approx(wanted.sum())
        trace = naive.path_kernel_trace(weighted, layer.name)
        assert path_kernel_trace(weighted, layer) == pytest.approx(trace)
        own = 10.0 ** found[layer.name]
        assert own.sum() == pytest.approx(wanted.sum())
        if isinstance(layer.biadjacency, Sparse):
            edges = layer.biadjacency.to_csr().tocoo()
            assert own == pytest.approx(wanted[edges.row, edges.col])


@given(weighted_graphs())
def test_sums_over_paths_are_those_of_enumerated_paths(weighted):
    check_sums(weighted)


@given(weighted_graphs(convolutional_nets().filter(lambda net: path_count(net) < 3000)))
def test_so_they_are_in_nets_with_convolutions_and_poolings(weighted):
    check_sums(weighted)


@given(layered_graphs(max_levels=4, max_width=4))
def test_with_weights_of_one_they_count_paths(graph):
    ones = WeightedGraph.of_mask(graph)
    assert ones.is_only_mask
    assert synflow_score(ones) == path_count(graph)
    assert path_norm(ones) == pytest.approx(math.sqrt(path_count(graph)))
    if graph.is_chain and len(graph.weighted_layers) == len(graph.layers):
        assert path_kernel_trace(ones) == pytest.approx(len(graph.layers) * path_count(graph))


CHAINS = layered_graphs(max_levels=4, max_width=4).filter(lambda graph: graph.is_chain)


@given(weighted_graphs(CHAINS), st.floats(0.01, 100), st.data())
def test_scaling_a_layer_of_a_chain_scales_the_sums(weighted, factor, data):
    if not weighted.weights:
        return
    name = data.draw(st.sampled_from(sorted(weighted.weights)))
    scaled = dict(weighted.weights) | {name: weighted.weights[name] * factor}
    net = WeightedGraph(weighted.graph, scaled)
    assert synflow_score(net) == pytest.approx(factor * synflow_score(weighted))
    assert path_norm(net) == pytest.approx(factor * path_norm(weighted))


def test_a_hand_sized_example():
    """Two paths, 2 * 3 and 4 * 5, and a weight of 0 that is kept."""
    graph = chain([Sparse.from_matrix([[1, 1]]), Sparse.from_matrix([[1, 1], [1, 0]])])
    net = WeightedGraph(graph, {"layer1": [2.0, -4.0], "layer2": [3.0, 0.0, 5.0]})
    assert synflow_score(net) == 26
    assert path_norm(net) == pytest.approx(math.sqrt(36 + 400))
    # by layer1: 3^2 + 0^2 + 5^2, by layer2: 2^2 + 2^2 + 4^2
    assert path_kernel_trace(net, graph.layers[0]) == pytest.approx(34)
    assert path_kernel_trace(net, graph.layers[1]) == pytest.approx(24)
    assert path_kernel_trace(net) == pytest.approx(58)
    with np.errstate(divide="ignore"):
        scores = 10 ** log10_synflow_scores(net)["layer2"]
    assert scores == pytest.approx([6, 0, 20])


@pytest.mark.parametrize("scale", [1e-30, 1e-3, 1e3, 1e30])
def test_no_depth_over_or_underflows(scale):
    """300 layers of one unit: the only path has the product of all weights."""
    graph = chain([Sparse.from_matrix([[1]])] * 300)
    net = WeightedGraph(graph, {layer.name: [-scale] for layer in graph.layers})
    wanted = 300 * math.log10(scale)
    assert log10_synflow_score(net) == pytest.approx(wanted)
    assert log10_path_norm(net) == pytest.approx(wanted)
    assert log10_path_norm(net, 1) == pytest.approx(wanted)
    assert log10_synflow_score(net, graph.layers[7]) == pytest.approx(wanted)
    assert log10_synflow_scores(net)["layer9"] == pytest.approx([wanted])
    trace = math.log10(300) + 2 * 299 * math.log10(scale)
    assert log10_path_kernel_trace(net) == pytest.approx(trace)
    for function in (synflow_score, path_norm, path_kernel_trace):
        with pytest.raises(Undefined, match="beyond the range of floats"):
            function(net)


def test_what_floats_cannot_hold_beside_each_other_is_undefined():
    wide = chain([Sparse.from_matrix([[1, 1]]), Sparse.from_matrix([[1], [1]])])
    with pytest.raises(Undefined, match="differ by more"):
        synflow_score(WeightedGraph(wide, {"layer1": [1e150, 1e-150], "layer2": [1, 1]}))


def test_no_path_is_a_sum_of_0():
    graph = chain([Sparse.from_matrix([[1, 0]]), Sparse.from_matrix([[0], [1]])])
    net = WeightedGraph(graph, {"layer1": [2.0], "layer2": [2.0]})
    assert synflow_score(net) == path_norm(net) == path_kernel_trace(net) == 0
    with pytest.raises(Undefined, match="no path"):
        log10_synflow_score(net)


def test_a_skip_of_a_very_deep_net_keeps_its_part():
    """The skip is 1e-3000 beside a product of 1e+3000; both are known as logarithms."""
    layers = [Layer(f"l{i}", i, i + 1, Sparse.from_matrix([[1]])) for i in range(100)]
    graph = LayeredGraph([1] * 101, [*layers, Layer("skip", 0, 100, Identity(1, 1))])
    net = WeightedGraph(graph, {layer.name: [1e30] for layer in layers})
    assert log10_synflow_score(net) == pytest.approx(3000)
    small = WeightedGraph(graph, {layer.name: [1e-30] for layer in layers})
    assert synflow_score(small) == 1
    assert log10_synflow_score(small, layers[3]) == pytest.approx(-3000)


def moved_operators():
    """Layers whose weights lie in an operator inside."""
    rng = np.random.default_rng(3)
    matrix = Sparse.from_matrix(rng.random((3, 4)) < 0.7)
    kernel = rng.random((4, 1, 2, 2)) < 0.8
    return {
        "placed": Placed(matrix, np.array([4, 0, 2]), np.array([1, 3, 0, 5]), 5, 6),
        "turned": Transposed(Convolution(kernel, (3, 3), groups=2, padding=1)),
        "placed convolution": Placed(
            Convolution(kernel, (2, 3), stride=2, padding=((1, 0), (1, 1)), groups=2),
            np.arange(12)[::-1].copy(),
        ),
        "repeated": KroneckerProduct(Identity(3, 3), matrix),
        "along tokens": KroneckerProduct(matrix, Identity(2, 2)),
        "at other tokens": KroneckerProduct(Identity(2, 3, 1), matrix),
    }


@pytest.mark.parametrize("name", moved_operators())
def test_weights_are_where_the_operator_puts_them(name):
    operator = moved_operators()[name]
    net = weighed(chain([operator]), seed=1)
    weights = net.weights["layer1"]
    made = with_weights(operator, weights)
    matrix = weights_listed(made).toarray()
    assert ((matrix != 0) <= (operator.to_csr().toarray() != 0)).all()
    rng = np.random.default_rng(0)
    sent, received = (rng.normal(size=(width, 2)) for width in operator.shape)
    assert made.forward(sent) == pytest.approx(matrix.T @ sent)
    assert made.backward(received) == pytest.approx(matrix @ received)
    # the derivative of r^T W^T s by each weight
    tails, heads = sent[:, 0], received[:, 0]
    moved = np.zeros(weights.shape)
    kept = weight_holder(operator)
    mask = kept.kernel_mask if isinstance(kept, Convolution) else np.ones(weights.shape, bool)
    for place in zip(*np.nonzero(mask), strict=True):
        one = np.zeros(weights.shape)
        one[place] = 1
        moved[place] = tails @ weights_listed(with_weights(operator, one)).toarray() @ heads
    assert paired(made, tails, heads) == pytest.approx(moved)


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"layer1": [1.0]}, "one number an edge"),
        ({"layer1": [1.0, np.nan]}, "finite"),
        ({}, "must have weights"),
        ({"layer1": [1.0, 2.0], "layer2": [1.0]}, "'layer2' is none"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights, said):
    with pytest.raises(GraphError, match=said):
        WeightedGraph(chain([Sparse.from_matrix([[1, 1]])]), weights)


def test_weights_outside_the_mask_of_a_kernel_are_refused():
    layer = Convolution(np.array([[[True, False]]]), (3,))
    with pytest.raises(GraphError, match="0 outside the mask"):
        WeightedGraph(chain([layer]), {"layer1": np.ones((1, 1, 2))})


def test_other_arguments_are_refused():
    net = WeightedGraph.of_mask(chain([Sparse.from_matrix([[1]]), Identity(1, 1)]))
    with pytest.raises(ParameterError, match="order must be 1 or 2"):
        path_norm(net, 3)
    with pytest.raises(Undefined, match="no parameters"):
        synflow_score(net, net.graph.layers[1])
    with pytest.raises(Undefined, match="no parameters"):
        path_kernel_trace(net, net.graph.layers[1])


def with_smallest(*exponents):
    """A chain of two paths side by side, with weights 1 on one and 10^-d on the other."""
    graph = from_layers([np.eye(2)] * len(exponents))
    weights = {
        layer.name: np.array([1.0, 10.0**-exponent])
        for layer, exponent in zip(graph.layers, exponents, strict=True)
    }
    return WeightedGraph(graph, weights)


@pytest.mark.parametrize(
    ("function", "most"),
    [
        (log10_synflow_score, 180),
        (log10_path_norm, 90),
        (log10_path_kernel_trace, 90),
    ],
)
def test_weights_of_a_layer_may_differ_by_so_many_orders(function, most):
    assert function(with_smallest(most - 1)) == pytest.approx(0.0, abs=0.31)
    with pytest.raises(Undefined, match="differ by more"):
        function(with_smallest(most + 1))


def test_sums_at_a_level_may_differ_by_240_orders():
    assert log10_synflow_score(with_smallest(119, 119)) == pytest.approx(0.0)
    with pytest.raises(Undefined, match="differ by more"):
        log10_synflow_score(with_smallest(121, 121))
