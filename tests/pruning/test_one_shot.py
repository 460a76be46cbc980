"""Magnitude, random, SNIP and GraSP: masks from one look at the weights."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call

from tests.pruning.nets import Residual, batch, chain, convolutions
from topograph.errors import ParameterError
from topograph.generators.allocation import allocate_edges
from topograph.pruning import (
    calibration_batch,
    prune_grasp,
    prune_magnitude,
    prune_random,
    prune_snip,
    prune_synflow,
)
from topograph.pruning.grasp import grasp_scores
from topograph.pruning.snip import snip_scores
from topograph.training import build_model, prunable_parameters

SPARSITIES = (0.0, 0.5, 0.75, 0.9, 0.95, 0.99)


def prune_by(method, module, n_inputs, n_classes, sparsity, **options):
    images, labels = batch(n_inputs, n_classes)
    if method in (prune_snip, prune_grasp):
        return method(module, images, labels, sparsity, **options)
    if method is prune_synflow:
        return method(module, (n_inputs,), sparsity, rounds=10, **options)
    return method(module, sparsity, **options)


METHODS = (prune_magnitude, prune_random, prune_snip, prune_grasp, prune_synflow)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@pytest.mark.parametrize("sparsity", SPARSITIES)
def test_sparsities_are_exact_and_the_module_is_left_as_it_was(method, sparsity):
    module = chain([20, 30, 12, 5], bias=True)
    before = copy.deepcopy(module.state_dict())
    pruned = prune_by(method, module, 20, 5, sparsity)
    total = 20 * 30 + 30 * 12 + 12 * 5
    if method is prune_magnitude:  # by layer
        for size, kept in zip((600, 360, 60), pruned.kept.values(), strict=True):
            assert kept == size - round(sparsity * size)
    else:
        assert sum(pruned.kept.values()) == total - round(sparsity * total)
    assert pruned.sparsity_reached == pytest.approx(sparsity, abs=1.5 / total)
    assert pruned.sparsity == sparsity
    for name, value in module.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(parameter.grad is None for parameter in module.parameters())


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_the_same_call_gives_the_same_masks(method):
    one, other = (prune_by(method, chain([20, 30, 5]), 20, 5, 0.9) for _ in range(2))
    assert one.method == other.method
    for name, mask in one.masks.items():
        assert torch.equal(mask, other.masks[name])


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
def test_excluded_layers_stay_dense_and_the_rest_is_exact(method):
    pruned = prune_by(method, chain([20, 30, 12, 5]), 20, 5, 0.9, keep_output_dense=True)
    assert bool(pruned.masks["4.weight"].all())
    assert pruned.excluded == ("4.weight",)
    assert pruned.asked["4.weight"] == 0
    assert pruned.kept["0.weight"] + pruned.kept["2.weight"] == 96
    assert pruned.sparsity_reached == pytest.approx(0.9)
    with pytest.raises(ParameterError, match="fc9"):
        prune_by(method, chain([20, 5]), 20, 5, 0.9, exclude=["fc9"])


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.__name__)
@pytest.mark.parametrize("sparsity", [1.0, -0.1, float("nan")])
def test_sparsities_out_of_range_are_refused(method, sparsity):
    with pytest.raises(ParameterError, match="A sparsity"):
        prune_by(method, chain([4, 5]), 4, 5, sparsity)


def test_any_module_can_be_pruned():
    images, labels = batch(5, 4)
    for module in (Residual(), nn.ModuleList([Residual(), nn.Linear(3, 3)])):
        assert prune_magnitude(module, 0.5).sparsity_reached == pytest.approx(0.5, abs=0.05)
    assert prune_snip(Residual(), images, labels, 0.5).method == "snip"
    images = torch.randn(6, 2, 9, 9)
    pruned = prune_snip(convolutions(), images, torch.arange(6) % 3, 0.5)
    assert pruned.masks["0.weight"].shape == (4, 1, 3, 3)


def test_magnitude_by_layer_and_over_all():
    module = chain([2, 2, 1])
    module[0].weight.data.copy_(torch.tensor([[10.0, -20.0], [30.0, -40.0]]))
    module[2].weight.data.copy_(torch.tensor([[0.1, -0.2]]))
    by_layer = prune_magnitude(module, 0.5)
    assert by_layer.masks["0.weight"].tolist() == [[False, False], [True, True]]
    assert by_layer.masks["2.weight"].tolist() == [[False, True]]
    assert by_layer.asked == {"0.weight": 0.5, "2.weight": 0.5}
    assert by_layer.collapsed == ()
    overall = prune_magnitude(module, 0.5, scope="global")
    assert overall.kept == {"0.weight": 3, "2.weight": 0}
    assert overall.asked == {"0.weight": None, "2.weight": None}
    assert overall.collapsed == ("2.weight",)
    with pytest.raises(ParameterError, match="layer or global"):
        prune_magnitude(module, 0.5, scope="unit")


@pytest.mark.parametrize("allocation", ["uniform", "erk"])
def test_random_masks_have_the_counts_of_generated_nets(allocation):
    module = build_model("lenet-300-100", (1, 28, 28))
    pruned = prune_random(module, 0.95, allocation=allocation, seed=3)
    assert tuple(pruned.kept.values()) == allocate_edges([784, 300, 100, 10], 0.05, allocation)
    assert pruned.asked == pytest.approx(pruned.reached)
    other = prune_random(module, 0.95, allocation=allocation, seed=4)
    assert other.kept == pruned.kept
    assert not torch.equal(other.masks["fc1.weight"], pruned.masks["fc1.weight"])


@pytest.mark.parametrize("prune", [prune_snip, prune_grasp])
def test_running_means_are_left_alone(prune):
    module = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3))
    before = copy.deepcopy(module.state_dict())
    prune(module, *batch(4, 3), 0.5)
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_random_masks_are_spread_evenly():
    counts = sum(
        prune_random(nn.Linear(6, 5), 0.5, seed=seed).masks["weight"].int() for seed in range(400)
    )
    assert int(counts.min()) > 150
    assert int(counts.max()) < 250


def test_snip_is_the_slope_of_the_loss_as_a_gate_closes():
    """Central differences of the loss in the gate c of one connection, weights c * w."""
    module = chain([3, 4, 2], double=True, bias=True)
    images, labels = batch(3, 2, dtype=torch.float64)
    weights = prunable_parameters(module)
    scores = snip_scores(module, images, labels, weights)

    def loss(name, row, column, gate):
        gated = copy.deepcopy(module)
        with torch.no_grad():
            gated.get_parameter(name)[row, column] *= gate
            return float(nn.functional.cross_entropy(gated(images), labels))

    step = 1e-5
    for name, score in scores.items():
        for row, column in np.ndindex(*score.shape):
            rise = loss(name, row, column, 1 + step) - loss(name, row, column, 1 - step)
            assert float(score[row, column]) == pytest.approx(abs(rise) / (2 * step), abs=1e-8)


def test_grasp_against_the_explicit_hessian():
    module = chain([3, 3, 2], double=True)
    images, labels = batch(3, 2, dtype=torch.float64)
    weights = prunable_parameters(module)
    names, shapes = list(weights), [weight.shape for weight in weights.values()]

    def loss(flat):
        parts = torch.split(flat, [shape.numel() for shape in shapes])
        values = {
            name: part.view(shape) for name, part, shape in zip(names, parts, shapes, strict=True)
        }
        return nn.functional.cross_entropy(functional_call(module, values, (images,)) / 7, labels)

    flat = torch.cat([weight.detach().flatten() for weight in weights.values()])
    hessian = torch.autograd.functional.hessian(loss, flat)
    (gradient,) = torch.autograd.grad(loss(flat.requires_grad_()), flat)
    expected = -flat.detach() * (hessian @ gradient)
    scores = grasp_scores(module, images, labels, weights, temperature=7)
    got = torch.cat([score.flatten() for score in scores.values()])
    assert torch.allclose(got, expected, rtol=1e-9, atol=1e-15)
    assert float(expected.abs().max()) > 1e-6


def test_grasp_drops_what_raises_the_gradient_flow():
    module = chain([6, 8, 3])
    images, labels = batch(6, 3)
    scores = grasp_scores(module, images, labels, prunable_parameters(module))
    pruned = prune_grasp(module, images, labels, 0.5)
    kept = torch.cat([scores[name][mask] for name, mask in pruned.masks.items()])
    dropped = torch.cat([scores[name][~mask] for name, mask in pruned.masks.items()])
    assert kept.max() <= dropped.min()


def test_grasp_can_lose_a_layer_too():
    module = chain([64, 300, 100, 10])
    images, labels = batch(64, 10, count=100)
    assert prune_grasp(module, images, labels, 1 - 30 / 50200).collapsed


def test_calibration_batches_are_balanced_and_seeded(digits):
    images, labels = calibration_batch(digits, per_class=3, seed=1)
    assert images.shape == (30, 1, 8, 8)
    assert torch.bincount(labels).tolist() == [3] * 10
    assert torch.equal(calibration_batch(digits, 3, 1)[0], images)
    assert not torch.equal(calibration_batch(digits, 3, 2)[0], images)
    _, everything = calibration_batch(digits, per_class=10_000)
    assert len(everything) == len(digits.train_labels)
