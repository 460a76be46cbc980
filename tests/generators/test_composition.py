"""The layers stay, how they are joined does not."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.generators.realisations import chance_of_such_uneven_draws
from tests.strategies import convolutional_nets, layered_graphs
from topograph.biadjacency import (
    Convolution,
    Identity,
    Kronecker,
    KroneckerProduct,
    Sparse,
    Transposed,
)
from topograph.errors import ParameterError
from topograph.generators import layer_preserving_twin, radix_net
from topograph.graph import Layer, LayeredGraph, chain
from topograph.metrics import path_count, path_count_cv, sigma_2, sink_units
from topograph.toy import shortcut

seeds = st.integers(0, 2**40)


def matrix(layer):
    return layer.biadjacency.to_csr().toarray()


def core(layer):
    held = layer.biadjacency
    return held.operator if isinstance(held, Transposed) else held


def rows_in_order(dense):
    return dense[np.lexsort(dense.T)]


@given(layered_graphs(), seeds)
def test_every_layer_is_its_own_with_its_inputs_in_another_order(graph, seed):
    twin = layer_preserving_twin(graph, seed)
    for before, after in zip(graph.layers, twin.layers, strict=True):
        assert (after.name, after.shape) == (before.name, before.shape)
        assert np.array_equal(rows_in_order(matrix(before)), rows_in_order(matrix(after)))
        if before.source == 0 or before.is_structural:
            assert after.biadjacency is before.biadjacency


@given(layered_graphs(), seeds)
def test_layers_that_leave_one_level_take_it_in_the_same_order(graph, seed):
    twin = layer_preserving_twin(graph, seed)
    for level in range(1, graph.n_levels - 1):
        beside = [
            np.hstack(
                [matrix(la) for la in net.layers if la.source == level and not la.is_structural]
            )
            for net in (graph, twin)
            if any(la.source == level and not la.is_structural for la in net.layers)
        ]
        if beside:
            assert np.array_equal(*map(rows_in_order, beside))


@given(convolutional_nets(), seeds, st.data())
def test_a_dense_layer_beside_a_convolution_takes_the_level_in_the_same_order(net, seed, data):
    assume(all(getattr(core(layer), "groups", 1) == 1 for layer in net.layers))
    level = data.draw(st.integers(1, net.n_levels - 3))
    width, end = net.widths[level], net.n_levels - 1
    last = Layer("last", end - 1, end, Sparse.from_matrix(np.ones((net.widths[-2], width))))
    head = Layer("head", level, end, Sparse.from_matrix(np.eye(width)))  # each unit to its own
    graph = LayeredGraph([*net.widths[:-1], width], [*net.layers[:-1], last, head])
    beside = []
    for each in (graph, layer_preserving_twin(graph, seed)):
        leaving = [layer for layer in each.layers if layer.source == level]
        if any(layer.is_structural for layer in leaving):
            leaving = leaving[1:]  # it stays; the head is alone
        beside.append(np.hstack([matrix(layer) for layer in leaving]))
    assert np.array_equal(*map(rows_in_order, beside))


@given(convolutional_nets(), seeds)
def test_convolutions_stay_convolutions_with_their_channels_in_another_order(net, seed):
    assume(all(getattr(core(layer), "groups", 1) == 1 for layer in net.layers))
    twin = layer_preserving_twin(net, seed)
    for before, after in zip(net.layers, twin.layers, strict=True):
        assert type(after.biadjacency) is type(before.biadjacency)
        assert before.n_parameters == after.n_parameters
        assert sorted(before.fan_in()) == sorted(after.fan_in())
        assert sorted(before.fan_out()) == sorted(after.fan_out())


def test_channels_of_a_convolution_and_of_its_transpose_change_places():
    mask = np.array([[1, 0, 0], [1, 1, 0]], dtype=bool)[:, :, None]
    first = Convolution(np.ones((3, 1, 1), dtype=bool), (4,))
    orders = set()
    for seed in range(30):
        twin = layer_preserving_twin(chain([first, Convolution(mask, (4,))]), seed)
        orders.add(twin.layers[1].biadjacency.kernel_mask[:, :, 0].tobytes())
    assert len(orders) == 6
    turned = Transposed(Convolution(mask.transpose(1, 0, 2), (4,)))
    again = layer_preserving_twin(chain([first, turned], names=["1", "2"]), seed).layers[1]
    assert np.array_equal(
        again.biadjacency.operator.kernel_mask[:, :, 0].T,
        twin.layers[1].biadjacency.kernel_mask[:, :, 0],
    )


def test_a_convolution_in_groups_has_no_such_twin():
    mask = np.ones((4, 1, 1), dtype=bool)
    net = chain([Convolution(mask, (3,)), Convolution(mask, (3,), groups=4)])
    with pytest.raises(ParameterError, match=r"layer2.*4 groups"):
        layer_preserving_twin(net)


def test_every_matching_of_a_level_is_equally_likely():
    paths = chain([Sparse.from_matrix(np.eye(3))] * 2, names=["a", "b"])
    every = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]

    def draw(seed):
        return tuple(matrix(layer_preserving_twin(paths, seed).layers[1]).argmax(axis=1).tolist())

    assert chance_of_such_uneven_draws(every, draw, 600) > 1e-3


def test_radix_layers_need_no_indices_and_their_paths_are_no_longer_even():
    net = radix_net([[10, 10]])
    twins = [layer_preserving_twin(net, seed) for seed in range(60)]
    assert all(isinstance(layer.biadjacency, Kronecker) for layer in twins[0].layers)
    assert path_count_cv(net) == 0
    assert np.mean([path_count_cv(twin) for twin in twins]) == pytest.approx(0.90, abs=0.02)
    assert {path_count(twin) for twin in twins} == {10_000}
    assert sigma_2(twins[0].layers[1]) == pytest.approx(sigma_2(net.layers[1]))
    again = layer_preserving_twin(twins[0], 5)  # an order upon an order
    assert isinstance(again.layers[1].biadjacency, Kronecker)
    assert np.array_equal(
        rows_in_order(matrix(again.layers[1])), rows_in_order(matrix(net.layers[1]))
    )


def test_provenance_says_how_and_of_what():
    twin = layer_preserving_twin(shortcut(), seed=7)
    assert twin.provenance["operation"] == "layer_preserving_twin"
    assert twin.provenance["parameters"] == {"seed": 7}
    assert twin.provenance["of"] == {"toy": "shortcut"}


def test_levels_are_reordered_whatever_the_others_are():
    rng = np.random.default_rng(0)
    layers = [Sparse.from_matrix(rng.random((9, 9)) < 0.3) for _ in range(3)]
    whole = layer_preserving_twin(chain(layers), 3)
    parts = [Layer(la.name, la.source, la.target, la.biadjacency) for la in chain(layers).layers]
    alone = layer_preserving_twin(LayeredGraph((9, 9, 9), parts[:2]), 3)
    assert np.array_equal(matrix(alone.layers[1]), matrix(whole.layers[1]))


def test_a_dense_layer_takes_the_channels_in_the_order_of_the_convolution_beside_it():
    """Of three channels at four places one feeds nothing: neither the convolution nor the head."""
    lives = np.array([1, 0, 1])
    first = Convolution(np.ones((3, 1, 1), dtype=bool), (4,))
    second = Convolution(np.tile(lives.astype(bool)[None, :, None], (2, 1, 1)), (4,))
    head = Sparse.from_matrix(np.repeat(lives, 4)[:, None] * np.ones((1, 5), dtype=int))
    last = Sparse.from_matrix(np.ones((8, 5), dtype=int))
    graph = LayeredGraph(
        [4, 12, 8, 5],
        [Layer("first", 0, 1, first), Layer("second", 1, 2, second), Layer("last", 2, 3, last),
         Layer("head", 1, 3, head)],
    )  # fmt: skip
    seen = set()
    for seed in range(12):
        twin = layer_preserving_twin(graph, seed)
        silent = {
            tuple(np.flatnonzero(twin.layer(name).biadjacency.to_csr().sum(axis=1) == 0))
            for name in ("second", "head")
        }
        assert len(silent) == 1
        seen |= silent
        assert sink_units(twin) == sink_units(graph) == 4
    assert len(seen) == 3


def test_layers_that_take_a_level_by_unlike_parts_are_refused():
    first = Sparse.from_matrix(np.ones((2, 6), dtype=int))
    by_two = KroneckerProduct(Identity(3, 3), Sparse.from_matrix([[1], [1]]))
    last = Sparse.from_matrix(np.ones((3, 2), dtype=int))
    by_three = KroneckerProduct(Identity(2, 2), Sparse.from_matrix([[1], [1], [0]]))
    graph = LayeredGraph(
        [2, 6, 3, 2],
        [Layer("first", 0, 1, first), Layer("by two", 1, 2, by_two),
         Layer("by three", 1, 3, by_three), Layer("last", 2, 3, last)],
    )  # fmt: skip
    with pytest.raises(ParameterError, match="same parts"):
        layer_preserving_twin(graph, 1)
