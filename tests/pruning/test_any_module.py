"""Pruning of nets that are no plain chains: shared, frozen and unused layers, modes, chance."""

from __future__ import annotations

import copy
import dataclasses
import math

import pytest
import torch
from torch import nn

from tests.pruning.nets import SHORT, Several, chain, made
from topograph.errors import ParameterError
from topograph.pruning import (
    prune_grasp,
    prune_magnitude,
    prune_random,
    prune_snip,
    prune_synflow,
    train_rigl,
)
from topograph.pruning.snip import snip_scores
from topograph.training import (
    build_model,
    evaluate,
    prunable_parameters,
)
from topograph.training.fitting import fit


def everything(module):
    state = {name: value.clone() for name, value in module.state_dict().items()}
    flags = [parameter.requires_grad for parameter in module.parameters()]
    return state, flags, [part.training for part in module.modules()], torch.get_rng_state()


def are_equal(one, other):
    return (
        all(torch.equal(value, other[0][name]) for name, value in one[0].items())
        and one[1:3] == other[1:3]
        and torch.equal(one[3], other[3])
    )


@pytest.mark.parametrize("prune", [prune_snip, prune_grasp])
def test_masks_depend_neither_on_the_mode_nor_on_chance(prune):
    module, data = Several(), made((1, 1, 6))
    images, labels = data.train_images, data.train_labels
    found = []
    for _ in range(2):
        for is_training in (True, False):
            module.train(is_training)
            module.norm.eval()
            before = everything(module)
            found.append(prune(module, images, labels, 0.6).masks)
            assert are_equal(before, everything(module))
    for masks in found[1:]:
        assert all(torch.equal(mask, found[0][name]) for name, mask in masks.items())


def test_sensitivity_is_that_of_a_step_on_normalised_batches():
    module, data = Several(), made((1, 1, 6))
    images, labels = data.train_images, data.train_labels
    scores = snip_scores(module.eval(), images, labels, prunable_parameters(module))
    module.requires_grad_(True).train()
    module.drop.p = 0.0
    nn.functional.cross_entropy(module(images), labels).backward()
    for name in ("first.weight", "frozen.weight", "last.weight"):
        weight = module.get_parameter(name)
        assert torch.allclose(scores[name], (weight * weight.grad).abs(), rtol=1e-4)
        assert float(scores[name].max()) > 0
    assert not scores["unused.weight"].any()


def test_frozen_and_unused_layers_are_pruned_without_complaint():
    module, data = Several(), made((1, 1, 6))
    images, labels = data.train_images, data.train_labels
    before = everything(module)
    for pruned in (
        prune_snip(module, images, labels, 0.5, scope="layer"),
        prune_grasp(module, images, labels, 0.5, scope="layer"),
        prune_synflow(module, (1, 1, 6), 0.5, rounds=3),
        prune_synflow(module, (1, 1, 6), 0.5, rounds=3, exclude=["frozen"]),
        prune_random(module, 0.5),
    ):
        assert pruned.sparsity_reached == pytest.approx(0.5, abs=0.01)
    assert are_equal(before, everything(module))
    assert prune_synflow(module, (1, 1, 6), 0.5, rounds=3).kept["unused.weight"] == 0
    train_rigl(module, data, SHORT, 0.5, n_steps=5, every=2, device="cpu")
    assert not module.frozen.weight.requires_grad


def test_dynamic_training_starts_afresh_whatever_was_before():
    data = made((1, 1, 6))
    module = Several()
    once = train_rigl(module, data, SHORT, 0.5, n_steps=9, every=2, device="cpu", seed=1)
    state = copy.deepcopy(module.state_dict())
    torch.rand(7)
    again = train_rigl(module, data, SHORT, 0.5, n_steps=9, every=2, device="cpu", seed=1)
    assert all(torch.equal(mask, again.masks[name]) for name, mask in once.masks.items())
    assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def test_what_drops_out_follows_from_the_seed_and_leaves_no_trace():
    data, found = made((1, 1, 6)), []
    for seed in (3, 3, 4):
        module = Several()
        torch.rand(5)
        before = torch.get_rng_state()
        fit(module, data, SHORT, n_steps=4, seed=seed, device="cpu")
        assert torch.equal(before, torch.get_rng_state())
        found.append(module.first.weight.detach().clone())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_rigl_grows_along_the_loss_that_is_trained_on():
    data, seen = made((1, 1, 6)), []
    recipe = dataclasses.replace(SHORT, name="smooth", label_smoothing=0.4)
    module = chain([6, 8, 3])

    def look(training):
        images, labels = training.batch
        loss = nn.functional.cross_entropy(module(images), labels, label_smoothing=0.4)
        expected = torch.autograd.grad(loss, [module[1].weight, module[3].weight])
        found = training.dense_gradients()
        seen.extend(
            torch.equal(one, other) for one, other in zip(expected, found.values(), strict=True)
        )

    module = nn.Sequential(nn.Flatten(), *module)
    masks = {
        name: torch.rand(weight.shape) < 0.5 for name, weight in prunable_parameters(module).items()
    }
    fit(module, data, recipe, n_steps=3, masks=masks, device="cpu", on_step=look)
    assert seen
    assert all(seen)


def test_a_gradient_that_is_not_finite_ends_as_a_divergence():
    class Root(torch.autograd.Function):
        @staticmethod
        def forward(_, values):
            return values.clone()

        @staticmethod
        def backward(_, gradient):
            return gradient * torch.nan

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(6, 5), nn.Linear(5, 3)

        def forward(self, images):
            return self.last(Root.apply(self.first(images.flatten(1))))

    module = Net()
    masks = {"first.weight": torch.rand(5, 6) < 0.5}
    found = fit(module, made((1, 1, 6)), SHORT, n_steps=1, masks=masks, device="cpu")
    assert found.diverged
    assert not module.first.weight[~masks["first.weight"]].any()


@pytest.mark.parametrize(
    ("layer", "shape"),
    [(nn.Conv3d(1, 2, 2), (1, 4, 4, 4)), (nn.Conv1d(2, 3, 3), (2, 6))],
    ids=["3d", "1d"],
)
def test_convolutions_of_any_dimension_are_trained(layer, shape):
    module = nn.Sequential(nn.Flatten(), nn.Unflatten(1, shape), layer, nn.ReLU(), nn.Flatten())
    data = made((1, 1, math.prod(shape)))
    with torch.no_grad():
        module.append(nn.Linear(module(data.test_images).shape[1], 3))
    pruned = train_rigl(module, data, SHORT, 0.5, n_steps=5, every=2, device="cpu")
    assert pruned.sparsity_reached == pytest.approx(0.5, abs=0.05)


def test_another_precision_is_refused():
    module = nn.Sequential(nn.Flatten(), chain([6, 3], double=True))
    with pytest.raises(ParameterError, match=r"module.float\(\)"):
        fit(module, made((1, 1, 6)), SHORT, n_steps=1, device="cpu")


def test_every_part_keeps_its_own_mode():
    module = Several()
    module.norm.eval()
    data = made((1, 1, 6))
    evaluate(module, data.test_images, data.test_labels)
    assert module.training
    assert module.drop.training
    assert not module.norm.training


@pytest.mark.parametrize("model", ["conv-net", "lenet-5", "lenet-300-100"])
def test_by_layer_one_weight_is_kept_at_least(model):
    module = build_model(model, (1, 8, 8))
    pruned = prune_magnitude(module, 0.9999)
    assert min(pruned.kept.values()) == 1
    assert not pruned.collapsed
