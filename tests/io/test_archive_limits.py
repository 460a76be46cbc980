"""What is read of an archive fits the memory that may be used."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from topograph.biadjacency import Sparse
from topograph.errors import ReadError
from topograph.graph import chain
from topograph.io import archive, limits, read, write
from topograph.io.limits import Budget


def test_a_header_is_not_parsed_where_its_objects_would_not_fit(tmp_path, monkeypatch):
    path = tmp_path / "net.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("topograph.json", '{"notes": [' + "0.5," * 200_000 + "0.5]}")
    monkeypatch.setenv(limits.VARIABLE, str(2**20))
    with pytest.raises(ReadError, match="the header would need"):
        read(path)


def test_all_members_together_must_fit_the_cap(tmp_path, monkeypatch):
    """Each member alone would."""
    rng = np.random.default_rng(0)
    layers = [Sparse.from_matrix(rng.random((100, 100)) < 0.5) for _ in range(8)]
    path = tmp_path / "net.npz"
    write(chain(layers), path)
    with zipfile.ZipFile(path) as archive:
        total = sum(info.file_size for info in archive.infolist())
    monkeypatch.setenv(limits.VARIABLE, str(total - 1))
    with pytest.raises(ReadError, match="the unpacked file"):
        read(path)


@pytest.mark.parametrize(("more", "stays"), [(-1, True), (0, False)])
def test_edges_stay_in_the_file_from_the_size_on_that_is_held(tmp_path, monkeypatch, more, stays):
    layer = Sparse.from_matrix(np.random.default_rng(0).random((300, 300)) < 0.5)
    path = tmp_path / "net.npz"
    write(chain([layer]), path)
    monkeypatch.setattr(archive, "HELD_BYTES", 4 * layer.n_edges + more)
    operator = read(path).layers[0].biadjacency
    assert (type(operator).__name__ == "Deferred") == stays


def test_the_cap_itself_may_be_held():
    budget = Budget(100)
    budget.hold(60, "one")
    budget.hold(40, "another")
    with pytest.raises(ReadError):
        budget.check(1, "a third")
