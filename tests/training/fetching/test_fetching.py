"""Files from a mirror, one by one."""

from __future__ import annotations

import gzip
import socket
import sys

import pytest

from tests.training.fetching.made_files import MNIST_FILES, everything_in, md5, write
from topograph.errors import MissingExtraError, ParameterError, ReadError
from topograph.training import load_data
from topograph.training.data.fetching import fetch_data

pytest.importorskip("pooch")


@pytest.mark.parametrize("subfolder", ["mnist", "."])
def test_files_come_from_a_server_to_where_the_loader_finds_them(
    tmp_path, server, mnist, subfolder
):
    write(server.root / subfolder, mnist)
    data_dir = tmp_path / "new" / "data"
    fetched = fetch_data("mnist", data_dir, f"{server.url}/")
    assert [file.outcome for file in fetched] == ["fetched"] * 4
    data = load_data("mnist", data_dir)
    assert data.verified
    assert data.train_images.shape == (12, 1, 28, 28)
    assert everything_in(data_dir) == sorted(MNIST_FILES)
    assert fetched[0].path == data_dir / "mnist" / MNIST_FILES[0]


def test_new_files_can_be_read_by_whoever_may_read_new_files(tmp_path, server, mnist):
    write(server.root, mnist)
    (fetched, *_) = fetch_data("mnist", tmp_path / "data", server.url)
    beside = tmp_path / "beside"
    beside.touch()
    assert fetched.path.stat().st_mode == beside.stat().st_mode


def test_good_files_are_kept_and_bad_ones_replaced(tmp_path, server, mnist):
    write(server.root, mnist)
    here = write(tmp_path / "data" / "mnist", mnist)
    (here / MNIST_FILES[0]).unlink()
    (here / MNIST_FILES[1]).write_bytes(b"damaged")
    (here / MNIST_FILES[2]).unlink()
    (here / MNIST_FILES[2][:-3]).write_bytes(gzip.decompress(mnist[MNIST_FILES[2]]))
    fetched = fetch_data("mnist", tmp_path / "data", server.url)
    assert [file.outcome for file in fetched] == ["fetched", "replaced", "kept", "kept"]
    assert set(server.asked) == {
        f"{folder}/{name}" for folder in ("/mnist", "") for name in MNIST_FILES[:2]
    }
    assert load_data("mnist", tmp_path / "data").verified


def test_a_whole_set_needs_no_mirror_and_no_pooch(tmp_path, mnist, monkeypatch):
    write(tmp_path / "mnist", mnist)
    monkeypatch.setitem(sys.modules, "pooch", None)
    assert {file.outcome for file in fetch_data("mnist", tmp_path)} == {"kept"}
    (tmp_path / "mnist" / MNIST_FILES[3]).unlink()
    with pytest.raises(ParameterError, match=r"no mirror is named.*TOPOGRAPH_MIRROR.*checksum"):
        fetch_data("mnist", tmp_path)
    with pytest.raises(MissingExtraError, match=r"pooch.*topograph\[fetch\]"):
        fetch_data("mnist", tmp_path, str(tmp_path))


def test_a_wrong_checksum_leaves_nothing_and_names_both(tmp_path, server, mnist):
    files = mnist | {MNIST_FILES[1]: b"x" * len(mnist[MNIST_FILES[1]])}
    write(server.root, files)
    with pytest.raises(ReadError) as caught:
        fetch_data("mnist", tmp_path / "data", server.url)
    message = str(caught.value)
    for part in (MNIST_FILES[1], md5(mnist[MNIST_FILES[1]]), md5(files[MNIST_FILES[1]])):
        assert part in message
    assert everything_in(tmp_path / "data") == [MNIST_FILES[0]]


def test_a_bad_file_stays_until_there_is_a_good_one(tmp_path, server, mnist):
    write(server.root, dict.fromkeys(mnist, b"another"))
    write(tmp_path / "mnist", mnist | {MNIST_FILES[0]: b"mine"})
    with pytest.raises(ReadError, match="7 bytes came"):
        fetch_data("mnist", tmp_path, server.url)
    assert (tmp_path / "mnist" / MNIST_FILES[0]).read_bytes() == b"mine"


