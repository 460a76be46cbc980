"""Nets recognised as RadiX-Nets as labelled, against all RadiX-Nets of their widths."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive
from tests.every_radix_net import every_radix_specification
from tests.strategies import kronecker_layers, layered_graphs, radix_specifications
from topograph.biadjacency import Kronecker, Sparse
from topograph.errors import ParameterError
from topograph.generators import graphchallenge_net, radix_net
from topograph.graph import chain
from topograph.radix import (
    NotRadix,
    RadixSpecification,
    RecognisedRadix,
    paths_per_pair,
    recognise_radix,
    recognised_operators,
    recognised_paths_per_pair,
)
from topograph.toy import shortcut


def held(graph):
    return chain([Sparse.from_matrix(layer.biadjacency.to_csr()) for layer in graph.layers])


def made(specification):
    return radix_net(
        specification.systems,
        specification.dense_widths,
        specification.direction,
        specification.allow_unit_radix,
    )


@st.composite
def chains_of_radix_layers(draw):
    """Chains of layers each of which is one of a RadiX-Net, mostly not of the same."""
    width = draw(st.sampled_from([2, 3, 4, 6]))
    layers = st.lists(kronecker_layers(shape=(width, width)), min_size=1, max_size=3)
    return held(chain(draw(layers)))


@settings(max_examples=60)
@given(radix_specifications(max_base=24, unit_radices=True), st.booleans())
def test_what_is_recognised_generates_the_equal_net(specification, as_indices):
    net = held(made(specification)) if as_indices else made(specification)
    found = recognise_radix(net)
    assert found.labelling == "as labelled"
    assert made(found.specification).equals(net)
    assert chain(list(recognised_operators(net, found))).equals(net)


@settings(max_examples=60)
@given(radix_specifications(max_base=24))
def test_systems_are_found_unless_all_layers_are_dense(specification):
    found = recognise_radix(held(made(specification))).specification
    if any(len(system) > 1 for system in specification.systems) or (
        math.prod(specification.systems[-1]) < specification.base
    ):
        assert found.systems == specification.systems
        assert found.dense_widths == specification.dense_widths
        bands = any(
            radix * place < specification.base
            for system in specification.systems
            for place, radix in [(1, system[0])]
        )
        if bands:
            assert found.direction == specification.direction
    else:
        assert found.base == math.gcd(*specification.widths)
        assert found.direction == 1


@settings(max_examples=60)
@given(chains_of_radix_layers())
def test_chains_are_recognised_if_and_only_if_a_radix_net_equals_them(net):
    found = recognise_radix(net)
    truth = any(
        made(specification).equals(net) for specification in every_radix_specification(net.widths)
    )
    recognised = isinstance(found, RecognisedRadix)
    assert truth == (recognised and found.labelling == "as labelled")
    if recognised:
        assert chain(list(recognised_operators(net, found))).equals(net)
    else:
        assert found.layer in {layer.name for layer in net.layers}


@settings(max_examples=60)
@given(st.one_of(layered_graphs(), chains_of_radix_layers()))
def test_the_theorem_gives_the_paths_of_every_pair(graph):
    count = recognised_paths_per_pair(graph)
    if count is not None:
        assert {paths for row in naive.pair_counts(graph) for paths in row} == {count}


@settings(max_examples=60)
@given(radix_specifications(max_base=8, max_systems=2), st.integers(0, 2**16))
def test_rows_reordered_behind_a_system_keep_the_theorem(specification, seed):
    net, first = made(specification), len(specification.systems[0])
    rng = np.random.default_rng(seed)
    matrices = [layer.biadjacency.to_csr().toarray() for layer in net.layers]
    for place in range(first, len(matrices)):
        matrices[place] = matrices[place][rng.permutation(len(matrices[place]))]
    moved = chain([Sparse.from_matrix(matrix) for matrix in matrices])
    assert recognised_paths_per_pair(moved) == paths_per_pair(specification)
    found = recognise_radix(moved)
    assert found.labelling == ("as labelled" if moved.equals(net) else "rows reordered")
    assert chain(list(recognised_operators(moved, found))).equals(moved)


@pytest.mark.parametrize("direction", [1, -1])
def test_graphchallenge_nets_are_recognised_with_their_row_orders(direction):
    net = graphchallenge_net(256, 10, seed=5, direction=direction)
    for graph in (net, held(net)):
        found = recognise_radix(graph)
        assert found.specification == RadixSpecification(
            [[2, 2, 2, 2]] * 2 + [[2, 2]], [16] * 11, direction
        )
        assert found.labelling == "rows reordered"
        assert found.reordered_layers == tuple(layer.name for layer in graph.layers[4:])
        again = chain(list(recognised_operators(graph, found)), [la.name for la in graph.layers])
        assert again.equals(graph)
        assert recognised_paths_per_pair(graph) == 16**3 * 32**6


def test_rows_reordered_before_a_system_is_complete_are_not_recognised():
    found = recognise_radix(graphchallenge_net(256, 10).select_layers(5, 8))
    assert isinstance(found, NotRadix)
    assert found.layer == "n256-l5"
    assert "in another order" in found.reason
    first = Kronecker(4, 2, 1, row_order=np.array([0, 1, 3, 2]))
    found = recognise_radix(chain([first, Kronecker(4, 2, 2)]))
    assert (found.layer, found.unit) == ("layer1", 2)


def test_a_direction_that_changes_behind_a_system_is_a_reordering_of_rows():
    forth, back = (radix_net([[2, 2, 2]], direction=sign).layers for sign in (1, -1))
    net = chain([layer.biadjacency for layer in (*forth, *back)])
    found = recognise_radix(net)
    assert (found.specification.direction, found.labelling) == (1, "rows reordered")
    assert found.reordered_layers == ("layer4", "layer5")
    assert chain(list(recognised_operators(net, found))).equals(net)


def test_dense_nets_are_radix_nets_of_the_greatest_common_divisor():
    def found(*widths):
        masks = [np.ones(shape) for shape in itertools.pairwise(widths)]
        return recognise_radix(chain([Sparse.from_matrix(mask) for mask in masks])).specification

    assert found(784, 300, 100, 10) == RadixSpecification([[2]] * 3, [392, 150, 50, 5])
    assert found(3, 5).systems == ((1,),)


@pytest.mark.parametrize(
    ("layers", "layer", "part"),
    [
        ([Kronecker(8, 2, 1), Kronecker(8, 2, 2)], "layer2", "multiply up to 4, not to N' = 8"),
        ([Kronecker(8, 2, 2), Kronecker(8, 2, 4)], "layer1", "place value 2, but 1 is due"),
        ([Kronecker(8, 2, 1), Kronecker(8, 2, 1)], "layer2", "1, but 2 is due: the radices [2]"),
        (
            [Kronecker(8, 2, 1), Kronecker(4, 2, 1, 2, 2)],
            "layer2",
            "4 different rows where N' is 8",
        ),
        ([Kronecker(4, 2, 1), Kronecker(4, 2, 2), Kronecker(1, 1, 1, 4, 6)], "layer3", "4 to 6"),
        ([Kronecker(2, 1, 1, 2, 2)], "layer1", "multiply up to 1"),
    ],
)
def test_layers_that_do_not_join(layers, layer, part):
    found = recognise_radix(held(chain(layers)))
    assert found.layer == layer
    assert part in found.reason


def test_skips_are_no_radix_nets():
    found = recognise_radix(shortcut())
    assert "chain" in found.reason
    assert found.layer == "skip"


def test_operators_of_another_net_are_refused():
    found = recognise_radix(radix_net([[2, 2]]))
    with pytest.raises(ParameterError, match="fan-out"):
        list(recognised_operators(chain([Sparse.from_matrix([[1, 1], [1, 0]])] * 2), found))
