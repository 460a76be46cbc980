from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from topograph.errors import GraphError, ParameterError, ReadError, TopographError
from topograph.io import read
from topograph.propagation import EXACT, propagate

OFFICIAL = Path(os.environ.get("TOPOGRAPH_DATA", "/nowhere")) / "graphchallenge-1024"
needs_official = pytest.mark.skipif(
    not OFFICIAL.is_dir(), reason="TOPOGRAPH_DATA names no folder with graphchallenge-1024"
)


@pytest.fixture
def save(tmp_path):
    def save(name, *edges, value="6.250000e-02"):
        path = tmp_path / name
        text = "".join(f"{row}\t{column}\t{value}\n" for row, column in edges).encode()
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    return save


def dense(graph, layer=0):
    return graph.layers[layer].biadjacency.to_csr().toarray()


def test_one_file_is_one_square_layer(save):
    graph = read(save("n3-l1.tsv", (1, 2), (3, 1)))
    np.testing.assert_array_equal(dense(graph), [[0, 1, 0], [0, 0, 0], [1, 0, 0]])
    assert graph.widths == (3, 3)
    assert graph.layers[0].name == "n3-l1"
    assert graph.provenance == {"format": "graphchallenge-tsv"}
    assert graph.notes == ()


def test_a_folder_is_read_in_the_order_of_its_numbers(save, tmp_path):
    for number in range(1, 12):
        save(f"n11-l{number}.tsv{'.gz' if number % 2 else ''}", (number, 1))
    save("n11-categories.tsv", (1, 1))
    save("README.md")
    graph = read(tmp_path)
    assert [layer.name for layer in graph.layers] == [f"n11-l{k}" for k in range(1, 12)]
    sources = [layer.fan_out().argmax() + 1 for layer in graph.layers]
    assert sources == list(range(1, 12))


def test_files_given_are_layers_in_the_order_given(save):
    paths = [save("n2-l7.tsv", (1, 2)), save("n2-l3.tsv.gz", (2, 1))]
    graph = read(paths)
    assert [layer.name for layer in graph.layers] == ["n2-l7", "n2-l3"]


def test_only_the_layers_wanted_are_read(save, tmp_path):
    for number in range(1, 5):
        save(f"n4-l{number}.tsv", (number, 1))
    (tmp_path / "n4-l4.tsv").write_text("garbage")
    whole = [read(tmp_path / f"n4-l{number}.tsv") for number in (2, 3)]
    for layers in ("2:3", (2, 3)):
        graph = read(tmp_path, layers=layers)
        assert [layer.name for layer in graph.layers] == ["n4-l2", "n4-l3"]
        assert graph.provenance == {"layers": "2:3", "of": {"format": "graphchallenge-tsv"}}
        for number in (0, 1):
            np.testing.assert_array_equal(dense(graph, number), dense(whole[number]))


def test_layers_beyond_the_last_are_refused(save, tmp_path):
    save("n4-l1.tsv", (1, 1))
    with pytest.raises(ParameterError, match="1:1, but 1:2"):
        read(tmp_path, layers="1:2")


def test_widths_without_a_name_are_the_largest_index_of_all_files(save, tmp_path):
    save("net-l1.tsv", (1, 3))
    save("net-l2.tsv", (5, 1))
    graph = read(tmp_path)
    assert graph.widths == (5, 5, 5)
    assert graph.n_edges == 2
    assert len(graph.notes) == 1
    assert "5" in graph.notes[0]
    assert read([tmp_path / "net-l2.tsv", tmp_path / "net-l1.tsv"]).widths == (5, 5, 5)


@pytest.mark.parametrize("name", ["neuron3-l1.tsv", "in3-l1.tsv", "edges.tsv"])
def test_other_names_do_not_give_the_width(save, name):
    assert read(save(name, (1, 2))).widths == (2, 2)


