from __future__ import annotations

import hashlib
import sys

import pytest

pytest.importorskip("torch")

from topograph.training.data import published

FILES = list(published.PUBLISHED["mnist"].downloads)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.delenv("TOPOGRAPH_DATA", raising=False)
    monkeypatch.delenv("TOPOGRAPH_MIRROR", raising=False)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A folder with files that are, for this test, those of MNIST."""
    known = published.PUBLISHED["mnist"]
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name in FILES:
        content = name.encode()
        (folder / name).write_bytes(content)
        monkeypatch.setitem(known.checksums, name, hashlib.md5(content).hexdigest())  # noqa: S324
        monkeypatch.setitem(known.downloads, name, len(content))
    return folder


def test_the_list_says_what_there_is_and_where(run, tmp_path, mirror):
    done = run("data", "list")
    assert done.code == 0
    for part in ("digits", "1347 + 450", "1 x 28 x 28", "162.6 MiB", "CC BY-SA 3.0", "MIT"):
        assert part in done.out
    mirror.rename(tmp_path / "mnist")
    assert (
        f"mnist: {tmp_path / 'mnist'}: IDX files" in run("data", "list", "--data-dir", tmp_path).out
    )
    (tmp_path / "mnist" / FILES[0]).unlink()
    out = run("data", "list", "--data-dir", tmp_path).out
    assert "in part" in out
    assert f"lacks {FILES[0]}" in out


def test_check_ends_with_1_if_a_file_is_bad(run, tmp_path, mirror):
    here = mirror.rename(tmp_path / "mnist")
    assert run("data", "check", "--data-dir", tmp_path).code == 0
    (here / FILES[2]).write_bytes(b"damaged")
    done = run("data", "check", "--data-dir", tmp_path)
    assert done.code == 1
    assert [line.split()[-1] for line in done.out.splitlines()[1:6]] == [
        "ok", "ok", "ok", "differs", "ok",
    ]  # fmt: skip
    assert hashlib.md5(b"damaged").hexdigest() in done.out.splitlines()[-1]  # noqa: S324
    assert run("data", "check", "digits", "--data-dir", tmp_path).code == 0
    assert run("data", "check", "cifar10", "--data-dir", tmp_path).code == 1
    assert run("data", "check", "cifar10").code == 1
    assert run("data", "check").code == 0


def test_fetch_then_check(run, tmp_path, mirror, monkeypatch):
    pytest.importorskip("pooch")
    monkeypatch.setenv("TOPOGRAPH_MIRROR", str(mirror))
    done = run("data", "fetch", "mnist", "--data-dir", tmp_path / "data")
    assert done.code == 0, done.err
    assert done.out.count("fetched") == 4
    assert done.out.endswith(f"mnist is in {tmp_path / 'data' / 'mnist'}\n")
    again = run("data", "fetch", "mnist", "--data-dir", tmp_path / "data")
    assert again.out.count("kept") == 4
    assert run("data", "check", "mnist", "--data-dir", tmp_path / "data").code == 0


def test_what_cannot_be_fetched_is_one_sentence(run, tmp_path, mirror, monkeypatch):
    assert run("data", "fetch", "digits", "--mirror", mirror).code == 2
    assert run("data", "fetch", "mnist", "--mirror", mirror).code == 2
    no_mirror = run("data", "fetch", "mnist", "--data-dir", tmp_path)
    assert no_mirror.code == 2
    assert "TOPOGRAPH_MIRROR" in no_mirror.err
    (mirror / FILES[1]).write_bytes(b"another")
    done = run("data", "fetch", "mnist", "--data-dir", tmp_path, "--mirror", mirror)
    assert done.code == 1
    assert "MD5" in done.err
    assert not (tmp_path / "mnist" / FILES[1]).exists()
    monkeypatch.setitem(sys.modules, "pooch", None)
    done = run("data", "fetch", "mnist", "--data-dir", tmp_path, "--mirror", mirror)
    assert (done.code, "topograph[fetch]" in done.err) == (1, True)
