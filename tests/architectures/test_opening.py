from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from torch import nn

import topograph
from topograph.architectures import build_architecture, fit_state_dict, graph_of
from topograph.errors import ParameterError, ReadError
from topograph.metrics import path_count
from topograph.pruning import prune_magnitude, save_masks


def sparse(net, density=0.3, seed=0):
    """Make weights 0 at random, all others positive."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.ndim > 1:
                kept = torch.rand(parameter.shape, generator=generator) < density
                parameter.copy_(kept * (parameter.abs() + 0.1))
    return net


def saved(net, path):
    torch.save(net.state_dict() if isinstance(net, nn.Module) else net, path)
    return path


NETS = {  # small, with convolutions, sums and means
    "resnet20": {"input_shape": (1, 8, 8), "n_classes": 3, "widths": (2, 3, 4)},
    "resnet18": {"input_shape": (1, 9, 9), "n_classes": 3, "width": 2},
    "resnet50": {"input_shape": (1, 8, 8), "n_classes": 3, "width": 1},
    "conv-net": {"input_shape": (2, 8, 8), "n_classes": 3, "channels": (3, 4)},
    "resnet20-blocks": {"input_shape": (1, 8, 8), "n_classes": 3},
    "lenet-300-100": {"input_shape": (1, 4, 4), "n_classes": 3, "widths": (5, 4)},
}


class Window(nn.Module):
    """The sum over windows, in the place of a maximum or a mean."""

    def __init__(self, pooling):
        super().__init__()
        self.pooling = pooling

    def forward(self, values):
        if isinstance(self.pooling, nn.AdaptiveAvgPool2d):
            return values.sum(dim=(2, 3), keepdim=True)
        size, stride = self.pooling.kernel_size, self.pooling.stride
        padding = getattr(self.pooling, "padding", 0)
        mean = nn.AvgPool2d(size, stride, padding, self.pooling.ceil_mode, divisor_override=1)
        return mean(values)


def linear(module):
    """Weights 1 or 0, no biases, norms as identities, windows summed: outputs count paths."""
    for name, part in list(module.named_modules()):
        if isinstance(part, nn.BatchNorm2d):
            module.set_submodule(name, nn.Identity())
        elif isinstance(part, nn.MaxPool2d | nn.AvgPool2d | nn.AdaptiveAvgPool2d):
            module.set_submodule(name, Window(part))
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_((parameter != 0).double() if parameter.ndim > 1 else 0)
    return module.double().eval()


@pytest.mark.parametrize("name", NETS)
def test_paths_are_as_many_as_a_linear_forward_pass_counts(name, tmp_path):
    net = sparse(build_architecture(name, **NETS[name]))
    path, shape = saved(net, tmp_path / "net.pt"), NETS[name]["input_shape"]
    options = {"widths": (2, 3, 4)} if name == "resnet20" else {}
    graph = graph_of(path, name, shape, **options)
    counted = linear(fit_state_dict(net.state_dict(), name, shape))
    with torch.no_grad():
        total = counted(torch.ones(1, *shape, dtype=torch.float64)).sum()
    count = path_count(graph)
    assert count > 0
    assert count == int(total) if count < 2**53 else count == pytest.approx(float(total), rel=1e-14)


def test_layers_have_the_names_of_modules(tmp_path):
    net = build_architecture("resnet20", (1, 8, 8), widths=(2, 2, 4), option="B")
    graph = graph_of(saved(net, tmp_path / "net.pt"), "ResNet-20", (1, 8, 8))
    names = [layer.name for layer in graph.layers]
    convolutions = {name for name, part in net.named_modules() if isinstance(part, nn.Conv2d)}
    assert convolutions | {"linear"} <= set(names)
    assert "layer3.0.shortcut.0" in convolutions


@pytest.mark.parametrize("encoding", ["unrolled", "channel"])
def test_the_encoding_is_that_which_is_asked_for(encoding, tmp_path):
    net = build_architecture("conv-net", (2, 8, 8), channels=(3, 4))
    graph = graph_of(saved(net, tmp_path / "net.pt"), "conv-net", (2, 8, 8), encoding=encoding)
    assert graph.n_inputs == {"unrolled": 128, "channel": 2}[encoding]
    assert graph.provenance["encoding"] == encoding
    assert graph.provenance["model"] == "conv-net"


def test_without_skips_all_paths_go_through_the_blocks(tmp_path):
    net = build_architecture("resnet20", (1, 4, 4), widths=(2, 2, 2))
    with torch.no_grad():
        net.layer2[1].conv1.weight.zero_()
    path = saved(net, tmp_path / "net.pt")
    graphs = [graph_of(path, "resnet20", (1, 4, 4), skips=skips) for skips in ("with", "without")]
    assert path_count(graphs[0]) > 0 == path_count(graphs[1])


def test_the_usual_input_is_assumed_aloud(tmp_path):
    net = build_architecture("lenet-5-1998", (3, 32, 32))
    path = saved(net, tmp_path / "net.pt")
    graph = graph_of(path, "lenet-5-1998")
    assert graph.n_inputs == 3072
    assert "The input was assumed to have shape 3 x 32 x 32." in graph.notes
    said = graph_of(path, "lenet-5-1998", (3, 32, 32))
    assert not any("assumed to have shape" in note for note in said.notes)


def test_statistics_and_positions_are_not_skipped_layers(tmp_path):
    net = build_architecture("vit-tiny", (3, 16, 16), 3, patch=8, width=8, depth=1, hidden=8)
    graph = graph_of(saved(net, tmp_path / "net.pt"), "vit-tiny")
    assert graph.skipped == ()
    assert any("Heads of attention" in note for note in graph.notes)


def test_embeddings_are_said_to_be_left_out(tmp_path):
    net = build_architecture("decoder", (3, 8), 5, hidden=4)
    entries = {**net.state_dict(), "model.embed_tokens.weight": torch.ones(5, 8)}
    graph = graph_of(saved(entries, tmp_path / "net.pt"), "decoder", (3, 8), encoding="channel")
    assert any("model.embed_tokens.weight" in said for said in graph.skipped)


def test_masks_alone_leave_the_rest_dense(tmp_path):
    masks = {"conv2.weight": torch.zeros(16, 6, 5, 5, dtype=torch.bool)}
    masks["conv2.weight"][0, 0, 2, 2] = True
    path = saved(masks, tmp_path / "mask.pth")
    graph = graph_of(path, "lenet-5-1998", encoding="channel")
    assert graph.layer("conv2").n_edges == 1
    assert graph.layer("conv1").n_edges == 6
    dense = [note for note in graph.notes if "taken as dense" in note]
    assert dense == [
        "Weights without a mask were taken as dense: conv1.weight, fc1.weight, fc2.weight, "
        "fc3.weight."
    ]


def test_a_mask_beside_its_weight_decides(tmp_path):
    """A kept weight that is 0 is an edge; one outside the mask is none, whatever it is."""
    net = build_architecture("lenet-300-100", (1, 2, 2), 2, widths=(3,))
    entries = dict(net.state_dict())
    mask = torch.zeros(3, 4)
    mask[0, :2] = 1
    entries["fc1.weight"][0, 0] = 0
    entries["fc1.weight_mask"] = mask
    graph = graph_of(saved(entries, tmp_path / "net.pt"), "lenet-300-100", (1, 2, 2))
    assert graph.layer("fc1").biadjacency.to_csr().toarray().tolist() == [
        [1, 0, 0],
        [1, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
    ]


def test_a_threshold_cuts_small_weights(tmp_path):
    net = build_architecture("lenet-300-100", (1, 2, 2), 2, widths=(3,))
    with torch.no_grad():
        net.fc2.weight.copy_(torch.tensor([[0.1, 0.5, -0.6], [0.2, -0.1, 0.0]]))
    path = saved(net, tmp_path / "net.pt")
    graph = graph_of(path, "lenet-300-100", (1, 2, 2), threshold=0.3)
    assert graph.layer("fc2").n_edges == 2
    assert graph.provenance["threshold"] == 0.3


def test_masks_that_topograph_saved_are_wired_by_name(tmp_path):
    net = build_architecture("conv-net", (1, 8, 8), channels=(2, 3))
    pruned = prune_magnitude(net, 0.5)
    path = tmp_path / "masks.npz"
    made = {"method": "magnitude", "seed": 3}
    save_masks(pruned, net, path, input_shape=(1, 8, 8), provenance=made)
    graph = graph_of(path, "conv-net", encoding="channel")
    assert made.items() <= graph.provenance["masks"].items()
    for name, mask in pruned.masks.items():
        kept = mask.flatten(2).any(2) if mask.ndim > 2 else mask
        layer = graph.layer(name.removesuffix(".weight")).biadjacency.to_csr().toarray()
        assert np.array_equal(layer, kept.T.numpy())
    assert graph.provenance["input_shape"] == [1, 8, 8]


@pytest.mark.parametrize("end", ["", ".weight"])
def test_arrays_are_read_by_name(end, tmp_path, rng):
    masks = {"conv1": rng.random((6, 1, 5, 5)) < 0.1, "fc3": rng.random((10, 84)) < 0.1}
    np.savez(tmp_path / "masks.npz", **{name + end: mask for name, mask in masks.items()})
    graph = graph_of(tmp_path / "masks.npz", "lenet-5-1998", encoding="channel")
    assert graph.layer("conv1").n_edges == int(masks["conv1"].any(axis=(2, 3)).sum())
    assert np.array_equal(graph.layer("fc3").biadjacency.to_csr().toarray(), masks["fc3"].T)


def test_a_graph_is_no_weights_of_a_model(tmp_path):
    topograph.write(topograph.toy.butterfly(), tmp_path / "graph.npz")
    with pytest.raises(ReadError, match="leave out the model"):
        graph_of(tmp_path / "graph.npz", "resnet20")


def test_safetensors_are_read(tmp_path):
    safetensors = pytest.importorskip("safetensors.torch")
    net = sparse(build_architecture("lenet-300-100", (1, 2, 2), 2, widths=(3,)))
    path = tmp_path / "net.safetensors"
    safetensors.save_file({k: v.contiguous() for k, v in net.state_dict().items()}, path)
    graph = graph_of(path, "lenet-300-100", (1, 2, 2))
    assert graph.n_edges == sum(int((p != 0).sum()) for p in net.parameters() if p.ndim > 1)


FACTORY = """
from torch import nn

