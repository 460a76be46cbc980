from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from tests.training.proxies.naive_net import Naive
from tests.training.proxies.nets import images_for, net, with_biases
from topograph.errors import Undefined
from topograph.training import MODERN
from topograph.training.engines.dense import DenseEngine
from topograph.training.proxies import (
    ChainProbe,
    gradient_balance,
    gradient_flow,
    gradient_norm,
    input_output_jacobians,
    jacobian_condition_number,
    jacobian_rank,
    jacobian_singular_value_mean,
    layer_gradient_norms,
    neural_tangent_kernel,
    ntk_condition_number,
    ntk_effective_rank,
    ntk_trace,
)

RELU_LOGITS = dataclasses.replace(MODERN, name="relu", relu_logits=True, label_smoothing=0.1)


@pytest.fixture(params=[MODERN, RELU_LOGITS], ids=["linear logits", "rectified logits"])
def pair(request, rng):
    """A probe, and the same net done naively."""
    member = net(rng)
    data = images_for(member, rng)
    parameters = with_biases(member, rng)
    probe = ChainProbe.of_member(
        member, request.param, data, n_images=4, seed=3, parameters=parameters
    )
    return probe, Naive(member, request.param, data, parameters, 4, seed=3)


def test_outputs_against_autograd(pair):
    probe, naive = pair
    assert np.allclose(probe.logits.T, naive.outputs(naive.images).detach().numpy())


def test_gradients_against_autograd(pair):
    probe, naive = pair
    gradients = naive.gradients()
    norms = [float(gradient.norm()) for gradient in gradients]
    assert min(norms) > 0
    assert layer_gradient_norms(probe) == pytest.approx(norms)
    whole = float(torch.cat(gradients).norm())
    assert gradient_norm(probe) == pytest.approx(whole)
    assert gradient_flow(probe) == pytest.approx(whole**2)
    rms = [float(gradient.square().mean().sqrt()) for gradient in gradients]
    assert gradient_balance(probe) == pytest.approx(math.log10(min(rms) / max(rms)))


def test_gradients_are_those_that_engines_step_along(rng):
    member = net(rng)
    data = images_for(member, rng, count=5)
    engine = DenseEngine([member], data, MODERN, torch.device("cpu"))
    engine.advance(torch.arange(5)[None], [0.1])
    probe = ChainProbe.of_member(member, MODERN, data, n_images=5)
    assert engine.gradient_norms()[0] == pytest.approx(layer_gradient_norms(probe), rel=1e-5)


def test_chunks_of_edges_change_nothing(pair, monkeypatch):
    from topograph.training.proxies import chain_probe

    probe, _ = pair
    whole = layer_gradient_norms(probe)
    monkeypatch.setattr(chain_probe, "_CHUNK", 8)
    again = dataclasses.replace(probe)
    assert layer_gradient_norms(again) == pytest.approx(whole, rel=1e-12)


def test_kernel_against_autograd(pair):
    probe, naive = pair
    matrix = naive.kernel()
    assert np.allclose(neural_tangent_kernel(probe), matrix)
    values = np.linalg.eigvalsh(matrix)
    assert ntk_trace(probe) == pytest.approx(np.trace(matrix))
    shares = values[values > 1e-12 * values[-1]] / values.sum()
    assert ntk_effective_rank(probe) == pytest.approx(math.exp(-(shares * np.log(shares)).sum()))
    rank = np.linalg.matrix_rank(matrix, hermitian=True)
    if rank == len(matrix):
        assert ntk_condition_number(probe) == pytest.approx(math.log10(values[-1] / values[0]))
    else:
        with pytest.raises(Undefined, match=f"rank {rank} of {len(matrix)}"):
            ntk_condition_number(probe)


def test_condition_number_of_a_kernel_of_full_rank(rng):
    member = net(rng, widths=(6, 20, 3), density=1.0)
    probe = ChainProbe.of_member(member, MODERN, images_for(member, rng), n_images=3)
    values = np.linalg.eigvalsh(neural_tangent_kernel(probe))
    assert ntk_condition_number(probe) == pytest.approx(math.log10(values[-1] / values[0]))


def test_jacobians_against_autograd(pair):
    probe, naive = pair
    jacobians = naive.jacobians()
    assert np.allclose(input_output_jacobians(probe), jacobians)
    values = np.linalg.svd(jacobians, compute_uv=False)
    assert jacobian_singular_value_mean(probe) == pytest.approx(values.mean())
    ranks = [np.linalg.matrix_rank(jacobian) for jacobian in jacobians]
    assert jacobian_rank(probe) == pytest.approx(np.mean(ranks))


def test_condition_number_of_jacobians_of_full_rank(rng):
    member = net(rng, widths=(6, 12, 3), density=1.0)
    probe = ChainProbe.of_member(member, MODERN, images_for(member, rng), n_images=5)
    values = np.linalg.svd(input_output_jacobians(probe), compute_uv=False)
    expected = np.mean([math.log10(one[0] / one[2]) for one in values])
    assert jacobian_condition_number(probe) == pytest.approx(expected)
    assert jacobian_rank(probe) == 3
