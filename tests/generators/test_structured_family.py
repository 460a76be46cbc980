"""Bands and combs against the loops of their formulas."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.biadjacency import Kronecker
from topograph.generators.structured_family import banded_layer, strided_layer

RNG = np.random.default_rng(0)
shapes = st.tuples(st.integers(1, 14), st.integers(1, 14))


def mask(layer):
    return layer.to_csr().toarray()


def looped(n_in, n_out, n_edges, step):
    expected = np.zeros((n_in, n_out), dtype=int)
    for j in range(n_out):
        fan = (j + 1) * n_edges // n_out - j * n_edges // n_out
        for k in range(fan):
            expected[(math.floor(j * n_in / n_out) + step(k, fan)) % n_in, j] = 1
    return expected


@given(st.data(), shapes)
def test_bands_against_a_loop(data, shape):
    n_edges = data.draw(st.integers(0, math.prod(shape)))
    expected = looped(*shape, n_edges, lambda k, _: k)
    assert expected.sum() == n_edges
    assert np.array_equal(mask(banded_layer(*shape, n_edges, RNG)), expected)


@given(st.data(), shapes)
def test_strided_layers_against_a_loop(data, shape):
    n_edges = data.draw(st.integers(0, math.prod(shape)))
    expected = looped(*shape, n_edges, lambda k, fan: k * shape[0] // fan)
    assert expected.sum() == n_edges
    assert np.array_equal(mask(strided_layer(*shape, n_edges, RNG)), expected)


@pytest.mark.parametrize("draw", [banded_layer, strided_layer])
@given(st.data(), shapes)
def test_fan_ins_differ_by_one_at_most(draw, data, shape):
    n_edges = data.draw(st.integers(0, math.prod(shape)))
    fans = mask(draw(*shape, n_edges, RNG)).sum(axis=0)
    assert fans.max() - fans.min() <= 1


@given(st.data(), shapes)
def test_fan_outs_of_a_band_of_equal_fan_ins_differ_by_one_at_most(data, shape):
    fan_in = data.draw(st.integers(0, shape[0]))
    fans = mask(banded_layer(*shape, fan_in * shape[1], RNG)).sum(axis=1)
    assert fans.max() - fans.min() <= 1


@given(st.integers(1, 6), st.integers(1, 6))
def test_a_square_strided_layer_is_that_of_a_radix_net(radix, place_value):
    base = radix * place_value
    layer = strided_layer(base, base, radix * base, RNG)
    radix_layer = Kronecker(base, radix, place_value, direction=-1)
    assert np.array_equal(mask(layer), mask(radix_layer))


@given(st.integers(1, 8), st.integers(1, 8))
def test_a_square_band_is_the_first_layer_of_a_radix_net(radix, blocks):
    base = radix * blocks
    layer = banded_layer(base, base, radix * base, RNG)
    assert np.array_equal(mask(layer), mask(Kronecker(base, radix, 1, direction=-1)))


@pytest.mark.parametrize("draw", [banded_layer, strided_layer])
def test_permuted_layers_are_the_same_up_to_the_order_of_units(draw):
    plain = mask(draw(40, 25, 130, RNG))
    rng = np.random.default_rng(7)
    permuted = mask(draw(40, 25, 130, rng, permuted=True))
    rng = np.random.default_rng(7)
    rows, columns = rng.permutation(40), rng.permutation(25)
    assert not np.array_equal(permuted, plain)
    assert np.array_equal(permuted[rows][:, columns], plain)
