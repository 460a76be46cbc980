from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest
import torch
from torch import nn

import topograph
from tests.pruning.nets import Residual, chain, convolutions
from topograph.errors import GraphError, ParameterError, TopographError
from topograph.pruning import graph_of_masks, prune_magnitude, prune_random, save_masks
from topograph.pruning.convolution_archive import CONVOLUTIONS_HEADER
from topograph.pruning.convolution_layers import describe_layers
from topograph.training import build_model


def test_masks_of_linear_layers_become_a_graph():
    module = build_model("lenet-300-100", (1, 8, 8), widths=(6, 4))
    pruned = prune_random(module, 0.7, seed=1)
    graph = graph_of_masks(pruned, module, {"made": "here"})
    assert graph.widths == (64, 6, 4, 10)
    assert [layer.name for layer in graph.layers] == ["fc1", "fc2", "fc3"]
    assert graph.provenance == {"made": "here"}
    for layer in graph.layers:
        mask = pruned.masks[f"{layer.name}.weight"]
        assert np.array_equal(layer.biadjacency.to_csr().toarray(), mask.numpy().T)


def test_edge_i_j_says_that_input_i_feeds_output_j():
    module = nn.Sequential(nn.Linear(3, 2, bias=False))
    module[0].weight.data.copy_(torch.tensor([[0.0, 5.0, 0.0], [1.0, 0.0, 2.0]]))
    csr = graph_of_masks(prune_magnitude(module, 0.5), module).layers[0].biadjacency.to_csr()
    assert csr.toarray().tolist() == [[0, 1], [1, 0], [0, 1]]


def test_a_collapsed_layer_is_a_graph_without_edges():
    module = chain([3, 3, 3])
    module[2].weight.data.mul_(1e-6)
    pruned = prune_magnitude(module, 0.6, scope="global")
    assert graph_of_masks(pruned, module).layers[1].n_edges == 0


def test_excluded_layers_are_in_the_graph():
    module = chain([4, 5, 2])
    graph = graph_of_masks(prune_random(module, 0.5, keep_output_dense=True), module)
    assert graph.layers[1].n_edges == 10


def test_what_is_no_chain_of_linear_layers_is_refused():
    with pytest.raises(GraphError, match="fully connected"):
        graph_of_masks(prune_random(convolutions(), 0.5), convolutions())
    with pytest.raises(GraphError, match="inner"):
        graph_of_masks(prune_random(Residual(), 0.5), Residual())


def test_saved_masks_are_read_back(tmp_path):
    module = chain([6, 5, 4])
    pruned = prune_random(module, 0.5)
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for path in paths:
        save_masks(pruned, module, path, input_shape=(6,), provenance={"seed": 0})
    assert topograph.read(paths[0]).equals(graph_of_masks(pruned, module))
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_convolutions_are_stored_with_their_geometry(tmp_path):
    module = convolutions()
    pruned = prune_magnitude(module, 0.5)
    paths = [tmp_path / "a.npz", tmp_path / "b.npz"]
    for path in paths:
        save_masks(pruned, module, path, input_shape=(2, 9, 9), provenance={"seed": 0})
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert not list(tmp_path.glob("*.part"))
    with zipfile.ZipFile(paths[0]) as archive:
        header = json.loads(archive.read(CONVOLUTIONS_HEADER))
    assert header["format"] == "topograph-convolutions"
    assert header["format_version"] == 1
    assert header["input"] == [2, 9, 9]
    assert header["provenance"] == {"seed": 0}
    kinds = [layer["kind"] for layer in header["layers"]]
    assert kinds == [
        "convolution",
        "max_pooling",
        "convolution",
        "average_pooling",
        "flatten",
        "linear",
        "linear",
    ]
    first, pooling, second = header["layers"][:3]
    assert (first["stride"], first["padding"], first["groups"]) == ([2, 2], [[1, 1], [1, 1]], 2)
    assert (first["shape"], first["input"], first["output"]) == ([4, 1, 3, 3], [2, 9, 9], [4, 5, 5])
    assert (pooling["size"], pooling["stride"], pooling["output"]) == ([2, 2], [1, 1], [4, 4, 4])
    assert (second["padding"], second["dilation"]) == ([[1, 1], [1, 1]], [1, 2])
    with np.load(paths[0]) as arrays:
        for layer in header["layers"]:
            if "mask" in layer:
                stored = arrays[layer["mask"].removesuffix(".npy")]
                assert stored.dtype == bool
                assert list(stored.shape) == layer["shape"]
                assert np.array_equal(stored, pruned.masks[f"{layer['name']}.weight"].numpy())


def test_the_stored_geometry_is_what_the_net_computes():
    """Each step's output has the size that stride, padding, dilation and window say."""
    steps = describe_layers(convolutions(), (2, 9, 9))
    for step in steps:
        if step["kind"] not in ("convolution", "max_pooling", "average_pooling"):
            continue
        window = step.get("size") or {"0": [3, 3], "3": [3, 2]}[step["name"]]
        for axis in range(2):
            padded = step["input"][axis + 1] + sum(step["padding"][axis])
            reach = step["dilation"][axis] * (window[axis] - 1) + 1
            assert step["output"][axis + 1] == (padded - reach) // step["stride"][axis] + 1


