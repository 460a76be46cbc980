from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import masks
from topograph.biadjacency import (
    ANY_BIT,
    LARGEST,
    SMALLEST,
    Biadjacency,
    Identity,
    Kronecker,
    Sparse,
)
from topograph.errors import GraphError

FOLDS = {"any bit": (ANY_BIT, 0), "smallest": (SMALLEST, np.inf), "largest": (LARGEST, -np.inf)}


def naive_fold(mask: np.ndarray, values: np.ndarray, ufunc: np.ufunc, empty: float) -> list:
    folded = []
    for column in mask.T:
        found = empty
        for value in values[column.astype(bool)].tolist():
            found = ufunc(found, value)
        folded.append(found)
    return folded


@given(masks())
def test_from_matrix_and_back_is_identity(mask):
    assert np.array_equal(Sparse.from_matrix(mask).to_csr().toarray(), mask)


@given(masks(), st.data())
def test_from_edges_ignores_order_and_repetition(mask, data):
    edges = [(int(i), int(j)) for i, j in np.argwhere(mask)]
    repeated = data.draw(st.permutations(edges + edges[:2]))
    sources, targets = zip(*repeated, strict=True) if repeated else ((), ())
    operator = Sparse.from_edges(sources, targets, mask.shape)
    assert operator.n_edges == mask.sum()
    assert np.array_equal(operator.to_csr().toarray(), mask)


@given(masks(), st.sampled_from([np.int32, np.int64, np.float64, object]), st.integers(1, 3))
def test_sums_are_matrix_products(mask, dtype, columns):
    operator = Sparse.from_matrix(mask)
    x = np.arange(mask.shape[0] * columns).reshape(-1, columns).astype(dtype)
    y = np.arange(mask.shape[1] * columns).reshape(-1, columns).astype(dtype)
    assert np.array_equal(operator.forward(x), mask.T @ x.astype(int))
    assert np.array_equal(operator.backward(y), mask @ y.astype(int))
    assert np.array_equal(operator.forward(x[:, 0]), mask.T @ x[:, 0].astype(int))


@given(masks(), st.sampled_from(sorted(FOLDS)))
def test_other_folds_are_loops(mask, name):
    fold, empty = FOLDS[name]
    operator = Sparse.from_matrix(mask)
    dtype = np.uint64 if fold is ANY_BIT else np.float64
    x = (3 * np.arange(mask.shape[0])).astype(dtype)
    y = (5 * np.arange(mask.shape[1])).astype(dtype)
    assert operator.forward(x, fold).tolist() == naive_fold(mask, x, fold.ufunc, empty)
    assert operator.backward(y, fold).tolist() == naive_fold(mask.T, y, fold.ufunc, empty)


def test_folds_in_several_chunks(monkeypatch):
    import topograph.biadjacency.sparse as module

    mask = np.random.default_rng(0).random((50, 40)) < 0.2
    values = np.arange(40.0)
    whole = Sparse.from_matrix(mask).backward(values, LARGEST)
    monkeypatch.setattr(module, "_FOLD_BYTES", 64)
    assert np.array_equal(Sparse.from_matrix(mask).backward(values, LARGEST), whole)


@given(st.integers(1, 4), st.integers(0, 2), st.integers(0, 2))
def test_identity_is_an_eye(n_in, offset, extra):
    operator = Identity(n_in, n_in + offset + extra, offset)
    dense = np.eye(n_in, n_in + offset + extra, offset, dtype=int)
    assert np.array_equal(operator.to_csr().toarray(), dense)
    x, y = np.arange(1, n_in + 1), np.arange(1, operator.n_out + 1)
    assert np.array_equal(operator.forward(x), dense.T @ x)
    assert np.array_equal(operator.backward(y), dense @ y)
    assert operator.n_edges == dense.sum()


def test_every_operator_keeps_the_protocol():
    for operator in (Sparse.from_matrix(np.eye(2)), Identity(2, 2), Kronecker(4, 2, 1)):
        assert isinstance(operator, Biadjacency)
        assert operator.work > 0


def test_arrays_are_read_only_and_int32():
    operator = Sparse.from_matrix(np.eye(3))
    for array in (operator.indptr, operator.indices, operator.to_csr().data):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert operator.indices.dtype == np.int32
    assert Kronecker(4, 2, 1, row_order=np.arange(4)).row_order.flags.writeable is False


def test_later_writes_of_the_caller_change_nothing():
    indices = np.array([0, 1], dtype=np.int32)
    operator = Sparse(np.array([0, 1, 2], dtype=np.int32), indices, (2, 2))
    indices[0] = 1
    assert operator.indices.tolist() == [0, 1]
    order = np.arange(4, dtype=np.int32)
    layer = Kronecker(4, 2, 1, row_order=order)
    order[0] = 3
    assert layer.row_order.tolist() == [0, 1, 2, 3]


def test_read_only_arrays_are_kept_without_a_copy():
    indices = np.array([0, 1], dtype=np.int32)
    indices.flags.writeable = False
    operator = Sparse(np.array([0, 1, 2], dtype=np.int32), indices, (2, 2))
    assert np.shares_memory(operator.indices, indices)
    assert np.shares_memory(operator.to_csr().indices, indices)


def test_the_ones_of_all_layers_are_one_buffer():
    one, other = Sparse.from_matrix(np.eye(3)), Sparse.from_matrix(np.ones((40, 50)))
    assert np.shares_memory(one.to_csr().data, one.to_csr().data)
    assert other.to_csr().data.base is not None


