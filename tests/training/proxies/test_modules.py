"""Proxies of modules: convolutions, shortcuts, normalised batches."""

from __future__ import annotations

import copy
import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn import functional

import topograph
from tests.training.proxies.nets import images_for, net, with_biases
from topograph.errors import ParameterError
from topograph.interop import from_module
from topograph.training import MODERN, Dataset, build_model, load_data, prepare
from topograph.training.engines.model_member import ModelMember
from topograph.training.proxies import (
    ChainProbe,
    ModuleProbe,
    input_output_jacobians,
    layer_gradient_norms,
    module_probe,
    neural_tangent_kernel,
    proxies,
    proxies_of,
    synflow_total,
)


class Residual(nn.Module):
    """A convolution, one with a path round it, and a linear layer."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, stride=2, bias=False)
        self.second = nn.Conv2d(4, 4, 3, padding=1, groups=2)
        self.last = nn.Linear(36, 3)

    def forward(self, images):
        values = functional.relu(self.first(images))
        values = functional.relu(values + self.second(values))
        return self.last(values.flatten(1))


@pytest.fixture
def setting():
    """A module, masks of two of its layers, images and their labels."""
    generator = torch.Generator().manual_seed(3)
    module = Residual()
    for parameter in module.parameters():
        parameter.data.normal_(generator=generator)
    masks = {
        name: torch.rand(module.get_parameter(name).shape, generator=generator) < 0.6
        for name in ("second.weight", "last.weight")
    }
    images = torch.randn(5, 2, 8, 8, generator=generator)
    return module, masks, images, torch.tensor([0, 2, 1, 1, 0])


def derivatives(module, masks, images):
    """Return outputs by weights, image by image, with zeros outside the masks."""
    module = copy.deepcopy(module).double().eval()
    for name, mask in masks.items():
        module.get_parameter(name).data.mul_(mask)
    parameters = {name: value.detach() for name, value in module.named_parameters()}

    def outputs(given, image):
        return functional_call(module, given, (image[None],))[0]

    layers = []
    for name in ("first.weight", "second.weight", "last.weight"):
        found = []
        for image in images.double():
            by_weight = jacrev(lambda weight, n=name, i=image: outputs(parameters | {n: weight}, i))
            found.append(by_weight(parameters[name]) * masks.get(name, 1.0))
        layers.append(torch.stack(found).flatten(2))
    by_image = torch.stack([jacrev(lambda i: outputs(parameters, i))(i) for i in images.double()])
    logits = torch.stack([outputs(parameters, image) for image in images.double()])
    return logits, layers, by_image.flatten(2)


def test_modules_against_another_differentiation(setting):
    module, masks, images, labels = setting
    probe = ModuleProbe.of_module(module, images, labels, masks=masks, label_smoothing=0.2)
    logits, layers, by_image = derivatives(module, masks, images)
    assert probe.edges == (72, int(masks["second.weight"].sum()), int(masks["last.weight"].sum()))
    assert np.allclose(probe.logits.T, logits)
    whole = torch.cat(layers, dim=2).flatten(0, 1)
    assert np.allclose(neural_tangent_kernel(probe), whole @ whole.T)
    assert np.allclose(input_output_jacobians(probe), by_image)
    target = 0.8 * functional.one_hot(labels, 3) + 0.2 / 3
    slopes = (logits.softmax(dim=1) - target) / 5
    norms = [float(torch.einsum("ic,icw->w", slopes, layer).norm()) for layer in layers]
    assert layer_gradient_norms(probe) == pytest.approx(norms)


@pytest.mark.parametrize("most", [1, 7, 100])
def test_parts_of_the_weights_make_the_same_kernel(setting, monkeypatch, most):
    module, masks, images, labels = setting
    probe = ModuleProbe.of_module(module, images, labels, masks=masks)
    whole = neural_tangent_kernel(probe)
    monkeypatch.setattr(module_probe, "_AT_ONCE", most * 15)
    widths = [sum(map(len, part.values())) for part in probe._columns(most)]
    assert sum(widths) == sum(probe.edges)
    assert set(widths[:-1]) == {most}
    again = ModuleProbe.of_module(module, images, labels, masks=masks)
    assert np.allclose(neural_tangent_kernel(again), whole, rtol=1e-12)


@pytest.mark.parametrize("relu_logits", [False, True])
def test_a_chain_has_the_proxies_of_its_module(rng, relu_logits):
    member = net(rng, widths=(6, 9, 8, 3), density=0.8)
    recipe = dataclasses.replace(
        MODERN, name="x", relu_logits=relu_logits, label_smoothing=0.1, initialisation="fan_in"
    )
    data = images_for(member, rng, count=9)
    chain = ChainProbe.of_member(member, recipe, data, n_images=5, seed=2)
    module = ModuleProbe.of_member(member, recipe, data, n_images=5, seed=2)
    assert module.edges == chain.edges
    assert module.n_inputs == chain.n_inputs
    assert np.allclose(module.logits, chain.logits)
    assert np.allclose(module.targets, chain.targets)
    one, other = proxies_of(chain), proxies_of(module)
    assert one.undefined == other.undefined
    for name, value in one.values.items():
        assert value is None or other.values[name] == pytest.approx(value, rel=1e-9), name
    assert one.layer_gradient_norms == pytest.approx(other.layer_gradient_norms)


def test_the_flow_of_unit_weights_counts_paths_through_shortcuts_too():
    module = build_model("resnet-20", (1, 8, 8))
    for name, parameter in module.named_parameters():
        if parameter.ndim > 1:
            keep = torch.arange(parameter.numel()).reshape(parameter.shape) % 7 == 0
            parameter.data.copy_(keep if "conv2" in name else torch.ones_like(parameter))
    graph = from_module(module, (1, 8, 8))
    probe = ModuleProbe.of_module(module, torch.zeros(1, 1, 8, 8), torch.tensor([0]))
    eps = 0.5 * math.log10(1 + 1e-5) * 20  # of the normalisations, at most one a convolution
    pooled = math.log10(4)  # the mean over 2 x 2 places has a quarter on each edge
    found = synflow_total(probe) + pooled
    assert found == pytest.approx(topograph.metrics.log10_path_count(graph), abs=eps)


@pytest.mark.parametrize("model", ["conv-net", "resnet-20"])
def test_batches_are_normalised_as_in_a_training_step(digits, model):
    probe = ModuleProbe.of_member(ModelMember("net", model, {}), MODERN, digits, n_images=6)
    module = build_model(model, digits.shape, seed=0, initialisation=MODERN.initialisation)
    module = module.double().train()
    assert any(isinstance(child, nn.BatchNorm2d) for child in module.modules())
    with torch.no_grad():
        assert np.allclose(probe.logits.T, module(probe.images))
        one_by_one = torch.cat([probe.module(image[None]) for image in probe.images])
    assert np.allclose(probe.logits.T, one_by_one)


def test_one_value_cannot_be_normalised(digits):
    member = net(np.random.default_rng(0), widths=(64, 5, 10))
    recipe = dataclasses.replace(MODERN, name="normalised", batch_norm=True)
    with pytest.raises(ParameterError, match="n_images must be at least 2"):
        proxies(member, recipe, digits, n_images=1)


def test_chains_whose_batches_are_normalised_have_proxies(digits):
    rng = np.random.default_rng(1)
    member = net(rng, widths=(64, 40, 10))
    recipe = dataclasses.replace(MODERN, name="normalised", batch_norm=True)
    found = proxies(member, recipe, digits, n_images=4)
    assert found.values["gradient_norm"] > 0
    assert found.values != proxies(member, MODERN, digits, n_images=4).values
    assert len(found.layer_gradient_norms) == 2
    given = with_biases(member, rng)
    with pytest.raises(ParameterError, match="without batch normalisation"):
        proxies(member, recipe, digits, n_images=4, parameters=given)


def test_of_images_that_are_distorted_the_middle_is_taken():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (6, 3, 32, 32), generator=generator, dtype=torch.uint8)
    labels = torch.tensor([0, 1, 2, 0, 1, 2])
    raw = Dataset("made", images, labels, images, labels, 3, verified=False)
    recipe = dataclasses.replace(MODERN, name="distorted", augmentation=True)
    data = prepare(raw, recipe)
    probe = ModuleProbe.of_member(ModelMember("net", "conv-net", {}), recipe, data, n_images=6)
    assert probe.images.shape == (6, 3, 24, 24)
    order = probe.targets.argmax(axis=0)
    assert sorted(order) == sorted(labels.tolist())
    for image in probe.images:
        assert any(torch.equal(image, one.double()) for one in data.test_images)


def test_images_are_apart_where_no_means_are_stored_too(setting):
    module, _, images, labels = setting
    norm = nn.BatchNorm2d(2, track_running_stats=False)
    probe = ModuleProbe.of_module(nn.Sequential(norm, module), images, labels)
    mean, deviation = images.mean((0, 2, 3)), images.var((0, 2, 3), unbiased=False) + norm.eps
    scaled = (images - mean[:, None, None]) / deviation.sqrt()[:, None, None]
    expected = ModuleProbe.of_module(module, scaled, labels)
    assert np.allclose(probe.logits, expected.logits, atol=1e-4)
    assert np.allclose(neural_tangent_kernel(probe), neural_tangent_kernel(expected), rtol=1e-4)
    assert synflow_total(probe) == synflow_total(expected)  # which looks at no image


def test_a_module_is_left_as_it_is(setting):
    module, masks, images, labels = setting
    module = nn.Sequential(module, nn.Dropout(0.5))
    module[0].first.weight.requires_grad_(False)
    before = copy.deepcopy(module.state_dict())
    masks = {f"0.{name}": mask for name, mask in masks.items()}
    one = proxies_of(ModuleProbe.of_module(module, images, labels, masks=masks))
    other = proxies_of(ModuleProbe.of_module(module, images, labels, masks=masks))
    assert one == other
    assert module.training
    assert not module[0].first.weight.requires_grad
    assert module[0].last.weight.grad is None
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_a_layer_that_is_not_used_has_no_gradient(setting):
    module, _, images, labels = setting
    module.spare = nn.Linear(2, 2)
    probe = ModuleProbe.of_module(module, images, labels)
    assert layer_gradient_norms(probe)[-1] == 0
    found = proxies_of(probe)
    assert found.undefined["gradient_balance"] == "no gradient arrives at layer 4"
    assert found.values["ntk_trace"] > 0


def test_a_module_whose_output_is_cut_off_says_so(setting):
    module, _, images, labels = setting
    masks = {"last.weight": torch.zeros(3, 36, dtype=torch.bool)}
    found = proxies_of(ModuleProbe.of_module(module, images, labels, masks=masks))
    assert found.values["jacobian_rank"] == 0
    assert found.values["ntk_trace"] == 0
    assert found.undefined["synflow_total"].startswith("no path")
    assert found.undefined["gradient_balance"] == "no gradient arrives at layer 1"
    assert found.layer_gradient_norms == (0, 0, 0)


def test_weights_that_are_not_finite_have_no_flow(setting):
    module, _, images, labels = setting
    module.last.weight.data[0, 0] = math.inf
    found = proxies_of(ModuleProbe.of_module(module, images, labels))
    assert found.undefined["synflow_total"] == "weights are not finite"
    assert found.undefined["gradient_norm"] == "the outputs of the net are not finite"


def test_what_is_no_classifier_of_these_images_is_refused(setting):
    module, masks, images, labels = setting
    with pytest.raises(ParameterError, match=r"shape \(5, at least 4\)"):
        ModuleProbe.of_module(module, images, labels + 1)
    with pytest.raises(ParameterError, match="logits of shape"):
        ModuleProbe.of_module(module.first, images, labels)
    with pytest.raises(ParameterError, match="mask"):
        ModuleProbe.of_module(module, images, labels, masks={"third.weight": masks["last.weight"]})
    with pytest.raises(ParameterError, match="linear or convolution"):
        ModuleProbe.of_module(nn.Flatten(), images, labels)


def test_a_model_with_masks_from_the_front_door(digits):
    masks = {"fc1.weight": torch.rand(384, 200, generator=torch.Generator().manual_seed(0)) < 0.1}
    found = proxies(ModelMember("net", "lenet-5", masks), MODERN, digits, n_images=3)
    assert not found.undefined
    assert len(found.layer_gradient_norms) == 4
    assert found == proxies(ModelMember("net", "lenet-5", masks), MODERN, digits, n_images=3)


def test_bytes_are_refused():
    pytest.importorskip("sklearn")
    raw = load_data("digits")
    with pytest.raises(ParameterError, match="prepared"):
        proxies(ModelMember("net", "conv-net", {}), MODERN, raw)
