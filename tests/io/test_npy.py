from __future__ import annotations

import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hypothesis_numpy

from topograph.errors import GraphError, ReadError
from topograph.io import read
from topograph.io.limits import Budget
from topograph.io.npy import read_array

REAL = st.one_of(
    hypothesis_numpy.boolean_dtypes(),
    hypothesis_numpy.integer_dtypes(endianness="?"),
    hypothesis_numpy.unsigned_integer_dtypes(endianness="?"),
    hypothesis_numpy.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
)


def saved(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def npy(header, data=b"", version=b"\x01\x00"):
    text = header.encode("latin-1")
    length = len(text).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + length + text + data


def reread(content):
    return read_array(io.BytesIO(content), len(content), Budget())


def header(descr="'|b1'", order="False", shape="(1, 1)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"


@given(hypothesis_numpy.arrays(REAL, hypothesis_numpy.array_shapes(min_dims=0, min_side=0)))
def test_arrays_come_back_as_numpy_loads_them(array):
    content = saved(array)
    loaded = np.load(io.BytesIO(content), allow_pickle=False)
    ours = reread(content)
    assert ours.dtype == loaded.dtype.newbyteorder("=")
    np.testing.assert_array_equal(ours, loaded)


def test_fortran_order_is_kept():
    array = np.asfortranarray(np.arange(6).reshape(2, 3))
    np.testing.assert_array_equal(reread(saved(array)), array)


@pytest.mark.parametrize("version", [b"\x01\x00", b"\x02\x00", b"\x03\x00"])
def test_headers_written_by_hand_are_read_in_all_versions(version):
    content = npy("{'shape':(2,),'fortran_order':False,'descr':\"<u2\"}", b"\1\0\2\0", version)
    assert reread(content).tolist() == [1, 2]


def test_booleans_other_than_zero_and_one_are_true():
    content = npy(header(shape="(1, 3)"), b"\x00\x02\xff")
    assert reread(content).view(np.uint8).tolist() == [[0, 1, 1]]


def test_a_file_is_one_layer_named_after_it(tmp_path):
    np.save(tmp_path / "mask.npy", np.eye(3)[:, :2])
    graph = read(tmp_path / "mask.npy")
    assert graph.widths == (3, 2)
    assert [layer.name for layer in graph.layers] == ["mask"]
    assert graph.provenance == {"format": "npy"}
    assert graph.n_edges == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "does not start like one"),
        (b"some text", "does not start like one"),
        (npy(header(), version=b"\x09\x00"), "does not start like one"),
        (npy(header("'|O'", shape="(1, 1)")), "pickled Python objects"),
        (npy(header("'<c16'")), "complex"),
        (npy(header("[('a', '<f8')]")), "type"),
        (npy(header("'<M8[s]'")), "type"),
        (npy(header("'<U3'")), "text"),
        (npy(header("'|V2'")), "records or raw bytes"),
        (npy(header("'<f3'")), "'<f3'|<f3"),
        (npy(header("'<i0'")), "<i0"),
        (npy(header("'f8, f8'")), "type"),
        (npy(header(shape="(-1, 1)")), "whole numbers"),
        (npy(header(shape="(True, 1)")), "whole numbers"),
        (npy(header(shape="(0x" + "f" * 9000 + ", 1)")), "whole numbers"),
        (npy(header(shape="[1, 1]")), "tuple"),
        (npy(header(shape="(" + "1, " * 40 + ")")), "tuple"),
        (npy(header(order="1")), "fortran_order"),
        (npy("{'descr': '|b1'}"), "descr, fortran_order and shape"),
        (npy("(" * 3000), "descr, fortran_order and shape"),
        (npy("-" * 9000 + "1"), "descr, fortran_order and shape"),
        (npy("'\\d'"), "descr, fortran_order and shape"),
        (npy("{[]: 1}"), "descr, fortran_order and shape"),
        (npy("open('/etc/passwd')"), "descr, fortran_order and shape"),
        (npy(" " * 10_001), "10000 bytes"),
        (npy(header())[:40], "ends inside"),
        (npy(header(shape="(2, 2)"), b"\1\1\1"), "4 bytes, but 3 follow"),
        (npy(header(shape="(2, 2)"), b"\1\1\1\1\1"), "4 bytes, but 5 follow"),
        (npy(header(shape="(1000000000000, 1000000)"), b"\1"), "but 1 follow"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(tmp_path, content, said):
    path = tmp_path / "mask.npy"
    path.write_bytes(content)
    with pytest.raises(ReadError, match=said) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([[1.0, np.nan]]), "NaN or infinity"),
        (np.array([[1.0, -np.inf]]), "NaN or infinity"),
        (np.zeros((2, 3, 4)), r"shape \(2, 3, 4\)"),
        (np.ones(3), r"shape \(3,\)"),
        (np.ones(()), r"shape \(\)"),
        (np.ones((0, 3)), "not 0 to 3"),
        (np.ones((3, 0)), "not 3 to 0"),
    ],
)
def test_arrays_that_are_no_layer_are_refused(tmp_path, array, said):
    path = tmp_path / "mask.npy"
    np.save(path, array)
    with pytest.raises(GraphError, match=said) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: layer 'mask': ")


def test_pickles_are_never_loaded(tmp_path):
    path = tmp_path / "mask.npy"
    np.save(path, np.array([[{}]], dtype=object), allow_pickle=True)
    with pytest.raises(ReadError, match=re.escape("never loaded")):
        read(path)


def test_a_mask_without_edges_is_a_layer(tmp_path):
    np.save(tmp_path / "mask.npy", np.zeros((3, 2)))
    assert read(tmp_path / "mask.npy").n_edges == 0
