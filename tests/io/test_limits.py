from __future__ import annotations

import gzip
import io
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
import scipy.sparse

from topograph.biadjacency import Kronecker
from topograph.errors import ParameterError, ReadError
from topograph.graph import chain
from topograph.io import from_layers, limits, read, write

MEBIBYTE = 2**20


@pytest.fixture
def cap(monkeypatch):
    def cap(n_bytes):
        monkeypatch.setenv(limits.VARIABLE, str(n_bytes))

    return cap


@pytest.fixture
def refused(cap):
    """Refuse a file under a cap, having allocated little: twice the cap and some MiB."""

    def refused(path, n_bytes=MEBIBYTE, said="TOPOGRAPH_MAX_BYTES"):
        cap(n_bytes)
        tracemalloc.start()
        try:
            with pytest.raises(ReadError, match=said) as caught:
                read(path)
            assert tracemalloc.get_traced_memory()[1] < 2 * n_bytes + 4 * MEBIBYTE
        finally:
            tracemalloc.stop()
        assert str(caught.value).startswith(f"{path}: ")

    return refused


def npy(shape, dtype="|b1", data=b""):
    head = io.BytesIO()
    said = {"descr": dtype, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, said)
    return head.getvalue() + data


def test_the_cap_is_eight_gibibytes_unless_told(monkeypatch):
    monkeypatch.delenv(limits.VARIABLE, raising=False)
    assert limits.max_bytes() == limits.MAX_BYTES == 8 * 2**30
    monkeypatch.setenv(limits.VARIABLE, "1000000")
    assert limits.max_bytes() == 1_000_000


@pytest.mark.parametrize("said", ["", "8 GiB", "-1", "0", "1e9", "1.5", "٣", "9" * 19])
def test_a_bad_cap_is_refused(tmp_path, monkeypatch, said):
    np.save(tmp_path / "mask.npy", np.ones((2, 2)))
    monkeypatch.setenv(limits.VARIABLE, said)
    with pytest.raises(ParameterError, match="TOPOGRAPH_MAX_BYTES"):
        read(tmp_path / "mask.npy")


def test_files_below_the_cap_are_read_and_larger_ones_refused(tmp_path, cap, refused):
    path = tmp_path / "mask.npy"
    np.save(path, np.eye(1000))
    cap(9 * MEBIBYTE)
    assert read(path).n_edges == 1000
    refused(path, 7 * MEBIBYTE)


def test_a_claimed_shape_is_checked_against_the_bytes_and_the_cap(tmp_path, refused):
    path = tmp_path / "mask.npy"
    path.write_bytes(npy((10**6, 10**6)))
    refused(path, said="1000000000000 bytes, but 0 follow")
    path.write_bytes(npy((2**62, 2**62), "<f8"))
    refused(path, said="bytes, but 0 follow")
    path.write_bytes(npy((10**6, 0)))
    refused(path)
    path.write_bytes(npy((2**40, 0)))
    refused(path, said="at most")


def test_a_zip_bomb_is_not_unpacked(tmp_path, refused):
    path = tmp_path / "mask.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mask.npy", npy((8192, 8192), data=bytes(2**26)))
    assert path.stat().st_size < 100_000
    refused(path)


def test_members_are_added_up(tmp_path, cap, refused):
    path = tmp_path / "mask.npz"
    np.savez_compressed(path, *[np.zeros((500, 500), dtype=np.bool_)] * 5)
    refused(path)
    cap(3 * MEBIBYTE)
    assert len(read(path).layers) == 5


def test_a_header_that_lies_about_the_size_is_found_out(tmp_path, refused):
    path = tmp_path / "mask.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mask.npy", npy((8192, 8192), data=bytes(2**26)))
    true_size = struct.pack("<I", len(npy((8192, 8192))) + 2**26)
    content = path.read_bytes()
    assert content.count(true_size) == 2
    for claimed in (10, 200, 5000):
        path.write_bytes(content.replace(true_size, struct.pack("<I", claimed)))
        refused(path, said="but|damaged")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("topograph.json", b"{}" + b" " * 2**26)
    content, true_size = path.read_bytes(), struct.pack("<I", 2 + 2**26)
    assert content.count(true_size) == 2
    path.write_bytes(content.replace(true_size, struct.pack("<I", 2)))
    refused(path, said="damaged")
    stored = tmp_path / "stored.npz"
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("mask.npy", npy((100, 100), data=bytes(10_000)))
    size = struct.pack("<I", len(npy((100, 100))) + 10_000)
    content = stored.read_bytes()
    at = content.rindex(size)
    stored.write_bytes(content[:at] + struct.pack("<I", 10**6) + content[at + 4 :])
    refused(stored, said="cannot hold so many")


