from __future__ import annotations

import dataclasses
import itertools
import math

import pytest
import torch
from torch import nn
from torch.nn.utils.prune import l1_unstructured

from topograph.errors import MissingExtraError, ParameterError
from topograph.training import (
    ALFORD_2018,
    MODERN,
    Dataset,
    apply_masks,
    build_model,
    check_zeros_outside,
    evaluate,
    fit,
    load_data,
    mask_gradients,
    prepare,
    prunable_parameters,
)
from topograph.training.batching import batches
from topograph.training.devices import find_device
from topograph.training.recipes import find_recipe
from topograph.training.seeding import seeded_generator


def random_masks(module, density=0.2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(weight.shape, generator=generator) < density
        for name, weight in prunable_parameters(module).items()
    }


def test_prunable_parameters_of_any_module():
    module = nn.ModuleDict(
        {
            "a": nn.Conv1d(2, 3, 3),
            "norm": nn.BatchNorm1d(3),
            "b": nn.Sequential(nn.Conv3d(1, 2, 1), nn.Linear(4, 5, bias=False)),
            "embedding": nn.Embedding(3, 4),
        }
    )
    assert list(prunable_parameters(module)) == ["a.weight", "b.0.weight", "b.1.weight"]
    assert list(prunable_parameters(module, ["a", "b.1.weight"])) == ["b.0.weight"]
    with pytest.raises(ParameterError, match=r"b\.1\.weight"):
        prunable_parameters(module, ["c"])
    with pytest.raises(ParameterError, match="must have a linear"):
        prunable_parameters(nn.ReLU())


def test_a_parametrised_weight_is_refused_with_the_way_out():
    layer = nn.Sequential(nn.Linear(3, 3))
    l1_unstructured(layer[0], "weight", amount=0.5)
    with pytest.raises(ParameterError, match="remove"):
        prunable_parameters(layer)


def test_masks_that_do_not_fit_are_refused():
    layer = nn.Linear(3, 2)
    for masks in (
        {"weight": torch.ones(2, 3)},
        {"weight": torch.ones(3, 2, dtype=torch.bool)},
        {"bias": torch.ones(2, dtype=torch.bool)},
    ):
        with pytest.raises(ParameterError):
            apply_masks(layer, masks)


def test_masks_make_zeros_of_anything():
    layer = nn.Linear(3, 1)
    layer.weight.data.copy_(torch.tensor([[math.nan, math.inf, 1.0]]))
    mask = {"weight": torch.tensor([[False, False, True]])}
    with pytest.raises(AssertionError, match="2 weights of weight"):
        check_zeros_outside(layer, mask)
    apply_masks(layer, mask)
    assert layer.weight.tolist() == [[0, 0, 1]]
    check_zeros_outside(layer, mask)
    layer(torch.ones(1, 3)).sum().backward()
    mask_gradients(layer, mask)
    assert layer.weight.grad.tolist() == [[0, 0, 1]]


