"""The arithmetic of RadiX-Nets against the nets themselves."""

import math
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse.csgraph
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import kronecker_layers, radix_specifications
from topograph.biadjacency import Kronecker
from topograph.errors import ParameterError
from topograph.generators import radix_net
from topograph.radix import (
    RadixSpecification,
    approximate_density,
    divisors,
    exact_density,
    kronecker_singular_values,
    paths_per_pair,
    place_values,
    specification_from_degrees,
)

PUBLISHED_COUNTS = [
    ([[2, 3]], None, 1),
    ([[2, 3]], (1, 2, 1), 2),
    ([[2, 3], [3]], None, 3),
    ([[2, 3], [3, 2]], None, 6),
    ([[2, 3], [2]], (1, 3, 2, 1), 12),
    ([[2, 2, 2], [4, 2]], (1, 2, 3, 2, 1, 1), 96),
    ([[10, 10], [10]], (8, 3, 1, 1), 30),
    ([[10, 10, 10], [10]], (1, 2, 3, 2, 1), 120),
    ([[2] * 6], (16,) * 7, 1048576),
    ([[3, 3, 4], [6, 6], [2, 9]], (1, 2, 1, 3, 1, 2, 1, 1), 7776),
]


@pytest.mark.parametrize(("systems", "dense_widths", "count"), PUBLISHED_COUNTS)
def test_paths_per_pair_of_the_published_examples(systems, dense_widths, count):
    assert paths_per_pair(RadixSpecification(systems, dense_widths)) == count


def test_paths_per_pair_is_exact_beyond_floats():
    deep = RadixSpecification([[2] * 6] * 20, [16] * 121)
    assert paths_per_pair(deep) == 2 ** (120 - 6) * 16**119


def test_place_values_start_anew_in_each_system():
    assert place_values([[2, 3, 4], [6, 4], [5]]) == (1, 2, 6, 1, 6, 1)


def test_base_radices_and_widths():
    specification = RadixSpecification([[2, 3], [3]], [1, 2, 1, 4])
    assert specification.base == 6
    assert specification.radices == (2, 3, 3)
    assert specification.widths == (6, 12, 6, 24)


def test_specifications_are_values():
    one = RadixSpecification(np.array([[2, 3]]), np.array([1, 2, 1]))
    assert one == RadixSpecification([[2, 3]], [1, 2, 1])
    assert hash(one) == hash(RadixSpecification([(2, 3)], (1, 2, 1)))
    assert one != RadixSpecification([[2, 3]], [1, 2, 1], direction=-1)


def test_density_of_the_training_papers_net():
    specification = RadixSpecification([[10, 10]], (8, 3, 1))
    assert exact_density(specification) == Fraction(1, 10)
    assert approximate_density(specification) == 0.1


@given(radix_specifications())
def test_exact_density_is_edges_over_possible_edges(specification):
    net = radix_net(specification.systems, specification.dense_widths, specification.direction)
    assert exact_density(specification) == Fraction(net.n_edges, net.n_possible_edges)


@given(radix_specifications(max_dense=1))
def test_approximate_density_is_exact_for_equal_dense_widths(specification):
    assert approximate_density(specification) == pytest.approx(float(exact_density(specification)))


def test_approximate_density_is_a_power_of_the_mean_radix():
    specification = RadixSpecification([[10] * 4])
    assert approximate_density(specification) == pytest.approx(10.0 ** -(4 - 1))


@given(st.integers(1, 5000))
def test_divisors_are_all_that_divide(number):
    assert divisors(number) == tuple(n for n in range(1, number + 1) if number % n == 0)


def test_divisors_of_a_large_smooth_number():
    assert len(divisors(2**40 * 3**20)) == 41 * 21


@settings(deadline=None)
@given(kronecker_layers())
def test_singular_values_equal_those_of_the_matrix(layer):
    found = kronecker_singular_values(layer)
    expected = np.linalg.svd(layer.to_csr().toarray().astype(float), compute_uv=False)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * expected[0])
    assert (np.diff(found) <= 0).all()


@given(kronecker_layers(row_orders=False))
def test_squared_singular_values_add_up_to_the_edges(layer):
    assert np.square(kronecker_singular_values(layer)).sum() == pytest.approx(layer.n_edges)


@settings(deadline=None)
@given(kronecker_layers())
def test_largest_singular_value_comes_once_a_component(layer):
    values = kronecker_singular_values(layer)
    multiplicity = int((values == values[0]).sum())
    assert values[0] == pytest.approx(layer.radix * math.sqrt(layer.dense_in * layer.dense_out))
    assert multiplicity == _components(layer)
    assert multiplicity == (layer.place_value if layer.radix > 1 else layer.base)


def test_singular_values_stay_accurate_for_a_large_base():
    layer = Kronecker(base=2**20, radix=2, place_value=1)
    values = kronecker_singular_values(layer)
    exact = 2 * np.cos(np.pi * np.arange(2**19) / 2**20)  # m and N' - m give the same value
    np.testing.assert_allclose(values[1::2], [*exact[1:].tolist(), 0.0], rtol=1e-9, atol=1e-15)
    assert values[-1] == 0.0


@settings(deadline=None)
@given(radix_specifications())
def test_only_the_first_layer_of_a_system_has_a_spectral_gap(specification):
    net = radix_net(specification.systems, specification.dense_widths)
    strides = place_values(specification.systems)
    for layer, stride in zip(net.layers, strides, strict=True):
        largest, second = kronecker_singular_values(layer.biadjacency)[:2]
        assert (largest - second > 0) == (stride == 1)