def test_the_smallest_integer_survives_a_threshold():
    operator = Sparse.from_matrix(np.array([[-128, 5, 1]], dtype=np.int8), threshold=1)
    assert operator.indices.tolist() == [0, 1]


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.float32, np.float64])
def test_all_operators_keep_the_dtype(dtype):
    for operator in (Sparse.from_matrix(np.eye(4)), Identity(4, 4), Kronecker(4, 2, 1, 1, 1)):
        assert operator.forward(np.ones(4, dtype=dtype)).dtype == dtype
        assert operator.backward(np.ones(4, dtype=dtype)).dtype == dtype


def test_narrow_sums_are_refused():
    for operator in (Sparse.from_matrix(np.ones((300, 1))), Kronecker(300, 2, 1)):
        for dtype in (np.int8, np.bool_, np.uint16):
            with pytest.raises(TypeError, match="widen"):
                operator.forward(np.ones(300, dtype=dtype))


@pytest.mark.parametrize("dtype", [np.int8, np.bool_, np.float32, np.uint8])
def test_fan_in_of_narrow_masks_does_not_wrap(dtype):
    operator = Sparse.from_matrix(np.ones((300, 2), dtype=dtype))
    assert operator.forward(np.ones(300, dtype=np.int64)).tolist() == [300, 300]


def test_duplicates_are_added_before_the_pattern_is_taken():
    entries = (np.array([1.0, 1.0, 2.0, -2.0]), ([0, 0, 1, 1], [0, 0, 1, 1]))
    operator = Sparse.from_matrix(scipy.sparse.coo_array(entries, shape=(2, 2)))
    assert operator.to_csr().toarray().tolist() == [[1, 0], [0, 0]]
    rows = scipy.sparse.csr_array((np.ones(3), np.array([1, 0, 1]), np.array([0, 3])), shape=(1, 2))
    assert Sparse.from_matrix(rows).indices.tolist() == [0, 1]
    assert rows.nnz == 3


def test_explicit_zeros_are_no_edges():
    matrix = scipy.sparse.csr_array((np.array([0.0, 3.0]), [0, 1], [0, 2]), shape=(1, 2))
    operator = Sparse.from_matrix(matrix)
    assert operator.n_edges == 1
    assert operator.indices.tolist() == [1]


def test_threshold_keeps_what_is_larger():
    operator = Sparse.from_matrix(np.array([[0.5, -0.6, 0.1]]), threshold=0.5)
    assert operator.indices.tolist() == [1]
    weights = scipy.sparse.csr_array(np.array([[0.5, -0.6, 0.1]]))
    assert Sparse.from_matrix(weights, threshold=0.5).indices.tolist() == [1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_entries_that_are_no_numbers_are_no_edges_but_errors(bad):
    dense = np.array([[0.0, bad]])
    for matrix in (dense, scipy.sparse.csr_array(dense)):
        with pytest.raises(GraphError, match="NaN or infinity"):
            Sparse.from_matrix(matrix)


def test_edge_keys_do_not_wrap_at_65536_units():
    last = 65535
    operator = Sparse.from_edges([0, last, last], [last, 0, last], (65536, 65536))
    assert operator.n_edges == 3
    ends = [axis.tolist() for axis in operator.to_csr().nonzero()]
    assert ends == [[0, last, last], [last, 0, last]]


def test_more_than_two_to_the_31_edges_are_counted():
    operator = Kronecker(65536, 65536, 1)
    assert operator.n_edges == 2**32
    ones = np.ones(65536, dtype=np.int64)
    assert operator.forward(ones).sum() == 2**32


@pytest.mark.parametrize(
    ("indptr", "indices", "shape", "words"),
    [
        ([0, 1], [3], (1, 2), "0..1, but there is 3"),
        ([0, 1], [-1], (1, 2), "0..1, but there is -1"),
        ([0, 2], [1, 0], (1, 2), "strictly increasing"),
        ([0, 2], [1, 1], (1, 2), "strictly increasing"),
        ([0, 2, 1], [0, 1], (2, 2), "rise from 0"),
        ([0, 1], [0, 1], (1, 2), "rise from 0"),
        ([0, 1, 1], [0], (1, 2), "index pointer of 2 entries"),
        ([0], [], (0, 2), "at least one unit"),
        ([0.0, 1.0], [0], (1, 2), "must be integers"),
    ],
)
def test_inconsistent_rows_are_refused(indptr, indices, shape, words):
    with pytest.raises(GraphError, match=words):
        Sparse(np.array(indptr), np.array(indices, dtype=int), shape)


def test_row_starts_may_fall_and_empty_rows_are_fine():
    operator = Sparse(np.array([0, 0, 2, 2, 3]), np.array([1, 2, 0]), (4, 3))
    assert operator.backward(np.array([1, 10, 100])).tolist() == [0, 110, 0, 1]


def test_edges_out_of_range_name_the_stray_unit():
    with pytest.raises(GraphError, match=r"target units must lie in 0\.\.1, but there is 2"):
        Sparse.from_edges([0], [2], (1, 2))


def test_a_mask_of_text_is_refused():
    with pytest.raises(GraphError, match="must hold numbers"):
        Sparse.from_matrix(np.array([["a"]]))
    with pytest.raises(GraphError, match="3 dimensions"):
        Sparse.from_matrix(np.ones((1, 1, 1)))


def test_kronecker_refuses_what_does_not_divide():
    with pytest.raises(GraphError, match="must divide"):
        Kronecker(6, 4, 1)
    with pytest.raises(GraphError, match="permutation"):
        Kronecker(2, 2, 1, row_order=np.array([0, 0]))
    with pytest.raises(GraphError, match="direction"):
        Kronecker(2, 2, 1, direction=0)


def test_identity_refuses_what_does_not_fit():
    with pytest.raises(GraphError, match="must fit"):
        Identity(3, 3, offset=1)
