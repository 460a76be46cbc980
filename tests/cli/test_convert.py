from __future__ import annotations

import numpy as np
import pytest
import safetensors.torch
import scipy.io
import scipy.sparse
import torch
from hypothesis import HealthCheck, given, settings
from torch import nn
from torch.nn.utils import prune

import topograph
from topograph.biadjacency import Identity
from topograph.errors import ParameterError
from topograph.io import convert, masks_of, read, read_state_dict
from topograph.io.converting import FORMS, STYLES
from topograph.testing import layered_graphs
from topograph.toy import shortcut
from topograph_cli.convert_command import convert as command

fixtures = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)


@pytest.fixture
def trained(tmp_path):
    """A pruned convolutional net as torch.nn.utils.prune saves it."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 4))
    for number in (0, 3):
        prune.random_unstructured(net[number], "weight", 0.5)
    torch.save(net.state_dict(), tmp_path / "trained.pt")
    return net, tmp_path / "trained.pt"


@pytest.mark.parametrize("ending", [".npz", ".safetensors", ".pt", ".pth", ".bin"])
def test_a_net_comes_back_from_every_format_of_nets(run, net, tmp_path, ending):
    (tmp_path / "out").mkdir()
    target = tmp_path / "out" / f"net{ending}"
    outcome = run("convert", net, target)
    assert outcome.code == 0
    assert read(target).equals(read(net))
    assert ("Note: The provenance is lost." in outcome.err) == (ending != ".npz")
    back = tmp_path / "back.npz"
    assert run("convert", target, back).code == 0
    assert read(back).equals(read(net))


@fixtures
@given(layered_graphs())
def test_any_chain_comes_back_from_a_state_dict(tmp_path, graph):
    topograph.write(graph, tmp_path / "net.npz")
    if all(isinstance(layer.biadjacency, Identity) for layer in graph.layers):
        return
    lost = convert(tmp_path / "net.npz", tmp_path / "net.safetensors")
    if graph.is_chain:
        assert lost == ()
        assert read(tmp_path / "net.safetensors").equals(graph)
    else:
        assert lost[0].startswith("The wiring is lost")


@pytest.mark.parametrize("ending", [".safetensors", ".pt"])
def test_the_order_of_layers_is_kept_whatever_their_names(tmp_path, ending):
    masks = {name: np.eye(3) for name in ("b", "fc10", "a", "fc2")}
    topograph.write(topograph.from_layers(masks), tmp_path / "net.npz")
    convert(tmp_path / "net.npz", tmp_path / f"net{ending}")
    graph = read(tmp_path / f"net{ending}")
    assert [layer.name for layer in graph.layers] == list(masks)


def test_arrays_hold_layers_by_name(run, net, tmp_path):
    assert run("convert", net, tmp_path / "arrays.npz", "--to", "arrays").code == 0
    with np.load(tmp_path / "arrays.npz") as arrays:
        assert arrays["fc1"].tolist() == np.eye(4, 3).astype(bool).tolist()
    assert read(tmp_path / "arrays.npz").equals(read(net))


@pytest.mark.parametrize(
    ("ending", "load"),
    [(".npy", np.load), (".mtx", lambda path: scipy.io.mmread(path).toarray())],
)
def test_one_layer_is_a_matrix(run, net, tmp_path, ending, load):
    target = tmp_path / f"layer{ending}"
    outcome = run("convert", net, target, "--layers", "2:2")
    assert outcome.code == 0
    assert (load(target) != 0).tolist() == np.triu(np.ones((3, 5))).astype(bool).tolist()
    assert "The names of the layers are lost." in outcome.err
    outcome = run("convert", net, target)
    assert outcome.code == 2
    assert "--layers K:K" in outcome.err


@pytest.mark.parametrize("form", ["arrays", "graphchallenge", "scipy"])
def test_wiring_that_a_format_cannot_hold_is_refused(run, tmp_path, form):
    topograph.write(shortcut(), tmp_path / "net.npz")
    target = tmp_path / ("out.npz" if form == "arrays" else "out")
    outcome = run("convert", tmp_path / "net.npz", target, "--to", form)
    assert outcome.code == 2
    assert "chain" in outcome.err
    assert not target.exists()


@pytest.mark.parametrize("ending", [".pt", ".safetensors"])
@pytest.mark.parametrize("style", ["weights", "mask", "prune"])
def test_kernels_keep_their_shape_in_every_style(run, trained, tmp_path, style, ending):
    net, source = trained
    target = tmp_path / f"out{ending}"
    outcome = run("convert", source, target, "--style", style)
    assert outcome.code == 0
    expected = masks_of(read_state_dict(source))
    found = masks_of(read_state_dict(target))
    assert found.keys() == expected.keys() == {"0.weight", "3.weight"}
    assert all(np.array_equal(found[name], mask) for name, mask in expected.items())
    load = torch.load if ending == ".pt" else safetensors.torch.load_file
    saved = load(target)
    if style == "prune":
        state = net.state_dict()
        assert saved.keys() == state.keys()
        for name, tensor in state.items():
            assert saved[name].dtype == tensor.dtype
            assert torch.equal(saved[name], tensor)
        assert "Note" not in outcome.err
    elif style == "weights":
        for number in (0, 3):
            prune.remove(net[number], "weight")
        assert saved.keys() == net.state_dict().keys()
        assert all(torch.equal(saved[n], tensor) for n, tensor in net.state_dict().items())
    else:
        assert set(saved) == {"0.weight", "3.weight"}
        assert {tensor.dtype for tensor in saved.values()} == {torch.bool}
        assert "The weights are lost." in outcome.err
        assert "Tensors of no layer are lost" in outcome.err


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "float8_e4m3fn", "int8"])
@pytest.mark.parametrize("endings", [(".pt", ".safetensors"), (".safetensors", ".pt")])
def test_numbers_of_every_type_pass_unchanged(tmp_path, dtype, endings):
    torch.manual_seed(0)
    weight = (torch.randn(5, 4) * 4 * (torch.rand(5, 4) < 0.5)).to(getattr(torch, dtype))
    source, target = (tmp_path / f"net{ending}" for ending in endings)
    state = {"fc.weight": weight, "fc.bias": torch.ones(5), "step": torch.tensor(7)}
    if endings[0] == ".pt":
        torch.save(state, source)
    else:
        safetensors.torch.save_file(state, source)
    assert convert(source, target) == ()
    load = torch.load if endings[1] == ".pt" else safetensors.torch.load_file
    found = load(target)
    assert found["fc.weight"].dtype == weight.dtype
    assert torch.equal(found["fc.weight"].float(), weight.float())
    assert torch.equal(found["step"], state["step"])
    assert convert(source, target, style="prune") == ()
    found = load(target)
    assert torch.equal(found["fc.weight_mask"].float(), (weight != 0).float())


def test_a_threshold_prunes(run, tmp_path):
    torch.save({"fc.weight": torch.tensor([[0.1, -0.9], [0.6, 0.0]])}, tmp_path / "net.pt")
    assert run("convert", tmp_path / "net.pt", tmp_path / "a.pt", "--threshold", 0.5).code == 0
    expected = torch.tensor([[0.0, -0.9], [0.6, 0.0]])
    assert torch.equal(torch.load(tmp_path / "a.pt")["fc.weight"], expected)
    outcome = run("convert", tmp_path / "net.pt", tmp_path / "a.npz", "--threshold", 0.5)
    assert outcome.code == 0
    assert "The weights are lost" in outcome.err
    assert read(tmp_path / "a.npz").n_edges == 2


def test_arrays_are_turned_as_their_widths_say(tmp_path):
    weights = {"a": np.arange(12.0).reshape(3, 4), "b": np.arange(6.0).reshape(2, 3)}
    np.savez(tmp_path / "out-in.npz", **weights)
    np.savez(tmp_path / "in-out.npz", **{name: weight.T for name, weight in weights.items()})
    for name in ("out-in", "in-out"):
        assert convert(tmp_path / f"{name}.npz", tmp_path / "net.pt") == ()
        saved = torch.load(tmp_path / "net.pt")
        for layer, weight in weights.items():
            assert np.array_equal(saved[f"{layer}.weight"].numpy(), weight)
    np.savez(tmp_path / "open.npz", a=weights["a"])
    (lost,) = convert(tmp_path / "open.npz", tmp_path / "net.pt")
    assert "rows were taken as inputs" in lost
    assert torch.load(tmp_path / "net.pt")["a.weight"].shape == (4, 3)
    assert convert(tmp_path / "open.npz", tmp_path / "net.pt", orientation="out-in") == ()
    assert torch.load(tmp_path / "net.pt")["a.weight"].shape == (3, 4)


@pytest.mark.parametrize(
    ("target", "options", "said"),
    [
        ("out.csv", [], ".npz, .npy, .mtx"),
        ("out.npz", ["--to", "npy"], "must end in .npy"),
        ("out.npz", ["--style", "mask"], "belongs to state dicts"),
        ("out.pt", ["--style", "prune"], "--style mask"),
        ("none/out.pt", [], "make the folder"),
    ],
)
def test_what_cannot_be_written_is_a_sentence(run, net, tmp_path, target, options, said):
    outcome = run("convert", net, tmp_path / target, *options)
    assert outcome.code == 2
    assert said in outcome.err
    assert not (tmp_path / target).exists() or target == "net.npz"


def test_kernels_as_edges_are_refused_with_the_way_out(run, trained, tmp_path):
    outcome = run("convert", trained[1], tmp_path / "out.npz")
    assert outcome.code == 1
    assert "--model resnet20" in outcome.err


def test_an_unreadable_source_leaves_no_output(run, tmp_path):
    (tmp_path / "bad.safetensors").write_bytes(b"what")
    assert run("convert", tmp_path / "bad.safetensors", tmp_path / "out.pt").code == 1
    saved = {"fc.weight": torch.full((2, 2), torch.nan)}
    torch.save(saved, tmp_path / "nan.pt")
    assert run("convert", tmp_path / "nan.pt", tmp_path / "out.safetensors").code == 1
    assert not list(tmp_path.glob("out*"))


def test_a_form_or_style_that_is_none_is_refused(net, tmp_path):
    with pytest.raises(ParameterError, match="form must be archive"):
        convert(net, tmp_path / "out.npz", form="zip")
    with pytest.raises(ParameterError, match="style must be weights"):
        convert(net, tmp_path / "out.pt", style="dense")


def test_pruned_biases_are_written_as_they_are_used(tmp_path):
    layer = nn.Linear(3, 4)
    for name in ("weight", "bias"):
        prune.random_unstructured(layer, name, 0.5)
    saved = {f"fc.{name}": tensor for name, tensor in layer.state_dict().items()}
    torch.save(saved, tmp_path / "net.pt")
    lost = convert(tmp_path / "net.pt", tmp_path / "used.pt", style="weights")
    assert "The mask of 'fc.bias', of shape (4,), is of no layer." in lost
    found = torch.load(tmp_path / "used.pt")
    assert torch.equal(found["fc.bias"], layer.bias)
    assert torch.equal(found["fc.weight"], layer.weight)


def test_the_command_offers_every_form_and_style():
    choices = {parameter.name: parameter.type for parameter in command.params}
    assert tuple(choices["form"].choices) == FORMS
    assert tuple(choices["style"].choices) == STYLES


def test_graphml_and_edge_lists_hold_a_net_with_skips(run, tmp_path):
    topograph.write(shortcut(), tmp_path / "net.npz")
    for ending, form in ((".graphml", "graphml"), (".edgelist", "edge-list"), (".edges", None)):
        target = tmp_path / f"net{ending}"
        option = ["--to", form] if form else []
        outcome = run("convert", tmp_path / "net.npz", target, *option)
        assert outcome.code == 0, outcome.err
        assert run("convert", target, tmp_path / "back.npz").code == 0
        assert read(tmp_path / "back.npz").equals(shortcut())
    assert run("convert", tmp_path / "net.npz", tmp_path / "net.txt", "--to", "graphml").code == 2