def build():
    return nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
"""


@pytest.fixture
def factory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_nets.py").write_text(FACTORY)
    yield "own_nets:build"
    sys.modules.pop("own_nets", None)


def test_a_factory_of_ones_own(factory, tmp_path):
    entries = {"1.weight": torch.eye(3, 4), "3.weight": torch.tensor([[1.0, 0, 0], [0, 2, 2]])}
    entries |= {"1.bias": torch.ones(3), "3.bias": torch.ones(2)}
    graph = graph_of(saved(entries, tmp_path / "net.pt"), factory, (1, 2, 2))
    assert graph.widths == (4, 3, 2)
    assert path_count(graph) == 3
    assert graph.provenance["model"] == "own_nets:build"


def test_a_factory_needs_an_input_shape(factory, tmp_path):
    path = saved({"1.weight": torch.ones(3, 4)}, tmp_path / "net.pt")
    with pytest.raises(ParameterError, match="--input-shape 3,32,32"):
        graph_of(path, factory)


def test_weights_of_another_net_than_the_factorys(factory, tmp_path):
    entries = {"1.weight": torch.ones(3, 5), "1.bias": torch.ones(3), "4.weight": torch.ones(2, 3)}
    with pytest.raises(ParameterError) as caught:
        graph_of(saved(entries, tmp_path / "net.pt"), factory, (1, 2, 2))
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "net.pt"))
    for told in ("missing: 3.weight, 3.bias", "not known: 4.weight", "1.weight is 3 x 5 and not"):
        assert told in message


def test_an_unknown_model_is_told_before_the_weights_are_judged(tmp_path):
    path = saved({"fc.weight": torch.ones(3, 5)}, tmp_path / "net.pt")
    with pytest.raises(ParameterError, match="did you mean"):
        graph_of(path, "resnet2")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ReadError):
        graph_of(tmp_path / "none.pt", "resnet20")
