from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
from hypothesis import example, given
from hypothesis import strategies as st

from topograph.biadjacency import Identity, Kronecker, Sparse
from topograph.errors import GraphError, ParameterError
from topograph.io import from_layers
from topograph.io.mask import sparse_values
from topograph.testing import masks

FIRST = np.array([[0.0, 2, -3], [1, 0, 0]])
SECOND = np.array([[1.0], [0], [0.5]])


def dense(graph):
    return [layer.biadjacency.to_csr().toarray() for layer in graph.layers]


MAKERS = {
    "numpy": np.asarray,
    "list": lambda mask: mask.tolist(),
    "csr": scipy.sparse.csr_array,
    "coo matrix": scipy.sparse.coo_matrix,
    "lil": scipy.sparse.lil_array,
    "operator": Sparse.from_matrix,
}


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_masks_of_every_library_become_the_same_graph(maker):
    graph = from_layers([maker(FIRST), maker(SECOND)])
    assert graph.widths == (2, 3, 1)
    assert [layer.name for layer in graph.layers] == ["layer1", "layer2"]
    np.testing.assert_array_equal(dense(graph)[0], FIRST != 0)
    np.testing.assert_array_equal(dense(graph)[1], SECOND != 0)


def test_a_mapping_gives_the_names():
    graph = from_layers({"fc1": FIRST, "fc2": SECOND})
    assert [layer.name for layer in graph.layers] == ["fc1", "fc2"]
    with pytest.raises(ParameterError, match="names"):
        from_layers({"fc1": FIRST}, names=["other"])


def test_names_and_provenance_are_kept():
    graph = from_layers([FIRST, SECOND], names=["a", "b"], provenance={"by": "hand"})
    assert [layer.name for layer in graph.layers] == ["a", "b"]
    assert graph.provenance == {"by": "hand"}
    assert from_layers([FIRST]).provenance == {}
    with pytest.raises(ParameterError, match="1 for 2"):
        from_layers([FIRST, SECOND], names=["a"])


def test_names_that_come_twice_get_a_suffix():
    graph = from_layers([np.ones((2, 2))] * 3, names=["w", "w", "w-2"])
    assert [layer.name for layer in graph.layers] == ["w", "w-2", "w-2-2"]


def test_orientation_is_in_out_unless_told():
    weights = [FIRST.T, SECOND.T]
    with pytest.raises(GraphError, match=r"'layer1'.*'layer2'"):
        from_layers(weights)
    for orientation in ("out-in", None):
        graph = from_layers(weights, orientation=orientation)
        np.testing.assert_array_equal(dense(graph)[0], FIRST != 0)
    assert from_layers([np.ones((2, 2))]).notes == ()
    assert len(from_layers([np.ones((2, 2))], orientation=None).notes) == 1


def test_operators_are_kept_as_they_are():
    radix, skip = Kronecker(4, 2, 1), Identity(4, 4)
    graph = from_layers([radix, skip])
    assert [layer.biadjacency for layer in graph.layers] == [radix, skip]


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (np.array([[1, np.nan]]), "NaN"),
        (np.array([[1j]]), "complex"),
        (np.array([["a"]]), "type"),
        (np.array([[None]]), "type"),
        ([[1, 2], [3]], "ragged"),
        (np.ones((0, 2)), "not 0 to 2"),
        (3, r"shape \(\)"),
        ([[float("inf")]], "infinity"),
    ],
)
def test_what_is_no_mask_is_refused_by_name(mask, said):
    with pytest.raises(GraphError, match=f"layer 'bad': .*{said}"):
        from_layers({"bad": mask})


def test_no_mask_is_refused():
    with pytest.raises(GraphError, match="at least one layer"):
        from_layers([])


@pytest.mark.parametrize("threshold", [-1, np.nan, np.inf, "0.5", None, True, 10**400, 1j])
def test_thresholds_must_be_finite_and_not_negative(threshold):
    with pytest.raises(ParameterError, match="threshold must be a finite number"):
        from_layers([FIRST], threshold=threshold)


@pytest.mark.parametrize("threshold", [0, 1.0, np.float32(2), np.int64(2), 2.5, 3])
def test_the_threshold_keeps_what_is_above_it(threshold):
    graph = from_layers([FIRST], threshold=threshold)
    np.testing.assert_array_equal(dense(graph)[0], np.abs(FIRST) > threshold)


@example("L", [-1], 1, True)  # the largest of 64 bits
@given(
    st.sampled_from("bhilBHIL?efd"),
    st.lists(st.integers(-(2**63), 2**64 - 1), min_size=1),
    st.sampled_from([0, 0.5, 1, 127, 128.5, 2.0**40, 1e300]),
    st.booleans(),
)
def test_thresholds_do_not_wrap_in_any_type(code, numbers, threshold, sparse):
    with np.errstate(over="ignore"):
        entries = np.array(numbers, dtype=object) % 2**64
        row = entries.astype(np.uint64).astype(np.dtype(code)).reshape(1, -1)
        row[~np.isfinite(row)] = 0
    expected = [abs(entry) > threshold for entry in row[0].tolist()]
    matrix = scipy.sparse.csr_array(sparse_values(row)) if sparse else row
    assert Sparse.from_matrix(matrix, threshold).to_csr().toarray()[0].tolist() == expected


@given(masks(dtype=np.int8), st.integers(1, 5))
def test_duplicates_are_added_without_wrapping(mask, copies):
    rows, columns = mask.nonzero()
    rows, columns = np.tile(rows, 2**copies), np.tile(columns, 2**copies)
    data = np.full(rows.size, 2 ** (8 - copies) - 256 * (copies == 1), dtype=np.int8)
    matrix = scipy.sparse.coo_array((data, (rows, columns)), shape=mask.shape)
    np.testing.assert_array_equal(Sparse.from_matrix(matrix).to_csr().toarray(), mask)


def test_matrices_given_are_not_changed():
    matrix = scipy.sparse.csr_array(([1, 1, 1], [2, 0, 0], [0, 3]), shape=(1, 3))
    matrix.has_canonical_format = False
    before = matrix.indices.copy()
    assert from_layers([matrix]).n_edges == 2
    np.testing.assert_array_equal(matrix.indices, before)