@pytest.mark.parametrize("name", ["n3-l1.tsv", "N3-l1.TSV", "radix_n3-l1.tsv", "n3-edges.tsv"])
def test_names_that_give_the_width(save, name):
    assert read(save(name, (1, 2))).widths == (3, 3)


def test_duplicates_are_one_edge_and_zeros_none(tmp_path):
    path = tmp_path / "n2-l1.tsv"
    path.write_text("1\t1\t1\n1\t1\t-1\n1\t2\t0\n2\t2\t0.5\n")
    np.testing.assert_array_equal(dense(read(path)), [[1, 0], [0, 1]])
    path.write_text("1\t1\t0\n1\t2\t0\n")
    assert read(path).n_edges == 0


def test_the_threshold_is_on_absolute_values(tmp_path):
    path = tmp_path / "n2-l1.tsv"
    path.write_text("1\t1\t0.5\n1\t2\t-1\n2\t2\t-0.25\n")
    np.testing.assert_array_equal(dense(read(path, threshold=0.5)), [[0, 1], [0, 0]])
    path.write_text("1\t1\t-1\n1\t2\t-1\n")
    assert read(path, threshold=0.5).n_edges == 2
    assert read(path, threshold=1).n_edges == 0


def test_an_empty_file_is_a_layer_without_edges(save):
    assert read(save("n4-l1.tsv")).n_edges == 0
    assert read(save("n4-l1.tsv.gz")).widths == (4, 4)
    with pytest.raises(GraphError, match="number of units"):
        read(save("empty.tsv"))


def test_units_beyond_65536_do_not_overflow_the_keys(save):
    edges = [(65536, 65536), (65536, 1), (1, 65536), (1, 1)]
    graph = read(save("n65536-l1.tsv", *edges, *edges))
    assert graph.n_edges == 4
    assert graph.layers[0].biadjacency.indptr[[0, 1, 65535, 65536]].tolist() == [0, 2, 2, 4]


def test_indices_above_two_to_the_24_are_kept_exactly(save):
    graph = read(save("edges.tsv", (1, 16777217), (16777217, 16777216)))
    assert graph.widths == (16777217, 16777217)
    assert graph.layers[0].biadjacency.indices.tolist() == [16777216, 16777215]


def test_a_long_file_is_read_across_its_blocks(save):
    rng = np.random.default_rng(0)
    mask = rng.random((300, 300)) < 0.5
    edges = np.argwhere(mask) + 1
    np.testing.assert_array_equal(dense(read(save("n300-l1.tsv", *edges))), mask)
    path = save("n300-l2.tsv", *edges, value="1.25")
    path.write_bytes(path.read_bytes().rstrip().replace(b"1.25", b"0.5", 1))
    np.testing.assert_array_equal(dense(read(path)), mask)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1\t1\t1\n1\t1\n", "line 2"),
        ("0\t1\t1\n", "1..2, but there is 0"),
        ("-1\t1\t1\n", "1..2, but there is -1"),
        ("1\t3\t1\n", "1..2, but there is 3"),
        ("1\t3\t0\n", "1..2, but there is 3"),
        (f"1\t{10**17}\t1\n", "1..2, but there is 1000"),
        ("1\t1\tnan\n", "NaN"),
        ("1\t1\t1\n1\t1\tinf\n", "NaN or infinity"),
        ("1\t1\t1e999\n", "NaN or infinity"),
        ("x" * (1 << 18), "line must be shorter"),
    ],
)
def test_bad_lines_are_refused_in_a_sentence(tmp_path, text, said):
    path = tmp_path / "n2-l1.tsv"
    path.write_text(text)
    for place in (path, tmp_path, [path, path]):
        with pytest.raises(TopographError, match=said) as caught:
            read(place)
        assert isinstance(caught.value, ReadError | GraphError)
        assert str(caught.value).startswith(f"{path}: ")
        assert str(caught.value).count("n2-l1") == 1


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "no such file"),
        (["mask.npz", "n4-categories.tsv"], "no such file"),
        (["n4-l1.tsv", "n4-l3.tsv"], "1 of them is missing: 2."),
        (["n4-l2.tsv"], "missing: 1."),
        (["n4-l9.tsv"], "missing: 1, 2, 3, 4, 5, ..."),
        (["n4-l1.tsv", "n8-l2.tsv"], "n4-l1.tsv has 4 units and n8-l2.tsv 8"),
        (["n4-l1.tsv", "net-l2.tsv"], "n4-l1.tsv has 4 units and net-l2.tsv no"),
        (["n4-l1.tsv", "n4-l1.tsv.gz"], "both layer 1"),
        (["n4-l1.tsv", "n4-l01.tsv"], "both layer 1"),
    ],
)
def test_bad_folders_are_refused_in_a_sentence(save, tmp_path, names, said):
    for name in names:
        save(name, (1, 1))
    with pytest.raises(ReadError) as caught:
        read(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}: ")
    assert said in str(caught.value)


