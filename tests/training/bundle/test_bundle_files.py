from __future__ import annotations

import dataclasses
import itertools
import json

import pytest
from hypothesis import given

from topograph import from_layers
from topograph.biadjacency import Kronecker
from topograph.digest import mask_digest
from topograph.errors import ParameterError, ReadError
from topograph.generators import append_dense, family_net, graphchallenge_net, radix_net
from topograph.testing import layered_graphs
from topograph.training import ALFORD_2018, MODERN, load_data
from topograph.training.bundle import Manifest, MaskEntry, make_bundle, read_manifest
from topograph.training.bundle.mask_files import read_mask, write_mask
from topograph.training.bundle.packed_data import read_packed_data, write_data
from topograph.training.bundle.results import append_results, read_results


@given(graph=layered_graphs())
def test_a_mask_written_and_read_is_the_same(tmp_path_factory, graph):
    path = tmp_path_factory.mktemp("mask") / "mask.safetensors"
    digest = write_mask(graph, path)
    again = read_mask(path, digest)
    assert again.equals(graph)
    assert dict(again.provenance) == dict(graph.provenance)
    assert digest == mask_digest(graph)


def test_radix_layers_stay_without_indices(tmp_path):
    net = graphchallenge_net(1024, 8, seed=3)  # the last layers have permuted rows
    path = tmp_path / "mask.safetensors"
    again = read_mask(path, write_mask(net, path))
    assert again.equals(net)
    assert all(isinstance(layer.biadjacency, Kronecker) for layer in again.layers)
    assert path.stat().st_size < 50_000


def test_a_mask_that_was_changed_is_refused(tmp_path, nets):
    path = tmp_path / "mask.safetensors"
    one, other = nets.values()
    digest = write_mask(one, path)
    write_mask(other, path)
    with pytest.raises(ReadError, match="digest"):
        read_mask(path, digest)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(ReadError, match="damaged"):
        read_mask(path, digest)
    with pytest.raises(ReadError, match="not there"):
        read_mask(tmp_path / "none", digest)


def test_the_manifest_says_all(tmp_path, nets):
    made = make_bundle(
        nets,
        "digits",
        ALFORD_2018,
        tmp_path,
        seeds=(3, 4),
        rate_factors=(0.5, 1.0),
        n_validation=100,
        edge_threshold=0.01,
        with_proxies=True,
    )
    assert read_manifest(tmp_path) == made
    assert made.n_runs == 8
    assert [mask.name for mask in made.masks] == list(nets)
    assert [mask.digest for mask in made.masks] == [mask_digest(net) for net in nets.values()]
    assert sorted(path.stem for path in (tmp_path / "masks").iterdir()) == sorted(
        mask.digest for mask in made.masks
    )


def test_a_bundle_may_be_extended_but_not_replaced(tmp_path, nets):
    first, _ = nets
    make_bundle({first: nets[first]}, "digits", MODERN, tmp_path)
    more = make_bundle(nets, "digits", MODERN, tmp_path, seeds=(0, 1))
    assert read_manifest(tmp_path) == more
    with pytest.raises(ParameterError, match="another"):
        make_bundle(nets, "digits", ALFORD_2018, tmp_path)
    with pytest.raises(ParameterError, match="784 inputs"):
        make_bundle(nets, "mnist", MODERN, tmp_path)
    assert read_manifest(tmp_path) == more


def test_the_same_mask_twice_is_one(tmp_path, nets):
    net = next(iter(nets.values()))
    assert len(make_bundle({"a": net, "b": net}, "digits", MODERN, tmp_path).masks) == 1


def test_of_masks_with_the_same_edges_the_first_is_kept(tmp_path):
    """Its name, where it came from, and how it is held."""
    net = append_dense(radix_net([[8, 8]]), 10)
    plain = from_layers([layer.biadjacency.to_csr() for layer in net.layers])
    for number, (one, other) in enumerate(itertools.permutations([net, plain])):
        folder = tmp_path / str(number)
        (entry,) = make_bundle({"first": one, "second": other}, "digits", MODERN, folder).masks
        assert entry.name == "first"
        assert entry.provenance == dict(one.provenance)
        (path,) = (folder / "masks").iterdir()
        held = [type(layer.biadjacency) for layer in read_mask(path, entry.digest).layers]
        assert held == [type(layer.biadjacency) for layer in one.layers]


