from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.biadjacency import Identity, Kronecker, Sparse
from topograph.errors import GraphError, ParameterError
from topograph.graph import Layer, chain
from topograph.io import from_layers, read, write
from topograph.io.limits import Budget
from topograph.io.orientation import settle, transposed
from topograph.testing import kronecker_layers, masks
from topograph.toy import shortcut

ASSUMED = "rows were taken as inputs (in-out)"


@pytest.fixture
def save(tmp_path):
    def save(*shapes):
        rng = np.random.default_rng(1)
        arrays = {f"w{k}": rng.random(shape) > 0.5 for k, shape in enumerate(shapes)}
        np.savez(tmp_path / "mask.npz", **arrays)
        return tmp_path / "mask.npz", list(arrays.values())

    return save


def dense(graph):
    return [layer.biadjacency.to_csr().toarray() for layer in graph.layers]


def test_widths_that_chain_as_stored_are_in_out(save):
    path, arrays = save((4, 3), (3, 2))
    graph = read(path)
    assert graph.widths == (4, 3, 2)
    assert graph.notes == ()
    for found, stored in zip(dense(graph), arrays, strict=True):
        np.testing.assert_array_equal(found, stored)


def test_widths_that_chain_transposed_are_out_in(save):
    path, arrays = save((3, 4), (2, 3))
    graph = read(path)
    assert graph.widths == (4, 3, 2)
    assert graph.notes == ()
    assert graph.provenance == {"orientation": "out-in", "of": {"format": "npz"}}
    for found, stored in zip(dense(graph), arrays, strict=True):
        np.testing.assert_array_equal(found, stored.T)


@pytest.mark.parametrize("shapes", [[(4, 3)], [(3, 3)] * 3, [(4, 3), (3, 4)]])
def test_widths_that_chain_both_ways_are_in_out_with_a_note(save, shapes):
    path, arrays = save(*shapes)
    graph = read(path)
    assert len(graph.notes) == 1
    assert ASSUMED in graph.notes[0]
    for found, stored in zip(dense(graph), arrays, strict=True):
        np.testing.assert_array_equal(found, stored)


@pytest.mark.parametrize("orientation", [None, "in-out", "out-in"])
@pytest.mark.parametrize("shapes", [[(4, 3), (5, 2)], [(6, 5), (5, 3), (4, 2)]])
def test_widths_that_chain_in_neither_way_name_layers_widths_and_the_mend(
    save, orientation, shapes
):
    path, _ = save(*shapes)
    with pytest.raises(GraphError) as caught:
        read(path, orientation=orientation)
    said = str(caught.value)
    assert said.startswith(f"{path}: ")
    for word in ("'w1'", "units)", "--orientation", "order"):
        assert word in said
    if orientation != "out-in":
        (_, one), (other, _) = shapes[-2:]
        assert f"one has {one} units there and the other {other}" in said


def test_an_explicit_orientation_overrides(save):
    path, arrays = save((3, 3), (3, 3))
    for orientation, turned in (("in-out", False), ("out-in", True)):
        graph = read(path, orientation=orientation)
        assert graph.notes == ()
        for found, stored in zip(dense(graph), arrays, strict=True):
            np.testing.assert_array_equal(found, stored.T if turned else stored)
    path, _ = save((4, 3), (3, 2))
    with pytest.raises(GraphError, match="must agree"):
        read(path, orientation="out-in")


def test_fixed_formats_are_in_out_without_a_note_unless_told(tmp_path):
    path = tmp_path / "n3-l1.tsv"
    path.write_text("1\t2\t1\n")
    assert read(path).notes == ()
    assert dense(read(path))[0].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0]]
    assert dense(read(path, orientation="out-in"))[0].tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 0]]
    graph = chain([Kronecker(4, 2, 1), Sparse.from_edges([0], [1], (4, 4))])
    write(graph, tmp_path / "graph.npz")
    assert read(tmp_path / "graph.npz").notes == ()
    turned = read(tmp_path / "graph.npz", orientation="out-in")
    for found, stored in zip(dense(turned), dense(graph), strict=True):
        np.testing.assert_array_equal(found, stored.T)
    assert isinstance(turned.layers[0].biadjacency, Kronecker)


def test_a_fixed_format_settles_the_files_beside_it(tmp_path):
    mask = np.triu(np.ones((3, 3)))
    np.save(tmp_path / "mask.npy", mask)
    (tmp_path / "n3-l1.tsv").write_text("1\t2\t1\n")
    graph = read([tmp_path / "mask.npy", tmp_path / "n3-l1.tsv"])
    assert graph.notes == ()
    np.testing.assert_array_equal(dense(graph)[0], mask)


def test_skip_layers_are_turned_too(tmp_path):
    graph = shortcut()
    write(graph, tmp_path / "graph.npz")
    assert read(tmp_path / "graph.npz", orientation="out-in").n_edges == graph.n_edges


@pytest.mark.parametrize("orientation", ["rows", "IN-OUT", 1, "", ["in-out"]])
def test_other_orientations_are_refused(orientation):
    with pytest.raises(ParameterError, match="'in-out', 'out-in'"):
        from_layers([np.ones((2, 2))], orientation=orientation)
    with pytest.raises(ParameterError, match="'in-out', 'out-in'"):
        read("nowhere.npz", orientation=orientation)


@given(masks())
def test_transposing_sparse_transposes_the_matrix(mask):
    found = transposed(Sparse.from_matrix(mask), Budget()).to_csr().toarray()
    np.testing.assert_array_equal(found, mask.T)


@given(kronecker_layers())
def test_transposing_kronecker_transposes_the_matrix(layer):
    found = transposed(layer, Budget())
    np.testing.assert_array_equal(found.to_csr().toarray(), layer.to_csr().toarray().T)
    assert isinstance(found, Kronecker) == (layer.row_order is None)


def test_transposing_a_skip_transposes_the_matrix():
    skip = Identity(2, 4, offset=1)
    found = transposed(skip, Budget()).to_csr().toarray()
    np.testing.assert_array_equal(found, skip.to_csr().toarray().T)


@given(st.lists(st.integers(1, 3), min_size=2, max_size=5), st.booleans())
def test_chains_settle_in_an_orientation_in_which_they_chain(widths, turned):
    shapes = list(itertools.pairwise(widths))
    shapes = [shape[::-1] for shape in shapes] if turned else shapes
    layers = [
        Layer(f"w{k}", k, k + 1, Sparse.from_matrix(np.zeros(shape)))
        for k, shape in enumerate(shapes)
    ]
    chosen, assumed = settle(layers, None)
    in_out = all(one[1] == two[0] for one, two in itertools.pairwise(shapes))
    out_in = all(one[0] == two[1] for one, two in itertools.pairwise(shapes))
    assert chosen == ("in-out" if in_out else "out-in")
    assert bool(assumed) == (in_out and out_in)