@pytest.mark.parametrize("recipe", [MODERN, ALFORD_2018], ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("name", ["lenet-300-100", "lenet-5"])
def test_weights_outside_the_mask_are_zero_after_every_step(recipe, name):
    data = prepare(load_data("digits"), recipe)
    module = build_model(name, data.shape, initialisation=recipe.initialisation)
    masks = random_masks(module)
    seen = []

    def look(training):
        check_zeros_outside(training.module, masks)
        seen.append(training.step)

    before = {name: weight.detach().clone() for name, weight in prunable_parameters(module).items()}
    record = fit(module, data, recipe, n_steps=12, masks=masks, on_step=look)
    assert seen == list(range(1, 13))
    assert record.steps == 12
    for name, weight in prunable_parameters(module).items():
        assert bool((weight[~masks[name]] == 0).all())
        assert not torch.equal(weight[masks[name]], before[name][masks[name]])


def test_fitting_digits_works(digits):
    module = build_model("lenet-300-100", digits.shape)
    record = fit(module, digits, MODERN)
    assert record.accuracy > 0.94
    assert record.classes_predicted == 10
    assert not record.diverged
    assert record.steps == 200
    found = evaluate(module, digits.test_images, digits.test_labels)
    assert (found.accuracy, found.loss) == (record.accuracy, record.loss)


def test_the_seed_decides_everything(digits):
    runs = []
    for seed in (0, 0, 1):
        module = build_model("lenet-300-100", digits.shape)
        fit(module, digits, MODERN, n_steps=5, seed=seed)
        runs.append(module.fc1.weight.detach().clone())
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


def test_a_later_first_step_continues_the_schedule(digits):
    module = build_model("lenet-300-100", digits.shape)
    rates = []
    record = fit(
        module,
        digits,
        MODERN,
        n_steps=10,
        first_step=6,
        on_step=lambda training: rates.append(training.optimizer.param_groups[0]["lr"]),
    )
    assert record.steps == 4
    assert rates == [MODERN.rate_at(step, 10) for step in range(6, 10)]
    with pytest.raises(ParameterError, match="first_step"):
        fit(module, digits, MODERN, n_steps=10, first_step=11)


def test_divergence_is_an_outcome(digits):
    wild = dataclasses.replace(MODERN, rates=((0, 1e6),), cosine=False)
    module = build_model("lenet-300-100", digits.shape)
    masks = random_masks(module)
    record = fit(module, digits, wild, n_steps=200, masks=masks)
    assert record.diverged
    assert record.steps < 200
    assert math.isnan(record.loss)
    check_zeros_outside(module, masks)


def test_replaced_masks_hold_and_new_weights_start_from_zero(digits):
    module = build_model("lenet-300-100", digits.shape)
    first, second = random_masks(module, 0.3, 1), random_masks(module, 0.3, 2)

    def swap(training):
        if training.step != 5:
            return
        training.replace_masks(second)
        for name, mask in second.items():
            weight = training.module.get_parameter(name)
            assert bool((weight[mask & ~first[name]] == 0).all())
            momentum = training.optimizer.state[weight]["momentum_buffer"]
            assert bool((momentum[~(mask & first[name])] == 0).all())
            assert bool((momentum[mask & first[name]] != 0).any())

    fit(module, digits, MODERN, n_steps=10, masks=first, on_step=swap)
    check_zeros_outside(module, second)


def test_every_image_comes_once_an_epoch(digits):
    few = dataclasses.replace(
        digits,
        train_images=torch.arange(25.0).view(25, 1, 1, 1),
        train_labels=torch.arange(25),
        n_classes=25,
    )
    drawn = list(itertools.islice(batches(few, 10, seeded_generator(0, "order")), 4))
    assert [len(labels) for _, labels in drawn] == [10] * 4
    for first, second in (drawn[:2], drawn[2:]):
        assert len(set(first[1].tolist()) | set(second[1].tolist())) == 20
    assert not torch.equal(drawn[0][1], drawn[2][1])
    for images, labels in drawn:
        assert torch.equal(images.flatten(), labels.float())
    whole = next(batches(few, 1000, seeded_generator(0, "order")))
    assert sorted(whole[1].tolist()) == list(range(25))


def test_bytes_are_not_fed_to_a_net():
    data = load_data("digits")
    with pytest.raises(ParameterError, match="prepare"):
        fit(build_model("lenet-300-100", data.shape), data, MODERN)


def test_augmented_data_can_be_fitted():
    recipe = find_recipe("alford2018", "cifar10")
    images, labels = torch.zeros(40, 3, 32, 32, dtype=torch.uint8), torch.arange(40) % 10
    raw = Dataset("cifar10", images, labels, images, labels, 10, verified=False)
    data = prepare(raw, recipe)
    module = build_model("lenet-5", data.shape, initialisation="truncated_normal")
    assert fit(module, data, recipe, n_steps=2).steps == 2


def test_devices_by_name():
    assert find_device("cpu").type == "cpu"
    assert find_device().type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ParameterError):
        find_device("abacus")
    if not torch.cuda.is_available():
        with pytest.raises(ParameterError, match="no CUDA device"):
            find_device("cuda")


def test_streams_of_one_seed_differ():
    streams = ("weights", "order", "masks", "growth", "ties", "calibration")
    drawn = {stream: torch.rand(4, generator=seeded_generator(0, stream)) for stream in streams}
    for one, other in itertools.combinations(drawn.values(), 2):
        assert not torch.allclose(one, other)
    with pytest.raises(ParameterError):
        seeded_generator(-1, "weights")


def test_without_torch_there_is_one_sentence(monkeypatch):
    import importlib
    import sys

    for name in [name for name in sys.modules if name.startswith("topograph.training")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"topograph\[train\]"):
        importlib.import_module("topograph.training")


@pytest.mark.gpu
def test_a_gpu_learns_as_well(digits):
    module = build_model("lenet-300-100", digits.shape)
    masks = random_masks(module, 0.5)
    record = fit(module, digits, MODERN, masks=masks, device="cuda")
    assert record.accuracy > 0.93
    assert module.fc1.weight.is_cuda
    check_zeros_outside(module.cpu(), masks)


def test_modes_are_as_before_afterwards(digits):
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.BatchNorm1d(10).eval())
    fit(module, digits, MODERN, n_steps=2, device="cpu")
    assert [part.training for part in module] == [True, True, False]
    fit(module.eval(), digits, MODERN, n_steps=2, device="cpu")
    assert not module.training


def test_a_net_without_layers_to_mask_is_trained_and_one_without_parameters_refused(digits):
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.matrix = nn.Parameter(torch.zeros(64, 10))
            self.count = nn.Parameter(torch.zeros(2, dtype=torch.int64), requires_grad=False)

        def forward(self, images):
            return images.flatten(1) @ self.matrix

    module = Scaled()
    assert fit(module, digits, MODERN, n_steps=30, device="cpu").accuracy > 0.5
    with pytest.raises(ParameterError, match="parameter to learn"):
        fit(module.requires_grad_(False), digits, MODERN, n_steps=1, device="cpu")


@pytest.mark.parametrize("label", [-1, 10])
def test_labels_that_are_no_classes_are_refused(digits, label):
    labels = digits.train_labels.clone()
    labels[3] = label
    with pytest.raises(ParameterError, match=r"in 0\.\.9"):
        dataclasses.replace(digits, train_labels=labels)