def test_data_stay_in_a_bundle_that_is_extended(tmp_path, nets):
    make_bundle(nets, "digits", MODERN, tmp_path, pack=load_data("digits"))
    assert make_bundle(nets, "digits", MODERN, tmp_path, seeds=(0, 1)).has_data
    assert read_manifest(tmp_path).has_data
    assert not make_bundle(nets, "digits", MODERN, tmp_path / "other").has_data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: said.update(format="other"), "it is none"),
        (lambda said: said.update(format_version=2), "newer"),
        (lambda said: said.pop("seeds"), "seeds"),
        (lambda said: said.update(seeds=[]), "seeds"),
        (lambda said: said.update(rate_factors=[0.0]), "rate"),
        (lambda said: said["recipe"].update(momentum="much"), "momentum"),
        (lambda said: said["masks"][0].update(digest="../../etc/passwd"), "digest"),
    ],
)
def test_manifests_that_are_none(tmp_path, nets, change, message):
    make_bundle(nets, "digits", MODERN, tmp_path)
    path = tmp_path / "manifest.json"
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said))
    with pytest.raises(ReadError, match=message):
        read_manifest(tmp_path)


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path):
    with pytest.raises(ReadError, match=r"manifest\.json"):
        read_manifest(tmp_path)
    (tmp_path / "manifest.json").write_bytes(b"\xff{")
    with pytest.raises(ReadError, match="damaged"):
        read_manifest(tmp_path)


def test_a_plan_must_have_runs():
    mask = MaskEntry("a", "0" * 64, "chain", (2, 2), 1, 4)
    plan = Manifest((mask,), "digits", MODERN, (0,))
    wrong = [{"masks": ()}, {"seeds": ()}, {"seeds": (-1,)}, {"n_steps": 0}]
    wrong += [{"seeds": (1, 2, 1)}, {"rate_factors": (0.5, 0.5)}]
    wrong += [{"rate_factors": (value,)} for value in (float("nan"), float("inf"), 0.0)]
    wrong += [{"edge_threshold": value} for value in (float("nan"), -1.0)]
    for change in wrong:
        with pytest.raises(ParameterError):
            dataclasses.replace(plan, **change)


def test_packed_data_are_the_data(tmp_path):
    data = load_data("digits")
    write_data(data, tmp_path)
    again = read_packed_data(tmp_path)
    for name in ("train_images", "train_labels", "test_images", "test_labels"):
        assert getattr(again, name).equal(getattr(data, name))
        assert getattr(again, name).dtype == getattr(data, name).dtype
    assert again.provenance() == data.provenance()
    (tmp_path / "data.safetensors").write_bytes(b"x" * 50)
    with pytest.raises(ReadError, match="damaged"):
        read_packed_data(tmp_path)


def test_half_a_line_is_dropped_and_others_are_kept(tmp_path):
    path = tmp_path / "results.jsonl"
    append_results(path, [{"key": "a", "value": float("nan"), "list": [1.0, float("inf")]}])
    with path.open("ab") as file:
        file.write(b'{"key": "b", "val')
    assert [row["key"] for row in read_results(path)] == ["a"]
    append_results(path, [{"key": "c", "value": 2}])
    append_results(path, [{"key": "a", "value": 3}])
    assert read_results(path) == [
        {"key": "a", "value": None, "list": [1.0, None]},
        {"key": "c", "value": 2},
    ]
    half_only = tmp_path / "half"
    half_only.write_bytes(b"x" * 200_000)
    append_results(half_only, [{"key": "d"}])
    assert half_only.read_bytes() == b'{"key": "d"}\n'


def test_a_line_that_is_no_row_is_named(tmp_path):
    path = tmp_path / "results.jsonl"
    for line in (b"rubbish", b"[1]", b'{"seed": 1}', b"\xff"):
        path.write_bytes(b'{"key": "a"}\n' + line + b"\n")
        with pytest.raises(ReadError, match=r"results\.jsonl: Line 2"):
            read_results(path)


def test_large_nets_are_not_unfolded(tmp_path):
    net = family_net("fixed-fan-in", (30_000, 30_000), fan_in=2, seed=0)
    path = tmp_path / "wide.safetensors"
    write_mask(net, path)
    assert path.stat().st_size < 1_000_000
