from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.naive import edges
from tests.strategies import layered_graphs, masks
from topograph.biadjacency import Sparse
from topograph.distances import edge_overlap, layer_edge_overlaps, mask_distances
from topograph.errors import Undefined
from topograph.graph import Layer, LayeredGraph
from topograph.toy import broken_bridge, butterfly


@st.composite
def alike(draw, count=2, nets=None):
    """Masks of the same widths and wiring."""
    graph = draw(layered_graphs() if nets is None else nets)
    found = [graph]
    for _ in range(count - 1):
        layers = [
            Layer(
                layer.name + "'",
                layer.source,
                layer.target,
                Sparse.from_matrix(draw(masks(shape=layer.shape))),
            )
            for layer in graph.layers
        ]
        found.append(LayeredGraph(graph.widths, layers))
    return found


def edge_sets(graph):
    return [
        {(number, *edge) for edge in np.argwhere(layer.biadjacency.to_csr().toarray()).tolist()}
        for number, layer in enumerate(graph.layers)
    ]


def jaccard(one, other):
    return len(one & other) / len(one | other) if one | other else 1.0


@given(alike())
def test_overlaps_are_those_of_the_sets_of_edges(pair):
    ours, yours = map(edge_sets, pair)
    assert layer_edge_overlaps(*pair) == tuple(map(jaccard, ours, yours))
    assert edge_overlap(*pair) == jaccard(set().union(*ours), set().union(*yours))
    assert sum(map(len, ours)) == len(edges(pair[0]))


@given(alike())
def test_overlap_is_the_same_both_ways_and_1_for_equal_masks_alone(pair):
    one, other = pair
    assert edge_overlap(one, other) == edge_overlap(other, one)
    assert edge_overlap(one, one) == 1
    assert (edge_overlap(one, other) == 1) == (edge_sets(one) == edge_sets(other))


@given(alike(3))
def test_a_detour_is_never_shorter(three):
    a, b, c = three
    direct = 1 - edge_overlap(a, c)
    assert direct <= 2 - edge_overlap(a, b) - edge_overlap(b, c) + 1e-12


def test_masks_of_other_shapes_have_no_overlap_and_the_reason_is_said():
    with pytest.raises(Undefined, match=r"different widths.* 4 - 4 - 4 and 3 - 3 - 2"):
        edge_overlap(butterfly(), broken_bridge())
    step = Sparse.from_matrix(np.eye(2))
    straight = LayeredGraph([2, 2, 2], [Layer("a", 0, 1, step), Layer("b", 1, 2, step)])
    skipping = LayeredGraph([2, 2, 2], [*straight.layers, Layer("c", 0, 2, step)])
    with pytest.raises(Undefined, match="different levels"):
        edge_overlap(straight, skipping)


def test_every_pair_has_both_measures_or_a_reason():
    found = mask_distances([butterfly(), broken_bridge(), butterfly()], per_layer=True)
    values = {(row.measure, row.layer, row.first, row.second): row.value for row in found}
    assert values == {
        ("edge_overlap", None, 0, 1): None,
        ("matched_distance", None, 0, 1): None,
        ("edge_overlap", None, 1, 2): None,
        ("matched_distance", None, 1, 2): None,
        ("edge_overlap", None, 0, 2): 1.0,
        ("edge_overlap", 1, 0, 2): 1.0,
        ("edge_overlap", 2, 0, 2): 1.0,
        ("matched_distance", None, 0, 2): 0.0,
        ("matched_distance", 1, 0, 2): 0.0,
        ("matched_distance", 2, 0, 2): 0.0,
    }
    assert all(row.undefined for row in found if row.value is None)
