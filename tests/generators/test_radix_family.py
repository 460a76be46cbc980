"""RadiX-Nets keep their promises."""

import numpy as np
import pytest
from hypothesis import given, settings

from tests.strategies import radix_nets, radix_specifications
from tests.test_radix import PUBLISHED_COUNTS
from topograph.biadjacency import Kronecker
from topograph.errors import ParameterError
from topograph.generators import radix_net, radix_net_from_degrees
from topograph.propagation import BOOLEAN, EXACT, arrive
from topograph.radix import paths_per_pair


def path_matrix(net):
    """Exact path counts of all pairs, ``(n_inputs, n_outputs)``."""
    return arrive(net, np.eye(net.n_inputs, dtype=np.int64), EXACT).T


@pytest.mark.parametrize(("systems", "dense_widths", "count"), PUBLISHED_COUNTS)
@pytest.mark.parametrize("direction", [1, -1])
def test_every_pair_of_the_published_examples_has_the_count(
    systems, dense_widths, count, direction
):
    paths = path_matrix(radix_net(systems, dense_widths, direction))
    assert (paths == count).all()


@settings(deadline=None)
@given(radix_specifications(unit_radices=True))
def test_symmetry_with_the_count_of_the_formula(specification):
    net = radix_net(
        specification.systems,
        specification.dense_widths,
        specification.direction,
        specification.allow_unit_radix,
    )
    assert net.widths == specification.widths
    assert (path_matrix(net) == paths_per_pair(specification)).all()


@settings(deadline=None)
@given(radix_nets())
def test_every_input_reaches_every_output(net):
    assert arrive(net, np.eye(net.n_inputs), BOOLEAN).all()


@settings(deadline=None)
@given(radix_specifications())
def test_degrees_are_radix_times_dense_width(specification):
    net = radix_net(specification.systems, specification.dense_widths)
    dense = specification.dense_widths
    for index, (layer, radix) in enumerate(zip(net.layers, specification.radices, strict=True)):
        assert (layer.fan_out() == radix * dense[index + 1]).all()
        assert (layer.fan_in() == radix * dense[index]).all()


@settings(deadline=None)
@given(radix_specifications(max_base=10))
def test_directions_give_isomorphic_nets(specification):
    forth = radix_net(specification.systems, specification.dense_widths, 1)
    back = radix_net(specification.systems, specification.dense_widths, -1)
    base = specification.base
    reverse = [
        (np.arange(blocks)[:, None] * base + -np.arange(base) % base).ravel()
        for blocks in specification.dense_widths
    ]
    for layer, (one, other) in enumerate(zip(forth.layers, back.layers, strict=True)):
        matrix = one.biadjacency.to_csr().toarray()
        relabelled = matrix[reverse[layer]][:, reverse[layer + 1]]
        assert np.array_equal(relabelled, other.biadjacency.to_csr().toarray())


def test_directions_give_different_masks():
    assert not radix_net([[2, 3]]).equals(radix_net([[2, 3]], direction=-1))


def test_layers_are_operators_without_indices():
    net = radix_net([[10, 10]], [8, 3, 1])
    assert all(isinstance(layer.biadjacency, Kronecker) for layer in net.layers)
    assert [layer.name for layer in net.layers] == ["layer1", "layer2"]
    assert [layer.biadjacency.place_value for layer in net.layers] == [1, 10]


def test_dense_widths_are_ones_by_default():
    assert radix_net([[2, 3], [3]]).widths == (6, 6, 6, 6)


def test_training_papers_net_has_a_tenth_of_the_edges():
    net = radix_net([[10, 10]], (8, 3, 1))
    assert net.widths == (800, 300, 100)
    assert net.n_edges * 10 == net.n_possible_edges


def test_unit_radix_joins_equal_places():
    net = radix_net([[2, 1, 3]], [1, 2, 2, 1], allow_unit_radix=True)
    middle = net.layers[1].biadjacency.to_csr().toarray()
    assert np.array_equal(middle, np.kron(np.ones((2, 2)), np.eye(6)))
    with pytest.raises(ParameterError, match=r"Entry 2 of system 1 .* is 1"):
        radix_net([[2, 1, 3]])


def test_provenance_makes_the_net_again():
    net = radix_net([[2, 3], [3]], [1, 2, 1, 4], direction=-1)
    assert net.provenance["family"] == "radix"
    assert set(net.provenance) == {"family", "parameters", "version"}
    assert net.provenance["parameters"] == {
        "systems": [[2, 3], [3]],
        "dense_widths": [1, 2, 1, 4],
        "direction": -1,
        "allow_unit_radix": False,
    }
    assert net.equals(radix_net(**net.provenance["parameters"]))


def test_robinetts_form_of_the_training_papers_net():
    net = radix_net_from_degrees([800, 300, 100], [30, 10])
    assert net.equals(radix_net([[10, 10]], [8, 3, 1]))
    assert net.provenance["parameters"]["systems"] == [[10, 10]]


def test_robinetts_form_starts_a_system_when_the_last_is_full():
    net = radix_net_from_degrees([6, 12, 6, 24], [4, 3, 12])
    assert net.provenance["parameters"]["systems"] == [[2, 3], [3]]
    assert net.equals(radix_net([[2, 3], [3]], [1, 2, 1, 4]))
    assert (path_matrix(net) == 6).all()


def test_robinetts_form_takes_direction_and_unit_radices():
    net = radix_net_from_degrees([6, 6, 6], [6, 1], direction=-1, allow_unit_radix=True)
    assert net.equals(radix_net([[6], [1]], direction=-1, allow_unit_radix=True))


def test_robinetts_form_refuses_a_degree_between_multiples():
    with pytest.raises(ParameterError, match=r"out-degree of layer 1 .* is 31\. Hint: make it"):
        radix_net_from_degrees([800, 300, 100], [31, 10])
