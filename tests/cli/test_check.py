from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy
from torch import nn
from torch.nn.utils import prune

import topograph
from topograph.checking import SHOWN, check_mask
from topograph.io import read_named_masks


@pytest.fixture
def files(tmp_path):
    """Weights of a small convolutional net, and its mask by parameter name."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(12, 4))
    masks = {f"{n}.weight": torch.rand(net[n].weight.shape) < 0.5 for n in (0, 2)}
    with torch.no_grad():
        for number in (0, 2):
            net[number].weight *= masks[f"{number}.weight"]
    torch.save(net.state_dict(), tmp_path / "weights.pt")
    torch.save(masks, tmp_path / "mask.pth")
    return tmp_path / "weights.pt", tmp_path / "mask.pth"


def change(path, entry, value):
    state = torch.load(path)
    state["0.weight"][entry] = value
    torch.save(state, path)


def entry_of(mask, wanted):
    return tuple(torch.argwhere(torch.load(mask)["0.weight"] == wanted)[0].tolist())


@pytest.mark.parametrize("threshold", ["nan", "inf"])
def test_a_threshold_that_all_weights_pass_is_refused(run, files, threshold):
    weights, mask = files
    change(weights, entry_of(mask, False), 1.0)
    done = run("check", weights, "--mask", mask, "--threshold", threshold)
    assert done.code == 2
    assert "finite" in done.err


def test_a_mask_that_is_respected_is_0(run, files):
    weights, mask = files
    outcome = run("check", weights, "--mask", mask)
    assert outcome.code == 0
    assert outcome.out.endswith("The mask is respected.\n")


def test_a_weight_that_regrew_is_4_and_named(run, files):
    weights, mask = files
    entry = entry_of(mask, False)
    change(weights, entry, 0.25)
    outcome = run("check", weights, "--mask", mask, "--format", "json")
    assert outcome.code == 4
    answer = json.loads(outcome.out)
    assert not answer["respected"]
    kernel, matrix = answer["parameters"]
    assert (kernel["parameter"], kernel["outside"]) == ("0.weight", 1)
    assert kernel["first_outside"] == [list(entry)]
    assert matrix["outside"] == 0
    assert kernel["kept"] == int(torch.load(mask)["0.weight"].sum())
    text = run("check", weights, "--mask", mask)
    assert f"0.weight: outside the mask at {entry}" in text.out
    assert text.out.endswith("The mask is violated.\n")
    assert run("check", weights, "--mask", mask, "--threshold", 0.3).code == 0


def test_a_kept_weight_of_zero_is_told_and_allowed(run, files):
    weights, mask = files
    entry = entry_of(mask, True)
    change(weights, entry, 0.0)
    outcome = run("check", weights, "--mask", mask)
    assert outcome.code == 0
    assert f"0.weight: kept but zero at {entry}" in outcome.out


def test_layers_that_only_one_file_has_are_named(run, files, tmp_path):
    weights, mask = files
    masks = torch.load(mask)
    torch.save({"0.weight": masks["0.weight"]}, tmp_path / "part.pth")
    outcome = run("check", weights, "--mask", tmp_path / "part.pth")
    assert outcome.code == 0
    assert "2.weight has weights but no mask." in outcome.out
    torch.save(masks | {"7.weight": torch.ones(2, 2)}, tmp_path / "more.pth")
    outcome = run("check", weights, "--mask", tmp_path / "more.pth")
    assert outcome.code == 4
    assert "7.weight has a mask but no weights." in outcome.out


@pytest.mark.parametrize(
    "mask",
    [{"0.weight": torch.ones(2, 2)}, {"other.weight": torch.ones(2, 2)}],
    ids=["another shape", "no common name"],
)
def test_masks_of_another_net_are_1(run, files, tmp_path, mask):
    torch.save(mask, tmp_path / "other.pth")
    outcome = run("check", files[0], "--mask", tmp_path / "other.pth")
    assert outcome.code == 1
    assert outcome.err.startswith("Error: ")


def test_unreadable_files_and_no_mask_are_1(run, files, tmp_path):
    assert run("check", tmp_path / "none.pt", "--mask", files[1]).code == 1
    outcome = run("check", files[0])
    assert outcome.code == 1
    assert "--mask MASK" in outcome.err
    torch.save({"0.weight": torch.full((3, 2, 3, 3), torch.nan)}, tmp_path / "nan.pt")
    outcome = run("check", tmp_path / "nan.pt", "--mask", files[1])
    assert outcome.code == 1
    assert "NaN" in outcome.err


def test_every_format_of_masks_can_be_compared(run, tmp_path):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    masks = {f"{n}": torch.rand(net[n].weight.shape) < 0.5 for n in (0, 2)}
    with torch.no_grad():
        for name, mask in masks.items():
            net[int(name)].weight *= mask
    safetensors.torch.save_file(net.state_dict(), tmp_path / "net.safetensors")
    graph = topograph.from_layers(masks, orientation="out-in")
    topograph.write(graph, tmp_path / "archive.npz")
    np.savez(tmp_path / "as-torch.npz", **{n: mask.numpy() for n, mask in masks.items()})
    np.savez(tmp_path / "in-out.npz", **{n: mask.numpy().T for n, mask in masks.items()})
    torch.save({f"{n}.weight": mask for n, mask in masks.items()}, tmp_path / "mask.pth")
    torch.save({f"module.{n}.weight": mask for n, mask in masks.items()}, tmp_path / "ddp.pth")
    for name in ("archive.npz", "as-torch.npz", "in-out.npz", "mask.pth", "ddp.pth"):
        outcome = run("check", tmp_path / "net.safetensors", "--mask", tmp_path / name)
        assert outcome.code == 0, name
    with torch.no_grad():
        net[2].weight[~masks["2"]] = 1.0
    safetensors.torch.save_file(net.state_dict(), tmp_path / "net.safetensors")
    for name in ("archive.npz", "as-torch.npz", "in-out.npz", "mask.pth", "ddp.pth"):
        outcome = run(
            "check", tmp_path / "net.safetensors", "--mask", tmp_path / name, "--format", "json"
        )
        assert outcome.code == 4, name
        found = json.loads(outcome.out)["parameters"][1]
        assert found["outside"] == int((~masks["2"]).sum())
        expected = torch.argwhere(~masks["2"])[:SHOWN]
        assert found["first_outside"] == expected.tolist()


def test_square_matrices_of_an_open_side_are_noted(run, tmp_path):
    torch.save({"fc.weight": torch.ones(3, 3)}, tmp_path / "net.pt")
    np.savez(tmp_path / "mask.npz", fc=np.ones((3, 3)))
    outcome = run("check", tmp_path / "net.pt", "--mask", tmp_path / "mask.npz")
    assert outcome.code == 0
    assert outcome.err.startswith("Note: ")


def test_masks_of_torch_prune_are_applied(run, tmp_path):
    layer = nn.Linear(4, 3)
    prune.random_unstructured(layer, "weight", 0.5)
    torch.save(
        {f"fc.{name}": tensor for name, tensor in layer.state_dict().items()}, tmp_path / "net.pt"
    )
    torch.save({"fc.weight": layer.weight_mask}, tmp_path / "mask.pth")
    assert run("check", tmp_path / "net.pt", "--mask", tmp_path / "mask.pth").code == 0
    assert run("check", tmp_path / "net.pt").code == 0
    torch.save({"fc.weight": torch.zeros(3, 4)}, tmp_path / "mask.pth")
    assert run("check", tmp_path / "net.pt", "--mask", tmp_path / "mask.pth").code == 4


def test_mask_buffers_are_checked_against_the_weights_beside_them(run, tmp_path):
    saved = {"fc.weight": torch.eye(3), "fc.weight_mask": torch.eye(3)}
    torch.save(saved, tmp_path / "net.pt")
    assert run("check", tmp_path / "net.pt").code == 0
    saved["fc.weight"] = torch.ones(3, 3)
    torch.save(saved, tmp_path / "net.pt")
    outcome = run("check", tmp_path / "net.pt")
    assert outcome.code == 4
    assert "outside the mask at (0, 1), (0, 2), (1, 0), (1, 2), (2, 0), ..." in outcome.out


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    hypothesis_numpy.array_shapes(min_dims=2, max_dims=4, max_side=4).flatmap(
        lambda shape: st.tuples(*[hypothesis_numpy.arrays(np.bool_, shape)] * 2)
    )
)
def test_counts_are_those_of_the_entries(tmp_path, pair):
    there, kept = pair
    torch.save({"a.weight": torch.from_numpy(there).float()}, tmp_path / "w.pt")
    torch.save({"a.weight": torch.from_numpy(kept)}, tmp_path / "m.pt")
    found = check_mask(read_named_masks(tmp_path / "w.pt"), read_named_masks(tmp_path / "m.pt"))
    (one,) = found.parameters
    outside = [tuple(entry) for entry in np.argwhere(there & ~kept).tolist()]
    zeros = [tuple(entry) for entry in np.argwhere(kept & ~there).tolist()]
    assert (one.n_kept, one.n_outside, one.n_zero) == (kept.sum(), len(outside), len(zeros))
    assert (list(one.outside), list(one.zeros)) == (outside[:SHOWN], zeros[:SHOWN])
    assert found.is_respected == (not outside)
