from __future__ import annotations

import pytest
import torch
from torch import nn

from topograph.architectures.residual_nets import ResidualBlock
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


def test_the_layers_of_lenet_5_come_in_the_order_of_the_paper():
    """The second normalisation comes before the pooling, and only for grey images."""
    names = [name for name, _ in build_model("lenet-5", (1, 28, 28)).named_children()]
    first, second = ["conv1", "relu1", "pool1", "norm1"], ["conv2", "relu2", "norm2", "pool2"]
    assert names == [*first, *second, "flatten", "fc1", "relu3", "fc2"]
    color = [name for name, _ in build_model("lenet-5", (3, 24, 24)).named_children()]
    assert color == [name for name in names if name != "norm2"]


def test_conv_net_is_three_convolutions_and_one_linear_layer():
    module = build_model("conv-net", (3, 32, 32))
    assert shapes(module) == {
        "conv1.weight": (32, 3, 3, 3),
        "conv2.weight": (64, 32, 3, 3),
        "conv3.weight": (128, 64, 3, 3),
        "fc.weight": (10, 128),
    }
    weights = 9 * (3 * 32 + 32 * 64 + 64 * 128)
    normalisation = 2 * (32 + 64 + 128)
    assert count(module) == weights + normalisation + 128 * 10 + 10 == 94_762
    assert module.pool3.kernel_size == (8, 8)
    few = build_model("conv-net", (1, 8, 8), channels=(4, 6))
    assert [few.pool1.kernel_size, few.pool2.kernel_size] == [2, (4, 4)]
    assert shapes(few)["fc.weight"] == (10, 6)


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_resnet_20_has_the_parameters_of_the_paper():
    """0.27 million in He et al. 2016; shortcuts of option A have none."""
    module = build_model("resnet-20", (3, 32, 32))
    first = 3 * 16 * 9
    stages = 6 * 16 * 16 * 9 + (16 + 5 * 32) * 32 * 9 + (32 + 5 * 64) * 64 * 9
    normalisation = 2 * (7 * 16 + 6 * 32 + 6 * 64)
    last = 64 * 10 + 10
    assert (first, stages, normalisation, last) == (432, 267_264, 1376, 650)
    assert count(module) == first + stages + normalisation + last == 269_722
    names = ["conv1.weight"]
    for number in range(1, 10):
        names += [f"block{number}.conv1.weight", f"block{number}.conv2.weight"]
    assert list(shapes(module)) == [*names, "fc.weight"]
    assert shapes(module)["block4.conv1.weight"] == (32, 16, 3, 3)
    assert shapes(module)["block9.conv2.weight"] == (64, 64, 3, 3)


def test_the_stages_of_resnet_20_halve_the_image():
    module, sizes = build_model("resnet-20", (3, 32, 32)), []
    for number in (3, 4, 6, 7, 9):
        block = module.get_submodule(f"block{number}")
        block.register_forward_hook(lambda *found: sizes.append(tuple(found[2].shape[1:])))
    module(torch.zeros(1, 3, 32, 32))
    assert sizes == [(16, 32, 32), (32, 16, 16), (32, 16, 16), (64, 8, 8), (64, 8, 8)]


def test_a_block_without_weights_is_its_shortcut():
    """Normalised zeros are zeros: what is left is the input, subsampled, with zero channels."""
    block = ResidualBlock(2, 5, stride=2)
    block.conv2.weight.data.zero_()
    values = torch.rand(3, 2, 7, 6)
    got = block(values).detach()
    assert got.shape == (3, 5, 4, 3)
    assert torch.equal(got[:, :2], values[:, :, ::2, ::2])
    assert bool((got[:, 2:] == 0).all())


def test_a_block_is_the_formula():
    block = ResidualBlock(3, 3).eval()
    values = torch.randn(2, 3, 5, 5)
    first = (nn.functional.conv2d(values, block.conv1.weight, padding=1) / 1.00001**0.5).relu()
    second = nn.functional.conv2d(first, block.conv2.weight, padding=1) / 1.00001**0.5
    assert torch.allclose(block(values), (second + values).relu(), atol=1e-6)


@pytest.mark.parametrize("name", ["conv-net", "resnet-20"])
def test_convolutions_have_no_bias_and_normalisation_starts_as_the_identity(name):
    module = build_model(name, (1, 8, 8), initialisation="truncated_normal")
    for key, parameter in module.named_parameters():
        if "norm" in key:
            assert bool((parameter == key.endswith("weight")).all()), key
    assert [key for key, _ in module.named_parameters() if key.endswith("conv1.bias")] == []
    assert not any("norm" in key for key in prunable_parameters(module))


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


@pytest.mark.parametrize("name", MODELS)
def test_relu_logits_are_the_logits_through_a_relu(name):
    plain, rectified = (build_model(name, (1, 8, 8), relu_logits=given) for given in (False, True))
    assert list(plain.state_dict()) == list(rectified.state_dict())
    assert [child for child, _ in rectified.named_children()][-1] == "relu_logits"
    images = torch.randn(50, 1, 8, 8)
    logits = plain.eval()(images).detach()
    assert float(logits.min()) < 0
    assert torch.equal(rectified.eval()(images).detach(), logits.relu())


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