def test_matrices_in_memory_know_no_cap(cap):
    cap(1)
    assert from_layers([np.ones((100, 100))]).n_edges == 10_000


def test_a_huge_list_of_members_is_not_read(tmp_path, refused):
    path = tmp_path / "mask.npz"
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 2**26, 0, 0)
    with path.open("wb") as file:
        file.truncate(2**26)
        file.seek(0, io.SEEK_END)
        file.write(end)
    refused(path, said="list of members")


def test_a_gzip_bomb_is_not_unpacked(tmp_path, refused):
    path = tmp_path / "n9-l1.tsv.gz"
    path.write_bytes(gzip.compress(b"1\t1\t1\n" * 2_000_000))
    refused(path)
    path = tmp_path / "mask.mtx.gz"
    head = b"%%MatrixMarket matrix coordinate pattern general\n9 9 10000\n"
    path.write_bytes(gzip.compress(head + b" " * 2**24))
    refused(path, said="TOPOGRAPH_MAX_BYTES|line must be shorter")


def test_claimed_sizes_of_matrix_market_are_checked_first(tmp_path, refused):
    path = tmp_path / "mask.mtx"
    head = "%%MatrixMarket matrix {} real {}\n"
    for layout, symmetry, sizes in (
        ("coordinate", "general", "1000000 9 0"),
        ("coordinate", "general", "9 1000000 0"),
        ("array", "general", "9000 9000"),
        ("array", "symmetric", "9000 9000"),
    ):
        path.write_text(head.format(layout, symmetry) + sizes + "\n")
        refused(path, said="TOPOGRAPH_MAX_BYTES|too short")
    path.write_text(head.format("coordinate", "general") + "9 9 100000\n" + "1 1 1\n" * 10)
    refused(path, said="too short")
    path.write_text(head.format("coordinate", "symmetric") + "9 9 40000\n" + "1 1 1\n" * 40_000)
    refused(path)


def test_claimed_widths_are_checked_before_anything_is_allocated(tmp_path, refused):
    path = tmp_path / "mask.npz"
    for layout in ("csr", "csc", "coo", "dia"):
        matrix = getattr(scipy.sparse, f"{layout}_array")((3, 3))
        scipy.sparse.save_npz(path, matrix, compressed=False)
        with np.load(path) as arrays:
            changed = dict(arrays) | {"shape": np.array([10**12, 10**12])}
        np.savez(path, **changed)
        refused(path, said="at most")
        np.savez(path, **(changed | {"shape": np.array([3, 10**6])}))
        refused(path)


def test_the_units_of_an_archive_are_added_up(tmp_path, refused, cap):
    path = tmp_path / "graph.npz"
    write(chain([Kronecker(4096, 2, 1)] * 4), path)
    cap(2 * MEBIBYTE)
    assert read(path).n_edges == 4 * 8192
    refused(path)


def test_edges_that_stay_are_added_up(tmp_path, cap):
    path = tmp_path / "n1000-l{}.tsv"
    line = "".join(f"{row}\t{column}\t1\n" for row in range(1, 21) for column in range(1, 1001))
    for number in range(1, 20):
        (tmp_path / path.name.format(number)).write_text(line)
    cap(4 * MEBIBYTE)
    assert read(tmp_path).n_edges == 19 * 20_000
    cap(3 * MEBIBYTE // 2)
    with pytest.raises(ReadError, match=r"after .* for the layers before it"):
        read(tmp_path)


def test_sizes_beyond_all_bounds_can_be_said():
    budget = limits.Budget()
    for huge in (2**70, 2**90, 16**10_000):
        with pytest.raises(ReadError):
            budget.check(huge, "all")
        with pytest.raises(ReadError):
            budget.check_width(huge)
        with pytest.raises(ReadError):
            budget.check_entries(huge)
