from __future__ import annotations

import functools
import gzip
import hashlib
import http.server
import io
import socket
import sys
import tarfile
import threading

import numpy as np
import pytest

from topograph.errors import MissingExtraError, ParameterError, ReadError
from topograph.training import load_data
from topograph.training.data import checksums, published, unpacking
from topograph.training.data.checking import check_data
from topograph.training.data.fetching import fetch_data
from topograph.training.data.inventory import inventory
from topograph.training.data.locating import locate

pytest.importorskip("pooch")
MNIST_FILES = list(published.PUBLISHED["mnist"].downloads)
BATCHES = list(checksums.CIFAR_10_PYTHON)
TOPS = published.CIFAR_10_FOLDERS
PYTHON, BINARY = TOPS


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    """No folder and no mirror but those that a test names; no proxy on the way."""
    for variable in ("TOPOGRAPH_DATA", "TOPOGRAPH_MIRROR", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def md5(content):
    return hashlib.md5(content).hexdigest()  # noqa: S324


def publish(monkeypatch, data_set, files):
    """Make these contents the published ones."""
    known = published.PUBLISHED[data_set]
    for name, content in files.items():
        monkeypatch.setitem(known.checksums, name, md5(content))
        if name in known.downloads:
            monkeypatch.setitem(known.downloads, name, len(content))


def idx(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.tobytes()


def mnist_files(seed):
    rng = np.random.default_rng(seed)
    contents = [
        rng.integers(0, 256, (12, 28, 28), dtype=np.uint8),
        np.arange(12, dtype=np.uint8) % 10,
        rng.integers(0, 256, (5, 28, 28), dtype=np.uint8),
        rng.integers(0, 10, 5, dtype=np.uint8),
    ]
    return {
        name: gzip.compress(idx(content), mtime=0)
        for name, content in zip(MNIST_FILES, contents, strict=True)
    }


@pytest.fixture
def mnist(monkeypatch):
    files = mnist_files(0)
    unpacked = {name.removesuffix(".gz"): gzip.decompress(c) for name, c in files.items()}
    publish(monkeypatch, "mnist", files | unpacked)
    publish(monkeypatch, "fashion-mnist", mnist_files(1))
    return files


def packed(members):
    """Return a .tar.gz of names and contents; a content that is a TarInfo is a member as is."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(member)
            archive.addfile(info, io.BytesIO(member))
    return content.getvalue()


def cifar_batches(archive):
    import pickle

    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(0, 256, (10, 3072), dtype=np.uint8), np.arange(10, dtype=np.uint8)
    if archive == BINARY:
        content = np.concatenate([labels[:, None], pixels], axis=1).tobytes()
        return {f"{batch}.bin": content for batch in BATCHES}
    content = pickle.dumps({b"data": pixels, b"labels": labels.tolist()}, protocol=2)
    return dict.fromkeys(BATCHES, content)


def cifar_archive(archive, extra=()):
    top = TOPS[archive]
    members = [(f"{top}/{name}", content) for name, content in cifar_batches(archive).items()]
    return packed([*extra, (f"{top}/readme.html", b"hello"), *members])


@pytest.fixture
def cifar(monkeypatch):
    """The archives by name; they hold a path out of the folder and a link, too."""
    link = tarfile.TarInfo(f"{TOPS[PYTHON]}/data_batch_1")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    extra = [("../evil", b"evil"), (f"{TOPS[PYTHON]}/../../evil", b"evil"), ("", link)]
    files = {archive: cifar_archive(archive, extra) for archive in TOPS}
    publish(monkeypatch, "cifar10", files)
    publish(monkeypatch, "cifar10", cifar_batches(PYTHON))
    for name, content in cifar_batches(PYTHON).items():
        monkeypatch.setitem(checksums.CIFAR_10_PYTHON, name, md5(content))
    size = len(cifar_batches(BINARY)["test_batch.bin"])
    monkeypatch.setattr("topograph.training.data.checking.CIFAR_10_BATCH_BYTES", size)
    return files


def write(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def everything_in(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def server(tmp_path):
    """A mirror on this machine: its folder, its address, and what was asked of it."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        status = None

        def log_message(self, *_):
            asked.append(self.path)

        def do_GET(self):
            if Handler.status:
                self.send_error(Handler.status)
            else:
                super().do_GET()

        def end_headers(self):
            if self.path.endswith(".gz"):
                self.send_header("Content-Encoding", "gzip")  # as some servers do
            super().end_headers()

    asked: list[str] = []
    root = tmp_path / "mirror"
    root.mkdir()
    handler = functools.partial(Handler, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{running.server_port}"
        yield type("Server", (), {"root": root, "url": address, "asked": asked, "handler": Handler})
        running.shutdown()
        thread.join()


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


def states(name, folder):
    return [check.state for check in check_data(name, folder)]


def test_every_file_is_compared(tmp_path, mnist):
    here = write(tmp_path / "mnist", mnist)
    assert states("mnist", tmp_path) == ["ok"] * 4
    (here / MNIST_FILES[0]).write_bytes(b"damaged")
    (here / MNIST_FILES[3]).unlink()
    assert states("mnist", tmp_path) == ["differs", "ok", "ok", "missing"]
    assert md5(b"damaged") in check_data("mnist", tmp_path)[0].note
    assert states("fashion-mnist", tmp_path) == ["missing"] * 4


@pytest.mark.usefixtures("cifar")
def test_batches_without_checksums_are_compared_by_size(tmp_path):
    assert states("cifar10", tmp_path) == ["missing"] * 6
    write(tmp_path, cifar_batches(BINARY))
    assert set(states("cifar10", tmp_path)) == {"no published checksum"}
    (tmp_path / "data_batch_3.bin").write_bytes(b"cut")
    assert states("cifar10", tmp_path)[2] == "differs"


def test_a_jpeg_copy_is_said_to_be_lossy_and_read_to_the_end(tmp_path):
    imaging = pytest.importorskip("PIL.Image")
    content = io.BytesIO()
    imaging.fromarray(np.zeros((32, 32, 3), np.uint8)).save(content, "JPEG")
    for part in ("train", "test"):
        for label in range(10):
            write(tmp_path / part / f"class{label}", {"0.jpg": content.getvalue()})
    (check,) = check_data("cifar10", tmp_path)
    assert check.state == "no published checksum"
    assert "lossy" in check.note
    (tmp_path / "test" / "class9" / "0.jpg").write_bytes(content.getvalue()[:200])
    (check,) = check_data("cifar10", tmp_path)
    assert check.is_bad
    assert "0.jpg" in check.note


def test_sets_of_the_same_names_are_told_apart(tmp_path, mnist):
    write(tmp_path, mnist)
    found = {entry.published.name for entry in inventory(tmp_path) if entry.found}
    assert found == {"digits", "mnist"}
    assert locate("fashion-mnist", tmp_path) is None


@pytest.mark.parametrize("archive", TOPS)
@pytest.mark.parametrize("lacking", range(6))
@pytest.mark.usefixtures("cifar")
def test_what_is_found_whole_is_what_the_loader_reads(tmp_path, archive, lacking):
    """In two folders that lack a batch each, and one that is whole: all agree."""
    batches = cifar_batches(archive)
    names = list(batches)
    write(tmp_path, {name: batches[name] for name in names if name != names[lacking]})
    write(tmp_path / "cifar10", cifar_batches(PYTHON))
    located = locate("cifar10", tmp_path)
    if located.missing:
        with pytest.raises(ReadError, match=located.missing[0]):
            load_data("cifar10", tmp_path)
    else:
        assert load_data("cifar10", tmp_path).verified
        assert located.place == tmp_path / "cifar10"
    assert bool(located.missing) is (lacking > 0)


def test_an_inventory_says_how_large_what_is_there_is(tmp_path, mnist):
    entries = {entry.published.name: entry for entry in inventory()}
    assert not entries["mnist"].found
    assert entries["mnist"].n_bytes == sum(map(len, mnist.values()))
    assert entries["cifar10"].n_bytes == 170_498_071
    here = write(tmp_path / "mnist", {MNIST_FILES[0]: mnist[MNIST_FILES[0]]})
    entry = next(entry for entry in inventory(tmp_path) if entry.published.name == "mnist")
    assert not entry.found
    assert (entry.located.place, entry.located.missing) == (here, tuple(MNIST_FILES[1:]))
    assert entry.n_bytes == len(mnist[MNIST_FILES[0]])
