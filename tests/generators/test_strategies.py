"""The public strategies give what they promise, and shrink to the smallest example."""

import importlib
import sys

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

import topograph.testing
from tests.strategies import (
    biregular_masks,
    kronecker_layers,
    layered_graphs,
    masks,
    radix_nets,
    radix_specifications,
    relabelled,
    symmetric_nets,
)
from topograph.biadjacency import Identity, Kronecker
from topograph.errors import MissingExtraError
from topograph.propagation import EXACT, arrive

# Without the phase that explains, in which `find` forgets the smallest example.
QUICK = settings(
    max_examples=2000, deadline=None, database=None, phases=(Phase.generate, Phase.shrink)
)


def path_matrix(net):
    return arrive(net, np.eye(net.n_inputs, dtype=np.int64), EXACT).T


@given(masks())
def test_masks_are_matrices_of_zeros_and_ones(mask):
    assert mask.ndim == 2
    assert mask.dtype == np.int64
    assert min(mask.shape) >= 1
    assert set(np.unique(mask)) <= {0, 1}


@given(masks(shape=(2, 3), dtype=np.float32))
def test_masks_of_one_shape_and_type(mask):
    assert (mask.shape, mask.dtype) == ((2, 3), np.float32)


@given(kronecker_layers(shape=(4, 6)))
def test_kronecker_layers_of_one_shape(layer):
    assert layer.shape == (4, 6)


@given(layered_graphs(max_levels=3, max_width=4))
def test_layered_graphs_keep_to_their_bounds(graph):
    assert 2 <= graph.n_levels <= 3
    assert max(graph.widths) <= 4


@given(layered_graphs(skips=False, parallels=False))
def test_layered_graphs_without_skips_and_parallels_are_chains(graph):
    assert graph.is_chain


@given(layered_graphs(parallels=False, operators=False))
def test_layered_graphs_without_parallels_join_levels_once(graph):
    pairs = [(layer.source, layer.target) for layer in graph.layers]
    assert len(set(pairs)) == len(pairs)
    assert not any(isinstance(layer.biadjacency, (Identity, Kronecker)) for layer in graph.layers)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda graph: not all(layer.target == layer.source + 1 for layer in graph.layers),
        lambda graph: any(
            isinstance(layer.biadjacency, Identity) and layer.biadjacency.offset
            for layer in graph.layers
        ),
        lambda graph: any(
            isinstance(layer.biadjacency, Kronecker) and layer.biadjacency.row_order is not None
            for layer in graph.layers
        ),
        lambda graph: any(layer.n_edges == 0 for layer in graph.layers) and graph.n_edges > 0,
        lambda graph: (
            len({(layer.source, layer.target) for layer in graph.layers}) < len(graph.layers)
        ),
        lambda graph: graph.n_edges > 3 and (path_matrix(graph).sum(axis=0) == 0).any(),
    ],
    ids=["skip", "offset", "row-order", "empty-layer", "parallel", "dead-output"],
)
def test_layered_graphs_come_in_every_kind(wanted):
    assert find(layered_graphs(), wanted, settings=QUICK).n_levels >= 2


def test_layered_graphs_shrink_to_the_smallest():
    smallest = find(layered_graphs(), lambda graph: graph.n_levels > 0, settings=QUICK)
    assert (smallest.widths, smallest.n_edges, len(smallest.layers)) == ((1, 1), 0, 1)


def test_skips_shrink_to_three_single_units():
    smallest = find(
        layered_graphs(),
        lambda graph: any(layer.target > layer.source + 1 for layer in graph.layers),
        settings=QUICK,
    )
    assert smallest.widths == (1, 1, 1)
    assert smallest.n_edges == 0


@settings(deadline=None)
@given(radix_nets(max_base=6, unit_radices=True))
def test_radix_nets_are_symmetric(net):
    paths = path_matrix(net)
    assert paths.min() == paths.max() > 0


@given(radix_specifications(max_base=10, max_systems=2, max_dense=2))
def test_radix_specifications_keep_to_their_bounds(specification):
    assert specification.base <= 10
    assert len(specification.systems) <= 2
    assert max(specification.dense_widths) <= 2
    assert min(specification.radices) >= 2


def test_unit_radices_come_only_when_asked_for():
    with_units = radix_specifications(unit_radices=True)
    found = find(with_units, lambda chosen: 1 in chosen.radices, settings=QUICK)
    assert sorted(found.radices) == [1, 2]
    with pytest.raises(NoSuchExample):
        find(
            radix_specifications(),
            lambda chosen: 1 in chosen.radices,
            settings=settings(QUICK, max_examples=200),
        )


@given(biregular_masks())
def test_biregular_masks_are(mask):
    assert len(set(mask.sum(axis=0))) == len(set(mask.sum(axis=1))) == 1
    assert mask.sum() > 0
    assert mask.max() == 1


@settings(deadline=None)
@given(symmetric_nets())
def test_symmetric_nets_are(net):
    paths = path_matrix(net)
    assert paths.min() == paths.max() > 0


@settings(deadline=None)
@given(relabelled(st.just(topograph.testing.radix_net([[2, 3]], [1, 2, 1]))))
def test_relabelled_nets_keep_widths_and_edges(net):
    assert net.widths == (6, 12, 6)
    assert net.n_edges == 60
    assert (path_matrix(net) == 2).all()


def test_missing_hypothesis_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    monkeypatch.delitem(sys.modules, "topograph.testing")
    with pytest.raises(MissingExtraError, match=r"hypothesis.*topograph\[testing\]"):
        importlib.import_module("topograph.testing")
