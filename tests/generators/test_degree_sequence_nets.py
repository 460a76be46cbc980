"""Nets in which every unit has the degrees given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from tests.strategies import masks
from topograph.errors import ParameterError
from topograph.generators import degree_sequence_net


@given(masks())
def test_every_unit_has_the_degrees_of_a_mask(mask):
    out, into = mask.sum(axis=1).astype(int), mask.sum(axis=0).astype(int)
    net = degree_sequence_net([out.tolist(), into.tolist()], [into.tolist(), out.tolist()], seed=2)
    assert net.widths == (out.size, into.size, out.size)
    for layer, fans in zip(net.layers, ((out, into), (into, out)), strict=True):
        edges = layer.biadjacency.to_csr().toarray()
        assert edges.max(initial=0) <= 1
        assert np.array_equal(edges.sum(axis=1), fans[0])
        assert np.array_equal(edges.sum(axis=0), fans[1])


def test_layers_are_drawn_from_their_number_and_the_seed():
    fans = [[3] * 20] * 2
    one, again, other = (degree_sequence_net(fans, fans, seed) for seed in (0, 0, 1))
    assert one.equals(again)
    assert not one.equals(other)
    first, second = (layer.biadjacency.to_csr() for layer in one.layers)
    assert (first != second).nnz


@pytest.mark.parametrize(
    ("fan_out", "fan_in", "words"),
    [
        ([], [], "a list for each layer, but they have 0 and 0"),
        ([[1]], [[1], [1]], "a list for each layer, but they have 1 and 2"),
        ([[1, 1], [1]], [[1, 1], [1]], "layer 1 and the fan-outs of layer 2 .* 2 and 1"),
        ([[1, 1], [1, 1]], [[1, 1], [3]], "Layer 2: Entry 1 of fan_in must be at most 2"),
    ],
)
def test_degrees_that_no_net_has_are_refused(fan_out, fan_in, words):
    with pytest.raises(ParameterError, match=words):
        degree_sequence_net(fan_out, fan_in)
