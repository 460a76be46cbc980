"""Sums over convolutions and regular layers are exact, or refused."""

from __future__ import annotations

import numpy as np
import pytest

from topograph.biadjacency import Convolution, Kronecker, Pooling


def test_negative_sums_beyond_the_whole_floats_are_exact():
    mask = np.random.default_rng(1).random((16, 16, 3)) < 0.7
    operator = Convolution(mask, (6,), padding=1)
    values = -np.random.default_rng(2).integers(0, 2**56, operator.shape[0])
    values[0] = 1
    assert np.array_equal(operator.forward(values), operator.to_csr().T @ values)


def test_sums_back_from_many_channels_are_exact():
    mask = np.ones((64, 2, 1), dtype=bool)
    mask[0, 1] = False
    operator = Convolution(mask, (3,))
    values = np.full(operator.shape[1], 2**51 + 1)
    assert np.array_equal(operator.backward(values), operator.to_csr() @ values)


@pytest.mark.parametrize(
    "layer",
    [
        Convolution(np.ones((2, 3, 2), dtype=bool), (5,)),
        Kronecker(4, 2, 1),
        Pooling.windows(2, (4,), kernel=2),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_narrow_sums_are_refused(layer):
    for sweep, size in zip((layer.forward, layer.backward), layer.shape, strict=True):
        with pytest.raises((TypeError, ValueError)):
            sweep(np.ones(size, dtype=np.int8))