def test_a_page_instead_of_the_file_makes_the_next_place_be_tried(tmp_path, server, mnist):
    write(server.root / "mnist", dict.fromkeys(mnist, b"<html>not here</html>"))
    write(server.root, mnist)
    fetch_data("mnist", tmp_path / "data", server.url)
    assert load_data("mnist", tmp_path / "data").verified


def test_more_bytes_than_published_are_not_written(tmp_path, server, mnist):
    write(server.root, mnist | {MNIST_FILES[0]: mnist[MNIST_FILES[0]] + b"more"})
    with pytest.raises(ReadError, match=r"more than its \d+ bytes came"):
        fetch_data("mnist", tmp_path / "data", server.url)
    assert not everything_in(tmp_path / "data")


@pytest.mark.usefixtures("mnist")
def test_a_file_that_is_not_there_is_one_sentence(tmp_path, server):
    with pytest.raises(ReadError, match=r"there is none at http://.*/mnist/train.* or http://"):
        fetch_data("mnist", tmp_path / "data", server.url)
    assert not everything_in(tmp_path / "data")


@pytest.mark.usefixtures("mnist")
def test_a_server_in_trouble_is_one_sentence(tmp_path, server):
    server.handler.status = 503
    with pytest.raises(ReadError, match="status 503"):
        fetch_data("mnist", tmp_path / "data", server.url)


@pytest.mark.usefixtures("mnist")
def test_a_mirror_that_is_down_is_one_sentence_without_the_password(tmp_path, capfd):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, but nobody listens
        port = held.getsockname()[1]
        with pytest.raises(ReadError, match="Connection refused") as caught:
            fetch_data("mnist", tmp_path / "data", f"http://me:secret@127.0.0.1:{port}/?key=secret")
    assert "secret" not in str(caught.value) + "".join(capfd.readouterr())
    assert f"http://127.0.0.1:{port}/mnist/{MNIST_FILES[0]}" in str(caught.value)


@pytest.mark.parametrize("form", ["path", "uri"])
def test_a_folder_is_a_mirror(tmp_path, mnist, form, monkeypatch):
    mirror = write(tmp_path / "my mirror", mnist)
    monkeypatch.setenv("TOPOGRAPH_MIRROR", str(mirror) if form == "path" else mirror.as_uri())
    monkeypatch.setenv("TOPOGRAPH_DATA", str(tmp_path / "data"))
    fetch_data("mnist")
    assert load_data("mnist").verified


@pytest.mark.parametrize(
    ("mirror", "kind", "words"),
    [
        ("ftp://127.0.0.1/data", ParameterError, "http://..., https://..., file:... or a folder"),
        ("http://", ParameterError, "must be http"),
        ("http://[1/", ParameterError, "must be http"),
        ("no/such/folder", ReadError, "must be a folder that exists"),
    ],
)
@pytest.mark.usefixtures("mnist")
def test_other_mirrors_are_refused(tmp_path, mirror, kind, words):
    with pytest.raises(kind, match=words):
        fetch_data("mnist", tmp_path, mirror)


@pytest.mark.parametrize(("name", "words"), [("digits", "scikit-learn"), ("imagenet", "cifar10")])
def test_other_data_sets_are_refused(tmp_path, name, words):
    with pytest.raises(ParameterError, match=words):
        fetch_data(name, tmp_path, str(tmp_path))


@pytest.mark.usefixtures("mnist")
def test_a_folder_is_needed():
    with pytest.raises(ParameterError, match="TOPOGRAPH_DATA"):
        fetch_data("mnist", mirror=".")


def test_progress_is_told_in_mebibytes(tmp_path, server, mnist):
    write(server.root, mnist)
    told = []
    fetch_data("mnist", tmp_path / "data", server.url, lambda *state: told.append(state))
    assert told[0] == (f"fetch {MNIST_FILES[0]} (MiB)", 0, 1)
