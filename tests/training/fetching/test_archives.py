"""Files that come in an archive."""

from __future__ import annotations

import pytest

from tests.training.fetching.made_files import (
    BATCHES,
    BINARY,
    PYTHON,
    TOPS,
    cifar_batches,
    everything_in,
    packed,
    publish,
    write,
)
from topograph.errors import ReadError
from topograph.training import load_data
from topograph.training.data import unpacking
from topograph.training.data.checking import check_data
from topograph.training.data.fetching import fetch_data

pytest.importorskip("pooch")


@pytest.mark.parametrize("archive", TOPS)
def test_batches_are_unpacked_and_nothing_else(tmp_path, cifar, archive):
    mirror = write(tmp_path / "mirror", {archive: cifar[archive]})
    data_dir = tmp_path / "a" / "data"
    fetched = fetch_data("cifar10", data_dir, str(mirror))
    assert everything_in(tmp_path / "a") == sorted(cifar_batches(archive))
    assert [file.path.name for file in fetched] == list(cifar_batches(archive))
    assert load_data("cifar10", data_dir).verified is (archive == PYTHON)
    assert [file.outcome for file in fetch_data("cifar10", data_dir)] == ["kept"] * 6


def test_the_archive_whose_batches_have_checksums_comes_first(tmp_path, cifar):
    mirror = write(tmp_path / "mirror", cifar)
    fetch_data("cifar10", tmp_path / "data", str(mirror))
    assert everything_in(tmp_path / "data") == sorted(BATCHES)


@pytest.mark.parametrize("archive", TOPS)
def test_batches_are_mended_where_the_loader_reads_them(tmp_path, cifar, archive):
    mirror = write(tmp_path / "mirror", cifar)
    names = list(cifar_batches(archive))
    here = write(tmp_path / "data", cifar_batches(archive) | {names[2]: b"cut"})
    (here / names[4]).unlink()
    fetched = fetch_data("cifar10", here, str(mirror))
    assert [file.outcome for file in fetched] == ["replaced"] * 4 + ["fetched", "replaced"]
    assert everything_in(here) == sorted(names)
    assert not any(check.is_bad for check in check_data("cifar10", here))


def test_an_archive_that_is_there_is_used_and_kept(tmp_path, cifar):
    write(tmp_path / "cifar10", {BINARY: cifar[BINARY]})
    fetch_data("cifar10", tmp_path)
    assert everything_in(tmp_path) == sorted([BINARY, *cifar_batches(BINARY)])


@pytest.mark.usefixtures("cifar")
def test_an_archive_without_all_batches_leaves_nothing(tmp_path, monkeypatch):
    top = TOPS[PYTHON]
    content = packed([(f"{top}/{BATCHES[0]}", b"one")])
    publish(monkeypatch, "cifar10", {PYTHON: content})
    mirror = write(tmp_path / "mirror", {PYTHON: content})
    with pytest.raises(ReadError, match=r"lacks .*test_batch"):
        fetch_data("cifar10", tmp_path / "data", str(mirror))
    assert not everything_in(tmp_path / "data")


@pytest.mark.parametrize("damage", ["cut", "no archive"])
def test_a_damaged_archive_is_one_sentence(tmp_path, cifar, damage):
    path = tmp_path / "some.tar.gz"
    path.write_bytes(cifar[PYTHON][:500] if damage == "cut" else b"hello")
    with pytest.raises(ReadError, match="whole archive"):
        unpacking.unpack_batches(path, TOPS[PYTHON], BATCHES, tmp_path / "out")
    assert not everything_in(tmp_path / "out")


@pytest.mark.parametrize(
    ("limit", "words"), [("_LARGEST_BATCH", "at most"), ("_LARGEST_ARCHIVE", "unpack to at most")]
)
def test_what_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, limit, words):
    path = tmp_path / PYTHON
    path.write_bytes(packed([(f"{TOPS[PYTHON]}/data_batch_1", bytes(200_000))]))
    monkeypatch.setattr(unpacking, limit, 100_000)
    with pytest.raises(ReadError, match=words):
        unpacking.unpack_batches(path, TOPS[PYTHON], BATCHES, tmp_path / "out")
    assert not everything_in(tmp_path / "out")
