"""Nets whose proxies can be written down."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

import topograph
from tests.training.proxies.nets import images_for, masked, net, units
from topograph.counting import exact_paths
from topograph.training import MODERN
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.proxies import (
    ChainProbe,
    input_output_jacobians,
    jacobian_condition_number,
    jacobian_rank,
    jacobian_singular_value_mean,
    neural_tangent_kernel,
    synflow_total,
)


def test_kernel_of_one_linear_layer_is_that_of_its_inputs(rng):
    for density in (1.0, 0.5):
        member = net(rng, widths=(6, 3), density=density)
        data = images_for(member, rng, count=4)
        probe = ChainProbe.of_member(member, MODERN, data, n_images=4)
        images, mask = probe.inputs[0].T, masked(member, 0, 1.0)
        found = neural_tangent_kernel(probe).reshape(4, 3, 4, 3)
        expected = np.zeros_like(found)
        for output in range(3):
            expected[:, output, :, output] = (images * mask[:, output]) @ images.T
        assert np.allclose(found, expected)
        if density == 1.0:
            assert np.allclose(found.reshape(12, 12), np.kron(images @ images.T, np.eye(3)))


def test_jacobian_of_a_net_without_rectification_is_the_product_of_its_layers(rng):
    """Weights and inputs are positive: every unit passes on what it gets."""
    member = net(rng)
    parameters = [
        LayerParameters(layer.weights.abs() + 0.1, None)
        for layer in initial_parameters(member, MODERN)
    ]
    data = images_for(member, rng)
    data = dataclasses.replace(data, train_images=data.train_images.abs() + 0.1)
    probe = ChainProbe.of_member(member, MODERN, data, n_images=3, parameters=parameters)
    layers = [masked(member, k, layer.weights.numpy()) for k, layer in enumerate(parameters)]
    product = np.linalg.multi_dot(layers)
    assert np.allclose(input_output_jacobians(probe), product.T)
    assert 10 ** synflow_total(probe) == pytest.approx(product.sum())


def test_an_isometry_has_singular_values_1(rng):
    member = net(rng, widths=(3, 3, 3), density=1.0)
    eye = [LayerParameters(torch.eye(3).flatten(), None)] * 2
    data = images_for(member, rng)
    data = dataclasses.replace(data, train_images=data.train_images.abs() + 1)
    probe = ChainProbe.of_member(member, MODERN, data, n_images=2, parameters=eye)
    assert jacobian_singular_value_mean(probe) == 1
    assert jacobian_condition_number(probe) == 0
    assert jacobian_rank(probe) == 3


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_synaptic_flow_of_unit_weights_counts_paths(rng, sign):
    for _ in range(5):
        member = net(rng, density=0.4)
        probe = ChainProbe.of_member(
            member, MODERN, images_for(member, rng), n_images=1, parameters=units(member, sign)
        )
        assert 10 ** synflow_total(probe) == pytest.approx(exact_paths(member.graph), rel=1e-9)


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_synaptic_flow_neither_overflows_nor_vanishes(rng, size):
    """Of 40 layers the product of weights alone leaves the range of floats."""
    member = net(rng, widths=(3,) * 41, density=1.0)
    data = images_for(member, rng)
    probe = ChainProbe.of_member(member, MODERN, data, n_images=1, parameters=units(member, size))
    expected = 41 * math.log10(3) + 40 * math.log10(np.float32(size))
    assert synflow_total(probe) == pytest.approx(expected, rel=1e-12)


def test_a_large_flow_that_ends_does_not_drown_a_small_one(rng):
    """The unit with flow 1e300 feeds nothing; 1e-300 goes on."""
    member = Member.of_graph(topograph.from_layers([[[1, 1]], [[1, 0], [0, 1]], [[0], [1]]]))
    weights = ([1e300, 1e-300], [1e300, 1e-300], [1.0])
    given = [LayerParameters(torch.tensor(w, dtype=torch.float64), None) for w in weights]
    data = images_for(member, rng)
    probe = ChainProbe.of_member(member, MODERN, data, n_images=1, parameters=given)
    assert synflow_total(probe) == pytest.approx(-600)
