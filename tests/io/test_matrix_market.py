from __future__ import annotations

import gzip

import numpy as np
import pytest
import scipy.io
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import masks
from topograph.errors import GraphError, ReadError, TopographError
from topograph.io import read

COORDINATE = "%%MatrixMarket matrix coordinate real general\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mask.mtx"


def dense(graph):
    (layer,) = graph.layers
    return layer.biadjacency.to_csr().toarray()


def test_a_file_written_by_hand(path):
    path.write_text(f"{COORDINATE}% a comment\n\n2 3 3\n1 1 0.5\n2 3 -1\n2 2 0\n")
    graph = read(path)
    np.testing.assert_array_equal(dense(graph), [[1, 0, 0], [0, 0, 1]])
    assert graph.layers[0].name == "mask"
    assert graph.provenance == {"format": "matrix-market"}


@given(masks(), st.sampled_from(["real", "integer", "pattern"]), st.booleans())
def test_masks_come_back_and_read_as_scipy_reads_them(tmp_path_factory, mask, field, sparse):
    path = tmp_path_factory.getbasetemp() / "random.mtx"
    matrix = scipy.sparse.coo_array(mask) if sparse or field == "pattern" else mask
    scipy.io.mmwrite(path, matrix, field=field, symmetry="general")
    found = dense(read(path))
    np.testing.assert_array_equal(found, mask)
    loaded = scipy.io.mmread(path)
    loaded = loaded.toarray() if scipy.sparse.issparse(loaded) else loaded
    np.testing.assert_array_equal(found, loaded)


@pytest.mark.parametrize("symmetry", ["symmetric", "skew-symmetric"])
@pytest.mark.parametrize("sparse", [True, False])
def test_symmetric_matrices_are_unfolded(path, symmetry, sparse):
    sign = 1.0 if symmetry == "symmetric" else -1.0
    matrix = np.array([[0, 2.0, 0], [sign * 2, 0, 0], [0, 0, 0]])
    scipy.io.mmwrite(path, scipy.sparse.coo_array(matrix) if sparse else matrix, symmetry=symmetry)
    np.testing.assert_array_equal(dense(read(path)), matrix != 0)


def test_gzipped_files_are_read(tmp_path):
    path = tmp_path / "fc1.mtx.gz"
    path.write_bytes(gzip.compress(f"{COORDINATE}2 2 1\n1 2 1\n".encode()))
    graph = read(path)
    assert graph.layers[0].name == "fc1"
    np.testing.assert_array_equal(dense(graph), [[0, 1], [0, 0]])


def test_entries_given_twice_are_one_edge(path):
    path.write_text(f"{COORDINATE}2 2 3\n1 2 1\n1 2 1\n1 2 1\n")
    np.testing.assert_array_equal(dense(read(path)), [[0, 1], [0, 0]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must start with"),
        ("1 2 3\n", "must start with"),
        ("%%MatrixMarket vector coordinate real general\n1 1 0\n", "must start with"),
        ("%%MatrixMarket matrix sheared real general\n1 1 0\n", "'sheared'"),
        ("%%MatrixMarket matrix coordinate complex general\n1 1 1\n1 1 1 1\n", "'complex'"),
        ("%%MatrixMarket matrix array pattern general\n1 1\n", "'pattern'"),
        ("%%MatrixMarket matrix coordinate real hermitian\n1 1 0\n", "'hermitian'"),
        ("%%MatrixMarket matrix coordinate pattern skew-symmetric\n1 1 0\n", "skew"),
        ("%%MatrixMarket matrix coordinate real symmetric\n1 2 0\n", "square"),
        (COORDINATE, "followed by the sizes"),
        (COORDINATE + "% only\n" * 3, "followed by the sizes"),
        (COORDINATE + "%\n" * 20_000, "followed by the sizes"),
        (COORDINATE + "%" + "x" * 5000, "shorter than"),
        (COORDINATE + "2 2\n1 1 1\n", "3 whole numbers"),
        (COORDINATE + "2 -2 1\n1 1 1\n", "3 whole numbers"),
        (COORDINATE + "2 two 1\n1 1 1\n", "3 whole numbers"),
        (COORDINATE + "2 2 0x1\n1 1 1\n", "3 whole numbers"),
        (COORDINATE + f"{10**17} 2 1\n1 1 1\n", "at most"),
        (COORDINATE + "2 2 1000000000\n1 1 1\n", "too short"),
        (
            COORDINATE + "2 2 2\n1 1 1.5555555\n",
            "must be followed by the 2 entries it promises, but there are only 1",
        ),
        (
            COORDINATE + "2 2 1\n1 1 1\n2 2 1\n",
            "must be followed by the 1 entries it promises, but there are at least 2",
        ),
        (COORDINATE + "2 2 1\n3 1 1\n", "1..2, but there is 3"),
        (COORDINATE + "2 2 1\n0 1 1\n", "1..2, but there is 0"),
        (COORDINATE + "2 2 1\n-1 1 1\n", "1..2, but there is -1"),
        (COORDINATE + "2 2 1\n1 1 one\n", "line 3 is '1 1 one'"),
        (COORDINATE + "2 2 1\n1 1 1 1\n", "line 3 is '1 1 1 1'"),
        (COORDINATE + "2 2 1\n1 1 1x\n", "line 3 is '1 1 1x'"),
        (COORDINATE + "2 2 1\n1 1 1\x7f\n", "line 3 is"),
        (COORDINATE + "2 2 2\n1 1 1\n% no\n", "line 4 is '% no'"),
        (COORDINATE.replace("real", "pattern") + "2 2 1\n1 1 1\n", "line 3 is '1 1 1'"),
        ("%%MatrixMarket matrix array real general\n2 1\n1\n2 3\n", "line 4 is '2 3'"),
        ("%%MatrixMarket matrix array real general\n2 1\n1\nx\n", "line 4 is 'x'"),
        ("%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n", "too short|only 3"),
        ("%%MatrixMarket matrix array real general\n99999 99999\n1\n2\n3\n", "too short"),
        (COORDINATE + "0 2 0\n", "not 0 to 2"),
        (COORDINATE + "2 0 0\n", "not 2 to 0"),
        (COORDINATE + "2 2 1\n1 1 nan\n", "NaN"),
        (COORDINATE + "2 2 1\n1 1 1e999\n", "infinity"),
    ],
)
def test_bad_files_are_refused_in_a_sentence(path, text, said):
    path.write_text(text)
    with pytest.raises(TopographError, match=said) as caught:
        read(path)
    assert isinstance(caught.value, ReadError | GraphError)
    assert str(caught.value).startswith(f"{path}: ")


def test_line_numbers_count_the_comments(path):
    path.write_text(f"{COORDINATE}% one\n% two\n2 2 2\n1 1 1\n1 x 1\n")
    with pytest.raises(ReadError, match="line 6 is"):
        read(path)


def test_damaged_gzip_is_refused(tmp_path):
    path = tmp_path / "mask.mtx.gz"
    whole = gzip.compress(f"{COORDINATE}2 2 1\n1 2 1\n".encode())
    for content in (whole[:-9], whole[:5], b"plain", whole + b"more"):
        path.write_bytes(content)
        with pytest.raises(ReadError, match="gzip"):
            read(path)