def test_saved_masks_of_convolutions_are_read_back_as_a_graph(tmp_path):
    module = convolutions()
    pruned = prune_random(module, 0.5)
    path = tmp_path / "conv.npz"
    save_masks(pruned, module, path, input_shape=(2, 9, 9))
    graph = topograph.read(path)
    assert graph.widths == (162, 100, 64, 96, 24, 8, 3)
    kept = sum(int(mask.sum()) for mask in pruned.masks.values())
    assert sum(layer.n_parameters for layer in graph.layers) == kept


class Functional(nn.Module):
    """A chain whose functions are no modules."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.pool = nn.MaxPool2d(2)
        self.fc = nn.Linear(2, 3)
        self.last = nn.Linear(3, 2)

    def forward(self, values):
        values = self.pool(self.conv(values).relu())
        return self.last(self.fc(values.flatten(1)).tanh())


class Skipping(Functional):
    """The same with a connection around its last convolution and around a linear layer."""

    def __init__(self):
        super().__init__()
        self.again = nn.Conv2d(2, 2, 3, padding=1)

    def forward(self, values):
        values = self.conv(values)
        values = self.pool((self.again(values) + values).relu())
        return self.last(self.fc(values.flatten(1)))


def test_what_joins_branches_is_said():
    joined = {
        step["name"]: step.get("joins", False) for step in describe_layers(Skipping(), (1, 4, 4))
    }
    assert joined == {"conv": False, "again": False, "pool": True, "fc": False, "last": False}
    for module, shape in ((Functional(), (1, 4, 4)), (convolutions(), (2, 9, 9))):
        assert not any("joins" in step for step in describe_layers(module, shape))


@pytest.mark.parametrize(
    ("pooling", "n_edges"),
    [(nn.AdaptiveAvgPool2d(1), 2 * 36), (nn.AdaptiveMaxPool2d((2, 3)), 2 * 36)],
)
def test_adaptive_poolings_of_equal_windows_are_poolings(tmp_path, pooling, n_edges):
    sides = pooling(torch.zeros(1, 2, 6, 6))[0, 0].numel()
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), pooling, nn.Flatten(), nn.Linear(2 * sides, 3)
    )
    path = tmp_path / "masks.npz"
    save_masks(prune_magnitude(net, 0.5), net, path, input_shape=(1, 6, 6))
    graph = topograph.read(path)
    assert graph.widths == (36, 72, 2 * sides, 3)
    assert graph.layers[1].n_edges == n_edges


@pytest.mark.parametrize(
    "between", [nn.AdaptiveAvgPool2d(4), nn.Upsample(scale_factor=2), nn.PixelShuffle(2)]
)
def test_behind_layers_that_are_not_recorded_a_net_is_no_chain(between):
    channels, sides = between(torch.zeros(1, 4, 6, 6)).shape[1:3]
    after = nn.Linear(channels * sides**2, 3)
    net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), between, nn.ReLU(), nn.Flatten(), after)
    said = {step["name"]: step.get("joins", False) for step in describe_layers(net, (1, 6, 6))}
    assert said == {"0": False, "3": True, "4": False}


def test_unflattened_values_are_those_of_a_chain():
    net = nn.Sequential(nn.Linear(4, 8), nn.Unflatten(1, (2, 2, 2)), nn.Conv2d(2, 1, 1))
    assert not any("joins" in step for step in describe_layers(net, (4,)))


def test_values_changed_in_place_are_followed():
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Conv2d(2, 1, 2))
    assert not any("joins" in step for step in describe_layers(module, (1, 4, 4)))


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3, padding=1)

    def forward(self, values):
        return self.conv(self.conv(values))


class Unused(nn.Sequential):
    def forward(self, values):
        return self[0](values)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (Twice(), "used again"),
        (nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular")), "pad with zeros"),
        (Unused(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3)), "used by the net"),
    ],
)
def test_nets_that_cannot_be_described_are_refused(tmp_path, module, words):
    path = tmp_path / "conv.npz"
    with pytest.raises(TopographError, match=words):
        save_masks(prune_random(module, 0.5), module, path, input_shape=(1, 5, 5))
    assert not list(tmp_path.iterdir())


def test_names_of_files_are_checked(tmp_path):
    module = convolutions()
    with pytest.raises(ParameterError, match=r"must end in \.npz"):
        save_masks(prune_random(module, 0.5), module, tmp_path / "a.zip", input_shape=(2, 9, 9))
    with pytest.raises(ParameterError, match="make the folder"):
        save_masks(
            prune_random(module, 0.5), module, tmp_path / "b" / "a.npz", input_shape=(2, 9, 9)
        )