def _components(layer: Kronecker) -> int:
    half = layer.to_csr()
    whole = scipy.sparse.block_array([[None, half], [half.T, None]])
    return int(scipy.sparse.csgraph.connected_components(whole, directed=False)[0])


# Every constraint, and what its error teaches.


@pytest.mark.parametrize(
    ("systems", "parts"),
    [
        ([], ["systems", "one mixed-radix system or more", "[]"]),
        ([10, 10], ["list of lists", "[10, 10]", "[[10, 10]]"]),
        ("[[10, 10]]", ["list of lists", "'[[10, 10]]'"]),
        (7, ["list of lists", "7"]),
        ([[2, 3], []], ["System 2", "one radix or more"]),
        ([[2], 3], ["system 2", "list of integers", "3"]),
        ([[2, 3], [3, 1]], ["Entry 2 of system 2", "at least 2", "is 1", "allow_unit_radix"]),
        ([[2, 0]], ["Entry 2 of system 1", "is 0"]),
        ([[-2, 3]], ["Entry 1 of system 1", "is -2"]),
        ([[2.0, 3]], ["Entry 1 of system 1", "is 2.0"]),
        ([[True, 3]], ["Entry 1 of system 1", "is True"]),
        ([[2, 3], [3, 3], [2]], ["system 2", "[3, 3]", "must be 6", "it is 9"]),
        ([[2, 3], [3], [2]], ["system 2", "[3]", "must be 6", "it is 3", "divisor of 6"]),
        ([[2, 3], [4]], ["[4]", "divide 6", "it is 4", "2, 3 or 6 (nearest: 3)"]),
        ([[2, 3], [2, 3, 2]], ["[2, 3, 2]", "divide 6", "it is 12", "nearest: 6"]),
        ([[7], [3]], ["divide 7", "it is 3", "make it 7"]),
    ],
)
def test_systems_that_define_no_net(systems, parts):
    with pytest.raises(ParameterError) as caught:
        RadixSpecification(systems)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("dense_widths", "parts"),
    [
        ([1, 2], ["3 entries", "number of radices, 2", "[1, 2] has 2", "[1, 2, 1]"]),
        ([1, 2, 3, 4], ["3 entries", "[1, 2, 3, 4] has 4", "[1, 2, 3]"]),
        ([1, 0, 1], ["Entry 2 of dense_widths", "at least 1", "is 0"]),
        ([1, 2.5, 1], ["Entry 2 of dense_widths", "is 2.5"]),
        (3, ["dense_widths", "list of integers", "3"]),
    ],
)
def test_dense_widths_that_define_no_net(dense_widths, parts):
    with pytest.raises(ParameterError) as caught:
        RadixSpecification([[2, 3]], dense_widths)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("direction", [0, 2, True, "forward", None])
def test_direction_is_one_or_minus_one(direction):
    with pytest.raises(ParameterError, match=f"1 or -1, but it is {direction!r}"):
        RadixSpecification([[2, 3]], direction=direction)


def test_unit_radices_need_permission():
    assert RadixSpecification([[2, 1, 3]], allow_unit_radix=True).radices == (2, 1, 3)
    with pytest.raises(ParameterError, match=r"at least 1, but it is 0\. Hint: a radix is"):
        RadixSpecification([[2, 0, 3]], allow_unit_radix=True)
    with pytest.raises(ParameterError, match="1, 2, 3 or 6"):
        RadixSpecification([[2, 3], [4]], allow_unit_radix=True)


@given(radix_specifications(unit_radices=True))
def test_degrees_give_the_specification_back(specification):
    widths = specification.widths
    dense = specification.dense_widths
    degrees = [r * d for r, d in zip(specification.radices, dense[1:], strict=True)]
    common = math.gcd(*dense)
    if common > 1:  # then N' is larger than it was: another net, or none
        return
    found = specification_from_degrees(widths, degrees, allow_unit_radix=True)
    assert (found.base, found.radices, found.widths) == (
        specification.base,
        specification.radices,
        widths,
    )
    assert exact_density(found) == exact_density(specification)
    assert paths_per_pair(found) == paths_per_pair(specification)


@pytest.mark.parametrize(
    ("widths", "degrees", "parts"),
    [
        ([800, 300, 100], [31, 10], ["layer 1", "must be 3", "300", "N' = 100", "is 31", "30"]),
        ([800, 300, 100], [30, 20, 5], ["3 widths", "3 out-degrees"]),
        ([800], [], ["1 widths", "0 out-degrees"]),
        ([800, 300, 100], [30, 40], ["layer 2", "leave 10", "is 40", "2, 5 or 10 (nearest: 10)"]),
        ([800, 300, 100], [3, 10], ["layer 1", "at least 2", "is 3", "nearest: 6"]),
        ([784, 300, 99], [300, 99], ["N' = 1", "fit_widths"]),
        ([800, 0, 100], [30, 10], ["Entry 2 of widths", "is 0"]),
        ([800, 300, 100], [30, -10], ["Entry 2 of out_degrees", "is -10"]),
    ],
)
def test_degrees_that_define_no_net(widths, degrees, parts):
    with pytest.raises(ParameterError) as caught:
        specification_from_degrees(widths, degrees)
    for part in parts:
        assert part in str(caught.value)
