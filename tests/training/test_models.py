from __future__ import annotations

import pytest
import torch
from torch import nn

from topograph.errors import ParameterError
from topograph.training import build_model, initialise, prunable_parameters
from topograph.training.models import MODELS


def shapes(module):
    return {name: tuple(weight.shape) for name, weight in prunable_parameters(module).items()}


def test_lenet_300_100():
    module = build_model("lenet-300-100", (1, 28, 28))
    assert shapes(module) == {
        "fc1.weight": (300, 784),
        "fc2.weight": (100, 300),
        "fc3.weight": (10, 100),
    }
    assert [name for name, _ in module.named_children()][-1] == "fc3"


def test_lenet_5_for_mnist_and_for_cropped_cifar():
    grey = build_model("lenet-5", (1, 28, 28))
    assert shapes(grey) == {
        "conv1.weight": (20, 1, 5, 5),
        "conv2.weight": (50, 20, 5, 5),
        "fc1.weight": (384, 2450),
        "fc2.weight": (10, 384),
    }
    color = build_model("lenet-5", (3, 24, 24))
    assert shapes(color)["fc1.weight"] == (384, 1800)
    assert (grey.pool1.kernel_size, color.pool1.kernel_size) == (2, 3)
    assert hasattr(grey, "norm2")
    assert not hasattr(color, "norm2")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 28, 28), (3, 24, 24), (3, 32, 32), (1, 7, 9)])
def test_any_input_goes_through(name, shape):
    module = build_model(name, shape, n_classes=7)
    assert module(torch.zeros(2, *shape)).shape == (2, 7)


def test_pooling_at_the_edge_is_that_of_the_paper():
    """A 3/2 pooling of 24 gives 12, the last window cut off at the right edge."""
    pool = build_model("lenet-5", (3, 24, 24)).pool1
    row = torch.arange(24.0).expand(1, 1, 24, 24)
    assert pool(row)[0, 0, 0].tolist() == [*range(2, 24, 2), 23]


def test_normalisation_is_that_of_the_tutorial():
    """Window of 9 channels, alpha .001 / 9 each, beta .75, bias 1."""
    norm = build_model("lenet-5", (1, 28, 28)).norm1
    values = torch.rand(1, 20, 2, 2, dtype=torch.float64) * 10
    expected = torch.empty_like(values)
    for channel in range(20):
        window = values[:, max(0, channel - 4) : channel + 5]
        scale = 1 + 0.001 / 9 * (window**2).sum(dim=1)
        expected[:, channel] = values[:, channel] / scale**0.75
    assert torch.allclose(norm.double()(values), expected)
    torchs = nn.LocalResponseNorm(9, alpha=0.001, beta=0.75, k=1.0)
    assert torch.allclose(norm(values), torchs(values))
    assert "norm1.band" not in build_model("lenet-5", (1, 28, 28)).state_dict()


def test_relu_logits_are_never_negative():
    module = build_model("lenet-300-100", (1, 8, 8), relu_logits=True)
    assert float(module(torch.randn(50, 1, 8, 8)).detach().min()) == 0
    assert [name for name, _ in module.named_children()][-1] == "relu3"


def test_fan_in_initialisation_has_its_deviation():
    module = build_model("lenet-5", (1, 28, 28), seed=1)
    for name, fan_in in (("conv1", 25), ("conv2", 500), ("fc1", 2450), ("fc2", 384)):
        layer = module.get_submodule(name)
        weight = layer.weight.detach()
        assert float(weight.std()) == pytest.approx((2 / fan_in) ** 0.5, rel=0.1)
        assert float(layer.bias.detach().abs().max()) == 0


def test_truncated_normal_has_the_papers_constants():
    module = build_model("lenet-5", (1, 28, 28), initialisation="truncated_normal")
    for name, deviation, bias in (("conv2", 0.05, 0.0), ("fc1", 0.04, 0.1)):
        layer = module.get_submodule(name)
        weight = layer.weight.detach()
        assert float(weight.abs().max()) <= 2 * deviation
        assert float(weight.std()) == pytest.approx(0.88 * deviation, rel=0.02)
        assert (layer.bias.detach() == torch.tensor(bias)).all()


def test_true_fan_in_counts_what_the_mask_leaves():
    layer = nn.Linear(1000, 3)
    mask = torch.zeros(3, 1000, dtype=torch.bool)
    mask[0, :400], mask[1, :2] = True, True
    initialise(layer, "fan_in", 0, {"weight": mask})
    weight = layer.weight.detach()
    assert float(weight[0, :400].std()) == pytest.approx((2 / 400) ** 0.5, rel=0.1)
    assert bool((weight[~mask] == 0).all())
    dense = nn.Linear(1000, 3)
    initialise(dense, "fan_in", 0)
    ratio = weight[1, :2] / dense.weight.detach()[1, :2]
    assert torch.allclose(ratio, torch.full((2,), 500**0.5))


def test_the_seed_decides_and_the_global_generator_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    one = build_model("lenet-300-100", (1, 8, 8), seed=3)
    other = build_model("lenet-300-100", (1, 8, 8), seed=3)
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(one.fc1.weight, other.fc1.weight)
    third = build_model("lenet-300-100", (1, 8, 8), seed=4)
    assert not torch.equal(one.fc1.weight, third.fc1.weight)


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "lenet"},
        {"name": "lenet-300-100", "input_shape": (8, 8)},
        {"name": "lenet-300-100", "depth": 3},
        {"name": "lenet-300-100", "initialisation": "zeros"},
    ],
)
def test_nets_that_are_none_are_refused(arguments):
    with pytest.raises(ParameterError):
        build_model(**{"input_shape": (1, 8, 8)} | arguments)
