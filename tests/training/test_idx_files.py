from __future__ import annotations

import contextlib
import gzip
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.errors import ReadError, TopographError
from topograph.training import load_data
from topograph.training.data.checksums import FASHION_MNIST, MNIST
from topograph.training.data.idx import read_idx

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx(array, kind=8):
    head = struct.pack(">HBB", 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(np.uint8).tobytes()


def small_mnist(rng, n_train=30, n_test=10):
    arrays = []
    for count in (n_train, n_test):
        arrays += [rng.integers(0, 256, (count, 28, 28)), rng.integers(0, 10, count)]
    return dict(zip(NAMES, arrays, strict=True))


def write_mnist(folder, arrays, suffix=".gz"):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        content = idx(array)
        (folder / f"{name}{suffix}").write_bytes(gzip.compress(content) if suffix else content)


@pytest.mark.parametrize("suffix", [".gz", ""])
@pytest.mark.parametrize("subfolder", ["", "mnist"])
def test_the_four_files_are_found_and_read(tmp_path, rng, suffix, subfolder):
    arrays = small_mnist(rng)
    write_mnist(tmp_path / subfolder, arrays, suffix)
    data = load_data("mnist", tmp_path)
    assert data.shape == (1, 28, 28)
    assert (data.train_images[:, 0].numpy() == arrays[NAMES[0]]).all()
    assert (data.test_labels.numpy() == arrays[NAMES[3]]).all()
    assert not data.verified
    assert not data.lossy
    assert len(data.notes) == 4
    assert "is not the published file" in data.notes[0]


def test_the_subfolder_named_like_the_set_wins(tmp_path, rng):
    write_mnist(tmp_path / "mnist", small_mnist(rng, 30))
    write_mnist(tmp_path / "fashion-mnist", small_mnist(rng, 20))
    write_mnist(tmp_path, small_mnist(rng, 10))
    assert len(load_data("mnist", tmp_path).train_labels) == 30
    assert len(load_data("fashion-mnist", tmp_path).train_labels) == 20


def test_the_folder_comes_from_the_environment(tmp_path, rng, monkeypatch):
    write_mnist(tmp_path, small_mnist(rng))
    monkeypatch.setenv("TOPOGRAPH_DATA", str(tmp_path))
    assert len(load_data("mnist").train_labels) == 30
    monkeypatch.delenv("TOPOGRAPH_DATA")
    with pytest.raises(ReadError, match=r"none is named.*TOPOGRAPH_DATA"):
        load_data("mnist")


def test_what_is_missing_is_named(tmp_path, rng):
    with pytest.raises(ReadError, match=r"needs the file train-images-idx3-ubyte\.gz"):
        load_data("mnist", tmp_path)
    with pytest.raises(ReadError, match="a folder that exists"):
        load_data("mnist", tmp_path / "none")
    arrays = small_mnist(rng)
    del arrays[NAMES[2]]
    write_mnist(tmp_path / "mnist", arrays)
    with pytest.raises(ReadError, match=r"needs the file t10k-images-idx3-ubyte\.gz"):
        load_data("mnist", tmp_path)


HOSTILE = {
    "empty": b"",
    "no magic": b"\1\2\3\4" * 10,
    "floats": struct.pack(">HBBI", 0, 0x0D, 1, 4) + bytes(16),
    "labels for images": idx(np.zeros(4)),
    "half a header": struct.pack(">HBBI", 0, 8, 3, 4),
    "too few values": idx(np.zeros((2, 28, 28)))[:-1],
    "too many values": idx(np.zeros((2, 28, 28))) + b"\0",
    "no images": struct.pack(">HBBIII", 0, 8, 3, 0, 28, 28),
    "sizes that overflow": struct.pack(">HBBIII", 0, 8, 3, *[2**32 - 1] * 3) + bytes(9),
    "sizes that lie": struct.pack(">HBBIII", 0, 8, 3, 60000, 28, 28) + bytes(100),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("suffix", [".gz", ""])
def test_hostile_files_are_one_sentence(tmp_path, content, suffix):
    path = tmp_path / f"images{suffix}"
    path.write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(ReadError) as caught:
        read_idx(path, 3)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("cut", [5, 30, -4])
def test_a_cut_gzip_stream_is_one_sentence(tmp_path, rng, cut):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx(rng.integers(0, 256, (3, 28, 28))))[:cut])
    with pytest.raises(ReadError, match="whole gzip stream"):
        read_idx(path, 3)


def test_a_gzip_bomb_is_refused_by_the_cap(tmp_path, monkeypatch):
    path = tmp_path / "images.gz"
    head = struct.pack(">HBBIII", 0, 8, 3, 1000, 1000, 20)
    path.write_bytes(gzip.compress(head + bytes(20_000_000)))
    monkeypatch.setenv("TOPOGRAPH_MAX_BYTES", "1000000")
    with pytest.raises(ReadError, match="TOPOGRAPH_MAX_BYTES"):
        read_idx(path, 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({NAMES[1]: np.full(30, 10)}, "labels of the train set must lie in 0..9"),
        ({NAMES[1]: np.zeros(29)}, "30 images and 29 labels"),
        ({NAMES[2]: np.zeros((10, 8, 8))}, "one shape"),
    ],
)
def test_files_that_do_not_belong_together(tmp_path, rng, change, words):
    write_mnist(tmp_path, small_mnist(rng) | change)
    with pytest.raises(ReadError, match=words):
        load_data("mnist", tmp_path)


@given(content=st.binary(max_size=64))
def test_no_bytes_do_worse_than_an_error(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "images"
    path.write_bytes(struct.pack(">HBB", 0, 8, 3) + content)
    with contextlib.suppress(TopographError):
        read_idx(path, 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "published"), [("mnist", MNIST), ("fashion-mnist", FASHION_MNIST)]
)
def test_the_published_files_are_verified_packed_and_plain(tmp_path, name, published):
    folder = os.environ.get("TOPOGRAPH_DATA", "")
    source = Path(folder, name)
    if not folder or not source.is_dir():
        pytest.skip(f"TOPOGRAPH_DATA names no folder with {name}/ in it")
    data = load_data(name, folder)
    assert data.verified
    assert data.notes == ()
    for stem in NAMES:
        packed = (source / f"{stem}.gz").read_bytes()
        (tmp_path / stem).write_bytes(gzip.decompress(packed))
    plain = load_data(name, tmp_path)
    assert plain.verified
    assert bool((plain.train_images == data.train_images).all())
    assert len(published) == 8
