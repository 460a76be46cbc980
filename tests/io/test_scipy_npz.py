from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import masks
from topograph.errors import GraphError, ReadError, TopographError
from topograph.io import read

FORMATS = ["csr", "csc", "coo", "bsr", "dia"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mask.npz"


def dense(graph):
    (layer,) = graph.layers
    return layer.biadjacency.to_csr().toarray()


@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("kind", ["matrix", "array"])
def test_every_layout_reads_as_scipy_loads_it(path, layout, compressed, kind):
    weights = np.array([[0.0, -2, 0, 0], [3, 0, 0, 1e-300], [0, 0, 0, 0]])
    matrix = getattr(scipy.sparse, f"{layout}_{kind}")(weights)
    scipy.sparse.save_npz(path, matrix, compressed=compressed)
    graph = read(path)
    np.testing.assert_array_equal(dense(graph), scipy.sparse.load_npz(path).toarray() != 0)
    assert graph.layers[0].name == "mask"
    assert graph.provenance == {"format": "scipy-npz"}


@given(masks(), st.sampled_from(FORMATS), st.sampled_from("?bhilBHILfd"))
def test_random_masks_come_back(tmp_path_factory, mask, layout, code):
    path = tmp_path_factory.getbasetemp() / "random.npz"
    matrix = scipy.sparse.csr_array(mask.astype(np.dtype(code))).asformat(layout)
    scipy.sparse.save_npz(path, matrix, compressed=False)
    np.testing.assert_array_equal(dense(read(path)), mask)


def test_blocks_of_several_entries_come_back(path):
    mask = np.kron(np.eye(2), [[1, 0, 1], [0, 1, 0]])
    scipy.sparse.save_npz(path, scipy.sparse.bsr_array(mask, blocksize=(2, 3)))
    np.testing.assert_array_equal(dense(read(path)), mask)


def test_duplicates_are_one_edge_and_explicit_zeros_none(path):
    matrix = scipy.sparse.coo_array(([1.0, 1, 0, 2, -2], ([0, 0, 1, 1, 1], [0, 0, 0, 1, 1])))
    scipy.sparse.save_npz(path, matrix)
    np.testing.assert_array_equal(dense(read(path)), [[1, 0], [0, 0]])


def test_duplicates_in_narrow_integers_do_not_wrap_to_zero(path):
    ones = np.full(256, 64, dtype=np.int8)
    zeros = np.zeros(256, dtype=np.int32)
    scipy.sparse.save_npz(path, scipy.sparse.coo_array((ones, (zeros, zeros)), shape=(1, 1)))
    assert read(path).n_edges == 1


def test_rows_out_of_order_are_sorted(path):
    arrays = {"indices": [2, 0], "indptr": [0, 2, 2], "data": [1, 1]}
    np.savez(path, format=b"csr", shape=(2, 3), **arrays)
    assert read(path).layers[0].biadjacency.indices.tolist() == [0, 2]


def test_half_precision_is_read(path):
    data = np.array([1e-7, 0, 1], dtype=np.float16)
    np.savez(path, format=b"csr", shape=(1, 3), data=data, indices=[0, 1, 2], indptr=[0, 3])
    assert read(path).n_edges == 2
    np.savez(path, format=b"coo", shape=(1, 3), data=data, row=[0, 0, 0], col=[0, 1, 2])
    assert read(path).n_edges == 2


CSR = {"format": b"csr", "shape": (2, 3), "data": [1.0, 1], "indices": [0, 2], "indptr": [0, 1, 2]}
COO = {"format": b"coo", "shape": (2, 3), "data": [1.0, 1], "row": [0, 1], "col": [0, 2]}
BSR = CSR | {"format": b"bsr", "shape": (4, 6), "data": np.ones((2, 2, 2))}
DIA = {"format": b"dia", "shape": (2, 3), "data": np.ones((2, 3)), "offsets": [0, 1]}


@pytest.mark.parametrize("arrays", [CSR, COO, BSR, DIA])
def test_the_examples_below_are_sound_but_for_what_they_change(path, arrays):
    np.savez(path, **arrays)
    assert read(path).n_edges == scipy.sparse.load_npz(path).nnz


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        (CSR | {"format": b"lil"}, "format csr, csc"),
        (CSR | {"format": b"\xff"}, "short word"),
        (CSR | {"format": b"c" * 65}, "short word"),
        (CSR | {"format": 3}, "integers|holds"),
        (CSR | {"shape": (2, 3, 4)}, "dimensions"),
        (CSR | {"shape": (-2, 3)}, "not -2 to 3"),
        (CSR | {"shape": (0, 3)}, "not 0 to 3"),
        (CSR | {"shape": (2, 10**12)}, "at most"),
        (CSR | {"shape": (2.0, 3.0)}, "holds"),
        (CSR | {"indices": [0, 3]}, "0..2, but there is 3"),
        (CSR | {"indices": [0, -1]}, "0..2, but there is -1"),
        (CSR | {"indices": [0, 2**40]}, "0..2"),
        (CSR | {"indices": np.array([0, 2**63], dtype=np.uint64)}, "9223372036854775808"),
        (CSR | {"indices": [0.0, 1.0]}, "holds"),
        (CSR | {"indices": [0]}, "as many indices"),
        (CSR | {"indices": [[0, 1]]}, "one dimension"),
        (CSR | {"indptr": [0, 2]}, "3 entries"),
        (CSR | {"indptr": [0, 2, 1]}, "rises"),
        (CSR | {"indptr": [1, 1, 2]}, "rises"),
        (CSR | {"indptr": [0, 1, 10**9]}, "rises"),
        (CSR | {"data": [1.0, np.nan]}, "NaN"),
        (CSR | {"data": [1.0, 1j]}, "complex"),
        (CSR | {"data": [[1.0, 1]]}, "dimensions"),
        (CSR | {"extra": [1]}, "extra"),
        (COO | {"row": [0, 2]}, "0..1, but there is 2"),
        (COO | {"col": [0, -1]}, "0..2, but there is -1"),
        (COO | {"row": [0]}, "one length"),
        (BSR | {"data": np.ones((2, 0, 2))}, "blocks"),
        (BSR | {"data": np.ones((2, 3, 2))}, "tile"),
        (BSR | {"data": np.ones((2, 2))}, "dimensions"),
        (DIA | {"offsets": [0, 0]}, "repetition"),
        (DIA | {"offsets": [0, 3]}, "but there is 3"),
        (DIA | {"offsets": [0]}, "row of data"),
    ],
)
def test_arrays_that_are_no_matrix_are_refused(path, arrays, said):
    np.savez(path, **arrays)
    with pytest.raises(TopographError, match=said) as caught:
        read(path)
    assert isinstance(caught.value, ReadError | GraphError)
    assert str(caught.value).startswith(f"{path}: ")


def test_a_missing_array_is_named(path):
    np.savez(path, **{name: value for name, value in CSR.items() if name != "indptr"})
    with pytest.raises(ReadError, match=r"'indptr\.npy'"):
        read(path)
