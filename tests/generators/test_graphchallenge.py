"""GraphChallenge nets against the definition and against the official files."""

import os
from pathlib import Path

import numpy as np
import pytest

from topograph.biadjacency import Sparse
from topograph.errors import ParameterError
from topograph.generators import graphchallenge_layer, graphchallenge_net, radix_net
from topograph.generators.graphchallenge import OFFICIAL_NEURONS
from topograph.propagation import EXACT, arrive


def path_matrix(net):
    return arrive(net, np.eye(net.n_inputs, dtype=np.int64), EXACT).T


@pytest.fixture(scope="module")
def official():
    """Return a reader of the official layers of the 1024-neuron net."""
    home = os.environ.get("TOPOGRAPH_DATA")
    if home is None:
        pytest.skip("TOPOGRAPH_DATA, the folder of the official files, is not set")
    folder = Path(home) / "graphchallenge-1024"
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder} with the official layers")

    def read(layer):
        edges = np.loadtxt(folder / f"n1024-l{layer}.tsv.gz", usecols=(0, 1), dtype=np.int64)
        return Sparse.from_edges(edges[:, 0] - 1, edges[:, 1] - 1, shape=(1024, 1024))

    return read


@pytest.mark.parametrize("layer", range(1, 7))
def test_base_layers_equal_the_official_ones_entry_by_entry(official, layer):
    ours = graphchallenge_layer(1024, layer).to_csr()
    theirs = official(layer)
    assert np.array_equal(ours.indptr, theirs.indptr)
    assert np.array_equal(ours.indices, theirs.indices)


@pytest.mark.parametrize("layer", range(7, 25))
def test_later_official_layers_are_the_base_with_rows_permuted(official, layer):
    theirs = official(layer)
    rows = _rows(theirs.to_csr())
    base = _rows(graphchallenge_layer(1024, (layer - 1) % 6 + 1).to_csr())
    ours = _rows(graphchallenge_layer(1024, layer).to_csr())
    assert not np.array_equal(rows, base)
    assert np.array_equal(_sorted(rows), _sorted(base))
    assert np.array_equal(_sorted(ours), _sorted(base))


def _rows(matrix):
    return matrix.indices.reshape(1024, 32)


def _sorted(rows):
    return rows[np.lexsort(rows.T)]


@pytest.mark.parametrize("layer", range(1, 7))
def test_base_layers_are_the_definition(layer):
    circulant = np.eye(64, dtype=int)
    circulant += np.roll(np.eye(64, dtype=int), -(2 ** (layer - 1)), axis=1)
    expected = np.kron(np.ones((16, 16), dtype=int), circulant)
    assert np.array_equal(graphchallenge_layer(1024, layer).to_csr().toarray(), expected)


def test_first_layers_are_a_radix_net():
    net = graphchallenge_net(1024, 6)
    base = radix_net([[2] * 6], [16] * 7, direction=-1)
    for layer, expected in zip(net.layers, base.layers, strict=True):
        assert (layer.biadjacency.to_csr() != expected.biadjacency.to_csr()).nnz == 0
    assert (path_matrix(net) == 16**5).all()


def test_net_of_more_layers_stays_symmetric():
    net = graphchallenge_net(64, 7)
    assert (path_matrix(net) == 16 * 32**5).all()


def test_permuted_layers_alone_are_not_symmetric():
    paths = path_matrix(graphchallenge_net(128, 6, seed=1).select_layers(4, 6))
    assert paths.min() < paths.max()


@pytest.mark.parametrize("layers", [1, 3, 8])
def test_edges_degrees_and_names(layers):
    net = graphchallenge_net(256, layers)
    assert net.n_edges == 32 * 256 * layers
    assert [layer.name for layer in net.layers] == [f"n256-l{k}" for k in range(1, layers + 1)]
    for layer in net.layers:
        assert (layer.fan_in() == 32).all()
        assert (layer.fan_out() == 32).all()


@pytest.mark.parametrize("neurons", OFFICIAL_NEURONS)
def test_layers_of_the_official_sizes_are_made_on_demand(neurons):
    layer = graphchallenge_layer(neurons, 1920)
    assert layer.shape == (neurons, neurons)
    assert layer.n_edges == 32 * neurons
    assert (layer.backward(np.ones(neurons)) == 32).all()


def test_a_layer_depends_on_seed_and_number_alone():
    short, long = graphchallenge_net(64, 5, seed=3), graphchallenge_net(64, 9, seed=3)
    for number, layer in enumerate(short.layers, start=1):
        alone = graphchallenge_layer(64, number, seed=3)
        assert _same_order(layer.biadjacency, long.layers[number - 1].biadjacency)
        assert _same_order(layer.biadjacency, alone)
    assert not _same_order(graphchallenge_layer(64, 3, seed=3), graphchallenge_layer(64, 5, seed=3))
    assert not _same_order(graphchallenge_layer(64, 3, seed=3), graphchallenge_layer(64, 3, seed=4))


def _same_order(one, other):
    if one.row_order is None or other.row_order is None:
        return one.row_order is other.row_order
    return np.array_equal(one.row_order, other.row_order)


def test_direction_of_the_definition_can_be_chosen():
    assert graphchallenge_layer(64, 1).to_csr()[[0], :].indices[:2].tolist() == [0, 3]
    assert graphchallenge_layer(64, 1, direction=1).to_csr()[[0], :].indices[:2].tolist() == [0, 1]


def test_provenance_makes_the_net_again():
    net = graphchallenge_net(64, 5, seed=3)
    assert net.provenance["family"] == "graphchallenge"
    assert net.equals(graphchallenge_net(**net.provenance["parameters"]))


def test_notes_say_what_is_not_official():
    official = graphchallenge_net(1024, 120, seed=5)
    assert len(official.notes) == 1
    assert "layers 7 to 120" in official.notes[0]
    assert "seed 5" in official.notes[0]
    assert "no official GraphChallenge size" in graphchallenge_net(64, 2).notes[0]
    assert "not every input reaches every output" in graphchallenge_net(64, 1).notes[1]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ({"neurons": 1000, "layers": 6}, ["16 times a power of two", "1000", "nearest is 1024"]),
        ({"neurons": 16, "layers": 6}, ["at least 32", "is 16", "nearest is 32"]),
        ({"neurons": 5, "layers": 6}, ["is 5", "nearest is 32"]),
        ({"neurons": 600, "layers": 6}, ["is 600", "nearest is 512", "1024, 4096, 16384, 65536"]),
        ({"neurons": 0, "layers": 6}, ["neurons", "at least 1", "is 0"]),
        ({"neurons": 1024, "layers": 0}, ["layers", "at least 1", "is 0"]),
        ({"neurons": 1024, "layers": 2.5}, ["layers", "is 2.5"]),
        ({"neurons": 1024, "layers": 6, "seed": -1}, ["seed", "at least 0", "is -1"]),
        ({"neurons": 1024, "layers": 6, "direction": 2}, ["direction", "1 or -1", "is 2"]),
    ],
)
def test_nets_that_do_not_exist(arguments, parts):
    with pytest.raises(ParameterError) as caught:
        graphchallenge_net(**arguments)
    for part in parts:
        assert part in str(caught.value)


def test_layers_are_counted_from_one():
    with pytest.raises(ParameterError, match=r"layer must be .* it is 0"):
        graphchallenge_layer(1024, 0)
