"""Twins of convolutional nets are convolutional nets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import convolutional_nets, convolutions
from topograph.biadjacency import (
    Convolution,
    Identity,
    KroneckerProduct,
    Placed,
    Sparse,
    Transposed,
)
from topograph.generators import (
    degree_preserving_twin,
    density_preserving_twin,
    layer_preserving_twin,
)
from topograph.graph import chain

seeds = st.integers(0, 2**40)


def geometry(held):
    shape = held.kernel_mask.shape
    return shape, held.input_size, held.stride, held.padding, held.dilation, held.groups


@given(convolutions(), seeds)
def test_degree_twins_of_convolutions_keep_the_degrees_of_every_unit(convolution, seed):
    net = chain([convolution])
    twin = degree_preserving_twin(net, seed)
    held = twin.layers[0].biadjacency
    assert geometry(held) == geometry(convolution)
    assert np.array_equal(net.layers[0].fan_in(), twin.layers[0].fan_in())
    assert np.array_equal(net.layers[0].fan_out(), twin.layers[0].fan_out())


@given(convolutions(), seeds)
def test_density_twins_of_convolutions_keep_the_number_of_parameters(convolution, seed):
    held = density_preserving_twin(chain([convolution]), seed).layers[0].biadjacency
    assert geometry(held) == geometry(convolution)
    assert held.n_parameters == convolution.n_parameters


@given(convolutional_nets(), seeds)
def test_what_has_no_parameters_stays_and_the_rest_is_held_as_it_was(net, seed):
    for make in (degree_preserving_twin, density_preserving_twin):
        twin = make(net, seed)
        for before, after in zip(net.layers, twin.layers, strict=True):
            assert type(after.biadjacency) is type(before.biadjacency)
            if before.is_structural:
                assert after.biadjacency is before.biadjacency
        assert twin.n_edges == net.n_edges or make is density_preserving_twin


def test_large_kernels_are_mixed():
    mask = np.random.default_rng(0).random((40, 30, 3, 3)) < 0.2
    net = chain([Convolution(mask, (6, 6), padding=1)])
    twin = degree_preserving_twin(net, seed=1)
    kept = (twin.layers[0].biadjacency.kernel_mask & mask).sum() / mask.sum()
    told = twin.provenance["mixing"][0]
    assert told["kept"] == pytest.approx(kept)
    assert kept == pytest.approx(told["expected"], abs=0.03)
    assert 0.1 < kept < 0.4


def test_layers_used_at_every_token_and_parts_of_levels_stay_such():
    matrix = Sparse.from_matrix(np.random.default_rng(1).random((20, 20)) < 0.3)
    tokens = KroneckerProduct(Identity(3, 3), matrix)
    part = Placed(matrix, sources=np.arange(40, 60), n_in=60)
    for operator in (tokens, part):
        net = chain([Identity(60, 60), operator], names=["same", "own"])
        for make in (degree_preserving_twin, density_preserving_twin, layer_preserving_twin):
            layer = make(net, seed=2).layers[1]
            assert type(layer.biadjacency) is type(operator)
            assert layer.n_edges == operator.n_edges
            assert (layer.biadjacency.to_csr() != operator.to_csr()).nnz
        twin = degree_preserving_twin(net, seed=2)
        assert np.array_equal(twin.layers[1].fan_in(), net.layers[1].fan_in())


def test_transposed_convolutions_are_rewired_the_other_way_round():
    mask = np.random.default_rng(2).random((6, 5, 3)) < 0.4
    net = chain([Transposed(Convolution(mask, (8,)))])
    twin = degree_preserving_twin(net, seed=3)
    assert np.array_equal(twin.layers[0].fan_out(), net.layers[0].fan_out())
    assert not twin.equals(net)


@pytest.mark.parametrize("make", [degree_preserving_twin, density_preserving_twin])
def test_layers_of_channels_used_at_every_position_are_rewired(make):
    matrix = Sparse.from_matrix(np.random.default_rng(1).random((20, 20)) < 0.3)
    operator = KroneckerProduct(matrix, Identity(3, 3))
    twin = make(chain([operator]), seed=2).layers[0].biadjacency
    assert isinstance(twin, KroneckerProduct)
    assert (twin.to_csr() != operator.to_csr()).nnz
