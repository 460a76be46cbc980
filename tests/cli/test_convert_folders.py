"""Nets as folders that hold a file a layer."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse

import topograph
from topograph.io import read


def test_a_folder_of_scipy_has_a_file_a_layer(run, net, tmp_path):
    assert run("convert", net, tmp_path / "layers", "--to", "scipy").code == 0
    files = sorted((tmp_path / "layers").iterdir())
    assert [file.name for file in files] == ["1-fc1.npz", "2-fc2.npz"]
    assert scipy.sparse.load_npz(files[0]).toarray().tolist() == np.eye(4, 3).tolist()
    assert [layer.shape for layer in read(files).layers] == [(4, 3), (3, 5)]
    one = tmp_path / "one.npz"
    assert run("convert", net, one, "--to", "scipy", "--layers", "1:1").code == 0
    assert scipy.sparse.load_npz(one).shape == (4, 3)
    assert run("convert", net, one, "--to", "scipy").code == 2


def test_a_folder_of_graphchallenge_comes_back(run, net, tmp_path):
    masks = [np.eye(6), np.triu(np.ones((6, 6)))]
    topograph.write(topograph.from_layers(masks), tmp_path / "square.npz")
    assert run("convert", tmp_path / "square.npz", tmp_path / "edges").code == 0
    graph = read(tmp_path / "edges")
    assert graph.widths == (6, 6, 6)
    for layer, mask in zip(graph.layers, masks, strict=True):
        assert np.array_equal(layer.biadjacency.to_csr().toarray(), mask)
    outcome = run("convert", net, tmp_path / "other")
    assert outcome.code == 2
    assert "4 - 3 - 5" in outcome.err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("form", "older"),
    [("graphchallenge", "n6-l3.tsv"), ("graphchallenge", "old-L7.TSV.gz"), ("scipy", "3-fc3.npz")],
)
def test_a_folder_with_layers_of_another_net_is_refused(run, tmp_path, form, older):
    topograph.write(topograph.from_layers([np.eye(6)] * 2), tmp_path / "net.npz")
    folder = tmp_path / "layers"
    folder.mkdir()
    (folder / "notes.tsv").touch()
    assert run("convert", tmp_path / "net.npz", folder, "--to", form).code == 0
    (folder / older).touch()
    outcome = run("convert", tmp_path / "net.npz", folder, "--to", form)
    assert outcome.code == 2
    assert f"but it holds {older}" in outcome.err