def test_widths_of_files_that_do_not_meet_are_named(save):
    with pytest.raises(GraphError) as caught:
        read([save("n4-l1.tsv", (1, 1)), save("n8-l2.tsv", (1, 1))])
    for word in ("'n4-l1'", "'n8-l2'", "4 units", "8"):
        assert word in str(caught.value)


def test_a_claimed_width_beyond_the_cap_is_refused(save):
    with pytest.raises(ReadError, match="at most"):
        read(save("n1000000000000-l1.tsv", (1, 1)))
    with pytest.raises(ReadError, match="TOPOGRAPH_MAX_BYTES"):
        read(save("n2000000000-l1.tsv", (1, 1)))
    with pytest.raises(GraphError, match="at least one unit"):
        read(save("n0-l1.tsv", (1, 1)))


def test_damaged_gzip_is_refused(save):
    path = save("n4-l1.tsv.gz", (1, 1))
    path.write_bytes(path.read_bytes()[:-6])
    with pytest.raises(ReadError, match="gzip"):
        read(path)


@needs_official
def test_the_official_layers_are_read():
    graph = read(OFFICIAL)
    assert graph.widths == (1024,) * 25
    assert [layer.n_edges for layer in graph.layers] == [32768] * 24
    assert graph.notes == ()
    for layer in graph.layers:
        assert set(layer.fan_in()) == set(layer.fan_out()) == {32}


@needs_official
def test_the_official_layers_are_what_the_definition_says():
    graph = read(OFFICIAL, layers="1:6")
    for k in range(6):
        circulant = np.eye(64) + np.roll(np.eye(64), -(2**k), axis=1)
        expected = np.kron(np.ones((16, 16)), circulant) > 0
        np.testing.assert_array_equal(dense(graph, k), expected)
    counts = propagate(graph, np.eye(1024, 2, dtype=object), EXACT)[-1]
    assert set(np.asarray(counts).ravel()) == {16**5}


@needs_official
def test_the_official_layers_agree_with_loadtxt():
    path = OFFICIAL / "n1024-l9.tsv.gz"
    rows, columns = np.loadtxt(path, dtype=np.int64, usecols=(0, 1), unpack=True) - 1
    expected = np.zeros((1024, 1024), dtype=np.int64)
    np.add.at(expected, (rows, columns), 1)
    np.testing.assert_array_equal(dense(read(path)), expected)


@pytest.mark.parametrize("numbers", [(0, 1), (0, 2), (0, 1, 3)])
def test_layers_are_counted_from_one(tmp_path, numbers):
    for number in numbers:
        (tmp_path / f"n2-l{number}.tsv").write_text("1\t1\t1\n2\t2\t1\n")
    with pytest.raises(ReadError, match="counted from 1, but there is n2-l0"):
        read(tmp_path)


def test_layers_count_from_1(tmp_path):
    for number in (1, 2):
        (tmp_path / f"n2-l{number}.tsv").write_text("1\t1\t1\n2\t2\t1\n")
    with pytest.raises(ParameterError, match="from 1:2, but 0:2"):
        read(tmp_path, layers=(0, 2))
