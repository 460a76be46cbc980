"""Masks of convolutions in a bundle."""

from __future__ import annotations

import dataclasses

import pytest

from tests.training.bundle.short_runs import SHORT, bundle, plan
from topograph.analysis import analyze
from topograph.architectures import graph_of
from topograph.errors import ParameterError, ReadError
from topograph.io import read_convolution_masks
from topograph.pruning import prune_random, save_masks
from topograph.training import MODERN, build_model, find_recipe
from topograph.training.bundle import RunPlan, collect_bundle, make_bundle, train_bundle
from topograph.training.bundle.collecting import network_columns
from topograph.training.bundle.model_mask_files import (
    model_masks_digest,
    read_model_masks,
    write_model_masks,
)
from topograph.training.bundle.units import chunks_of
from topograph.training.data.preparation import prepared_shape
from topograph.training.data.published import PUBLISHED


@pytest.fixture
def convolutions(tmp_path):
    """Masks of a LeNet-5 for the digits, in a file."""
    module = build_model("lenet-5", (1, 8, 8))
    pruned = prune_random(module, 0.7, seed=2)
    path = tmp_path / "conv.npz"
    save_masks(pruned, module, path, input_shape=(1, 8, 8), provenance={"model": "lenet-5"})
    return path


def test_masks_of_convolutions_travel_and_train(tmp_path, nets, convolutions):
    masks = nets | {"conv": read_convolution_masks(convolutions)}
    manifest = bundle(masks, tmp_path / "b", seeds=(0,), with_proxies=True, rate_factors=(1, 2))
    sizes = {
        unit.mask.kind: len(chunk.units) for chunk in chunks_of(manifest, 9) for unit in chunk.units
    }
    assert sizes == {"chain": 2, "model": 1}
    assert [mask.kind for mask in manifest.masks] == ["chain", "chain", "model"]
    rows = {row["name"]: row for row in train_bundle(RunPlan(tmp_path / "b", workers=2))}
    assert rows["conv"]["engine"] == "module"
    assert rows["conv"]["trained_edges"] == rows["conv"]["n_edges"]
    for engine in ("dense", "kernel", "sparse", "radix"):
        bundle({"conv": masks["conv"]}, tmp_path / engine, seeds=(0,))
        with pytest.raises(ParameterError, match="module"):
            list(train_bundle(RunPlan(tmp_path / engine, engine=engine)))
    assert rows["conv"]["density"] == pytest.approx(0.3, abs=0.001)
    assert len(rows["conv"]["gradient_norms"][0]) == 4
    assert rows["net-0.5"]["proxy.synflow_total"] is not None
    proxies = {key for key in rows["net-0.5"] if key.startswith("proxy.")}
    assert {key for key in rows["conv"] if key.startswith("proxy.")} == proxies
    assert rows["conv"]["proxy.ntk_trace"] > 0
    with pytest.raises(ParameterError, match="edge_threshold"):
        bundle(masks, tmp_path / "c", edge_threshold=0.1)
    for change in ({"batch_norm": True}, {"biases": False}):
        recipe = dataclasses.replace(SHORT, **change)
        with pytest.raises(ParameterError, match="biases"):
            make_bundle(masks, "digits", recipe, tmp_path / "c")


@pytest.mark.parametrize("encoding", ["unrolled", "channel"])
def test_masks_of_convolutions_are_measured_as_analyze_measures_their_file(
    tmp_path, nets, convolutions, encoding
):
    masks = nets | {"conv": read_convolution_masks(convolutions)}
    bundle(masks, tmp_path / "b", seeds=(0,))
    list(train_bundle(RunPlan(tmp_path / "b")))
    rows = {row["name"]: row for row in collect_bundle(tmp_path / "b", encoding=encoding)}
    assert set(rows) == set(masks)
    graph = graph_of(convolutions, "lenet-5", encoding=encoding)
    expected = network_columns(analyze(graph))
    assert {key: rows["conv"][key] for key in rows["conv"] if "." in key} == expected
    assert expected["metric.path_count"] > 0
    assert rows["conv"]["encoding"] == encoding
    assert "encoding" not in rows["net-0.5"]


def test_the_shape_of_prepared_images_is_known_without_them():
    """The recipe of the paper crops CIFAR-10 from 32 x 32 to 24 x 24."""
    recipe = find_recipe("alford2018", "cifar10")
    assert prepared_shape("cifar10", recipe) == (3, 24, 24)
    for name, known in PUBLISHED.items():
        assert prepared_shape(name, MODERN) == known.shape


def test_masks_of_a_model_that_were_changed_are_refused(tmp_path, convolutions):
    found = read_convolution_masks(convolutions)
    manifest = bundle({"conv": found}, tmp_path / "b", seeds=(0,))
    (path,) = (tmp_path / "b" / "masks").iterdir()
    assert path.stem == manifest.masks[0].digest == model_masks_digest(found.masks)
    again = read_model_masks(path, path.stem)
    assert {name: mask.tolist() for name, mask in again.items()} == {
        name: mask.tolist() for name, mask in found.masks.items()
    }
    changed = {name: mask.copy() for name, mask in found.masks.items()}
    changed["fc2.weight"][0, 0] ^= True
    write_model_masks(changed, path)
    with pytest.raises(ReadError, match="digest"):
        list(train_bundle(plan(tmp_path / "b", engine="module")))
    path.write_bytes(b"no masks")
    with pytest.raises(ReadError, match="damaged"):
        read_model_masks(path, path.stem)
    found.header["provenance"]["model"] = "lenet-6"
    with pytest.raises(ParameterError, match="lenet-6"):
        bundle({"conv": found}, tmp_path / "d")


def test_masks_of_other_shapes_than_the_images_give_are_refused(tmp_path, convolutions):
    """They are of a LeNet-5 for images of 8 x 8."""
    masks = {"conv": read_convolution_masks(convolutions)}
    with pytest.raises(ParameterError, match=r"fc1.weight in lenet-5 for mnist.*\(384, 2450\)"):
        make_bundle(masks, "mnist", SHORT, tmp_path / "c")


def test_a_name_of_no_data_set_is_refused(tmp_path, convolutions):
    masks = {"conv": read_convolution_masks(convolutions)}
    with pytest.raises(ParameterError, match=r"one of digits, mnist.*'mnits'"):
        make_bundle(masks, "mnits", SHORT, tmp_path)
