"""Pruning of nets in which layers share a weight."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import topograph
from tests.pruning.nets import SHORT, Tied, made
from topograph.io.convolution_masks import read_convolution_masks
from topograph.pruning import (
    graph_of_masks,
    prune_magnitude,
    prune_random,
    save_masks,
    train_rigl,
    train_set,
)
from topograph.pruning.grasp import grasp_scores
from topograph.training import (
    MODERN,
    apply_masks,
    prunable_parameters,
)
from topograph.training.optimizers import optimizer_of


def everything(module):
    state = {name: value.clone() for name, value in module.state_dict().items()}
    flags = [parameter.requires_grad for parameter in module.parameters()]
    return state, flags, [part.training for part in module.modules()], torch.get_rng_state()


def test_a_shared_weight_is_one_weight():
    module = Tied()
    assert list(prunable_parameters(module)) == ["first.weight", "last.weight"]
    for name in ("first", "again", "again.weight"):
        assert list(prunable_parameters(module, exclude=[name])) == ["last.weight"]
    pruned = prune_magnitude(module, 0.5, scope="global")
    apply_masks(module, pruned.masks)
    assert int(torch.count_nonzero(module.again.weight)) == pruned.kept["first.weight"]
    weights = [weight for group in optimizer_of(module, MODERN).param_groups
               for weight in group["params"]]  # fmt: skip
    assert len({id(weight) for weight in weights}) == len(weights) == len(list(module.parameters()))


def test_a_shared_weight_is_a_layer_of_the_graph_each_time(tmp_path):
    module = Tied()
    assert not module.again.bias.any()
    pruned = prune_magnitude(module, 0.5)
    graph = graph_of_masks(pruned, module)
    assert graph.widths == (6, 6, 6, 3)
    save_masks(pruned, module, tmp_path / "tied.npz", input_shape=(1, 1, 6))
    assert topograph.read(tmp_path / "tied.npz").widths == (6, 6, 6, 3)
    first = pruned.masks["first.weight"].numpy().T.astype(int)
    last = pruned.masks["last.weight"].numpy().T.astype(int)
    assert topograph.metrics.path_count(graph) == (first @ first @ last).sum()


def test_a_shared_convolution_is_a_layer_each_time(tmp_path):
    layers = [nn.Conv2d(2, 2, 3, padding=1) for _ in range(2)]
    layers[1].weight = layers[0].weight
    module = nn.Sequential(*layers, nn.Flatten(), nn.Linear(18, 3))
    pruned = prune_random(module, 0.5)
    save_masks(pruned, module, tmp_path / "tied.npz", input_shape=(2, 3, 3))
    masks = read_convolution_masks(tmp_path / "tied.npz").masks
    assert list(masks) == ["0.weight", "1.weight", "3.weight"]
    assert np.array_equal(masks["0.weight"], masks["1.weight"])


@pytest.mark.parametrize("train", [train_set, train_rigl])
def test_a_shared_weight_is_trained_and_rewired_once(train):
    module, data = Tied(), made((1, 1, 6))
    pruned = train(module, data, SHORT, 0.5, n_steps=6, every=2, device="cpu")
    for name, mask in pruned.masks.items():
        assert not module.get_parameter(name)[~mask].any()
        assert int(mask.sum()) == pruned.kept[name] > 0
    assert pruned.sparsity_reached == pytest.approx(0.5, abs=0.02)
    assert module.again.weight is module.first.weight


def test_grasp_of_a_shared_weight_is_the_product_with_the_hessian_of_one():
    module = Tied().double()
    data = made((1, 1, 6))
    images, labels = data.train_images.double(), data.train_labels
    weights = prunable_parameters(module)
    shapes = [weight.shape for weight in weights.values()]
    sizes = [weight.numel() for weight in weights.values()]
    given = {name: value.detach() for name, value in module.named_parameters()}

    def loss(flat):
        pieces = (part.view(shape) for part, shape in zip(flat.split(sizes), shapes, strict=True))
        changed = given | dict(zip(weights, pieces, strict=True))
        logits = torch.func.functional_call(module, changed, (images,))
        return nn.functional.cross_entropy(logits / 200, labels)

    flat = torch.cat([weight.detach().flatten() for weight in weights.values()])
    hessian = torch.autograd.functional.hessian(loss, flat)
    expected = -flat * (hessian @ torch.func.grad(loss)(flat))
    found = torch.cat(
        [score.flatten() for score in grasp_scores(module, images, labels, weights).values()]
    )
    assert torch.allclose(found, expected, rtol=1e-8)


def test_a_layer_that_is_an_embedding_too_stays():
    module = nn.ModuleDict({"table": nn.Embedding(9, 4), "body": nn.Linear(4, 4)})
    module["head"] = nn.Linear(4, 9, bias=False)
    module["head"].weight = module["table"].weight
    assert list(prunable_parameters(module)) == ["body.weight"]
