"""RadiX-Nets recognised in any order of their units, against isomorphism by igraph."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.every_radix_net import every_radix_specification
from tests.strategies import kronecker_layers, radix_nets, relabelled
from topograph.biadjacency import Kronecker, Sparse
from topograph.generators import graphchallenge_net, isomorphic_twin, radix_net
from topograph.generators import relabelled as in_order
from topograph.graph import chain
from topograph.interop import to_igraph
from topograph.radix import (
    NotRadix,
    RadixSpecification,
    RadixUndecided,
    RecognisedRadix,
    recognise_relabelled,
    unit_orders,
)
from topograph.toy import broken_bridge, fano, shortcut


def made(specification):
    return radix_net(
        specification.systems,
        specification.dense_widths,
        allow_unit_radix=specification.allow_unit_radix,
    )


def radix_nets_of(widths):
    """Every RadiX-Net of these widths; offsets to the other side give isomorphic nets."""
    return (made(found) for found in every_radix_specification(widths) if found.direction == 1)


def is_isomorphic(one, other):
    one, other = to_igraph(one), to_igraph(other)
    return one.isomorphic_vf2(other, color1=one.vs["level"], color2=other.vs["level"])


@st.composite
def biregular_chains(draw):
    """Chains of layers of equal degrees; each is a RadiX layer with a few edges swapped."""
    width = draw(st.sampled_from([4, 6]))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    layers = []
    for _ in range(draw(st.integers(1, 3))):
        mask = draw(kronecker_layers(shape=(width, width))).to_csr().toarray()
        for _ in range(draw(st.sampled_from([0, 0, 1, 4]))):
            rows, columns = np.nonzero(mask)
            (a, b), (i, j) = rng.choice(np.stack([rows, columns]), size=2, axis=1)
            if not mask[a, j] and not mask[b, i]:
                mask[[a, b], [i, j]] = 0
                mask[[a, b], [j, i]] = 1
        layers.append(Sparse.from_matrix(mask))
    return chain(layers)


@settings(max_examples=60)
@given(relabelled(radix_nets(max_base=24)))
def test_relabelled_radix_nets_are_put_in_order(net):
    found = recognise_relabelled(net)
    assert found.labelling == "up to relabelling"
    assert in_order(net, found.orders).equals(made(found.specification))


@settings(max_examples=40)
@given(biregular_chains())
def test_both_answers_agree_with_isomorphism_to_any_radix_net(net):
    found = recognise_relabelled(net)
    if isinstance(found, RadixUndecided):
        assert "radix 1" in found.reason
        return
    truth = any(
        other.n_edges == net.n_edges and is_isomorphic(net, other)
        for other in radix_nets_of(net.widths)
    )
    assert truth == isinstance(found, RecognisedRadix)


def test_both_answers_and_none_are_given():
    """The oracle above sees all three."""
    twin = isomorphic_twin(radix_net([[2, 2], [2]]), seed=1)
    assert isinstance(recognise_relabelled(twin), RecognisedRadix)
    circle, pieces = Kronecker(6, 2, 1), Kronecker(6, 3, 2)
    other = Kronecker(6, 3, 2, row_order=np.array([0, 1, 2, 3, 5, 4]))
    assert isinstance(recognise_relabelled(chain([circle, pieces])), RecognisedRadix)
    assert isinstance(recognise_relabelled(chain([circle, other])), NotRadix)
    ones = chain([Kronecker(4, 1, 1), Kronecker(4, 2, 1), Kronecker(4, 2, 2)])
    assert isinstance(recognise_relabelled(ones), RadixUndecided)


def test_a_direction_that_changes_is_no_more_than_another_order():
    layers = [Kronecker(12, 2, 1), Kronecker(12, 3, 2, direction=-1), Kronecker(12, 2, 6)]
    found = recognise_relabelled(chain([*layers, Kronecker(12, 4, 1, direction=-1)]))
    assert found.specification.systems == ((2, 3, 2), (4,))


def test_a_second_system_may_be_turned_and_reflected_but_not_shuffled():
    first = [Kronecker(6, 2, 1), Kronecker(6, 3, 2)]
    turned = (4 - np.arange(6)) % 6
    net = chain([*first, Kronecker(6, 3, 1, row_order=turned)])
    assert isinstance(recognise_relabelled(net), RecognisedRadix)
    shuffled = Kronecker(6, 3, 1, row_order=np.array([1, 0, 2, 3, 4, 5]))
    found = recognise_relabelled(chain([*first, shuffled]))
    assert isinstance(found, NotRadix)
    assert "does not agree" in found.reason


def test_the_net_of_the_training_paper_is_found_in_any_order():
    net = isomorphic_twin(radix_net([[10, 10]], [8, 3, 1]), seed=3)
    found = recognise_relabelled(net)
    assert found.specification == RadixSpecification([[10, 10]], [8, 3, 1])
    assert in_order(net, found.orders).equals(made(found.specification))


@pytest.mark.parametrize(
    ("net", "part"),
    [
        (shortcut(), "chain of layers"),
        (broken_bridge(), "unit 2 has fan-out 0"),
        (chain([Sparse.from_matrix(np.zeros((2, 2)))]), "unit 0 has fan-out 0"),
        (fano(), "radix 3, which does not divide N' = 7"),
        (chain([Sparse.from_matrix([[1, 1, 0], [0, 1, 1]])]), "unit 1 has fan-in 2"),
        (
            chain([Sparse.from_matrix(np.kron(np.eye(2), np.ones((2, 2)))[[0, 0, 0, 2]])]),
            "unit 2 has fan-in 1",
        ),
        (chain([Kronecker(8, 2, 1), Kronecker(8, 2, 1), Kronecker(8, 2, 4)]), "do not lie"),
        (chain([Kronecker(8, 2, 2), Kronecker(8, 2, 1), Kronecker(8, 2, 4)]), "several pieces"),
        (graphchallenge_net(64, 4).select_layers(3, 4), "do not lie"),
    ],
)
def test_reasons_that_hold_in_every_order(net, part):
    found = recognise_relabelled(net)
    assert isinstance(found, NotRadix)
    assert part in found.reason


def test_a_circle_too_costly_to_find_is_left_undecided(monkeypatch):
    monkeypatch.setattr(unit_orders, "_ORDERING_STEPS", 10)
    found = recognise_relabelled(radix_net([[2, 2]]))
    assert isinstance(found, RadixUndecided)
    assert "steps" in found.reason


def test_groups_of_equal_rows_survive_equal_hashes(monkeypatch):
    """Random weights that collide are drawn anew until the groups compare equal."""
    drawn = []
    fresh = np.random.default_rng

    class Colliding:
        def __init__(self, seed):
            self.seed = seed

        def integers(self, low, high, size, dtype):
            drawn.append(self.seed)
            if self.seed == 0:
                return np.zeros(size, dtype=dtype)
            return fresh(self.seed).integers(low, high, size, dtype=dtype)

    monkeypatch.setattr(unit_orders.np.random, "default_rng", Colliding)
    groups, first, sizes = unit_orders._equal_rows(np.array([[0, 1], [2, 3], [0, 1]]))
    assert drawn == [0, 1]
    assert groups[0] == groups[2] != groups[1]
    assert sorted(sizes.tolist()) == [1, 2]
    assert groups[first].tolist() == [0, 1]
