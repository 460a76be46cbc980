"""What is there already: compared, found, counted."""

from __future__ import annotations

import io

import numpy as np
import pytest

from tests.training.fetching.made_files import (
    BINARY,
    MNIST_FILES,
    PYTHON,
    TOPS,
    cifar_batches,
    md5,
    write,
)
from topograph.errors import ReadError
from topograph.training import load_data
from topograph.training.data.checking import check_data
from topograph.training.data.inventory import inventory
from topograph.training.data.locating import locate


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
