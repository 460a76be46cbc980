"""A series moves one property, and holds what it promises to hold."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from tests.generators.net_to_dose import METRICS, mean_gap, net
from topograph.biadjacency import Sparse
from topograph.errors import ParameterError, Undefined
from topograph.generators import radix_net
from topograph.generators.dosing import dose_series
from topograph.graph import chain
from topograph.metrics import connected_pair_fraction, effective_density
from topograph.toy import shortcut


@functools.cache
def series(moved, held=("effective_density", "spectral_gap"), seed=0):
    return dose_series(net(), moved, n_steps=5, held=held, rounds=100, seed=seed)


@pytest.mark.parametrize("moved", ["connected_pair_fraction", "path_count_cv"])
def test_values_rise_in_even_steps_to_both_sides_of_the_net(moved):
    values = [dose.value for dose in series(moved)]
    assert values[0] < METRICS[moved](net()) < values[-1]
    assert np.diff(values).min() > 0.6 * (values[-1] - values[0]) / 4


@pytest.mark.parametrize("moved", ["connected_pair_fraction", "path_count_cv"])
def test_held_properties_stay_within_the_tolerance(moved):
    for dose in series(moved):
        assert dose.value == METRICS[moved](dose.graph) == dose.properties[moved]
        assert effective_density(dose.graph) == effective_density(net())
        assert mean_gap(dose.graph) == pytest.approx(mean_gap(net()), rel=0.02)


def test_any_property_can_be_held():
    held = ("path_count", "end_to_end_gap", "output_fan_in_min", "effective_density")
    for dose in series("connected_pair_fraction", held):
        for name in ("path_count", "end_to_end_gap", "effective_density"):
            assert METRICS[name](dose.graph) == pytest.approx(METRICS[name](net()), rel=0.02)


def test_every_unit_keeps_its_fan_in_and_fan_out():
    for dose, layer in itertools.product(series("connected_pair_fraction"), range(3)):
        before, after = net().layers[layer], dose.graph.layers[layer]
        assert np.array_equal(before.fan_in(), after.fan_in())
        assert np.array_equal(before.fan_out(), after.fan_out())


def test_reach_and_variation_move_in_opposite_directions():
    reach = [dose.properties["connected_pair_fraction"] for dose in series("path_count_cv")]
    assert np.diff(reach).max() < 0


def test_same_seed_same_series():
    again = dose_series(net(), "path_count_cv", n_steps=5, rounds=100)
    pairs = list(zip(series("path_count_cv"), again, strict=True))
    assert all(one.graph.equals(other.graph) for one, other in pairs)
    other = series("path_count_cv", seed=1)
    assert not pairs[0][0].graph.equals(other[0].graph)


def test_provenance_says_how_far_it_went_and_what_stayed():
    doses = series("connected_pair_fraction")
    for dose in doses:
        told = dose.graph.provenance
        assert told["operation"] == "dose_series"
        assert told["of"] == net().provenance
        assert told["parameters"]["moved"] == "connected_pair_fraction"
        assert told["base"]["connected_pair_fraction"] == connected_pair_fraction(net())
        assert told["properties"] == dose.properties
        assert told["reached"] == [doses[0].value, doses[-1].value]
        for kept, layer in zip(told["kept"], range(3), strict=True):
            cells = [
                set(map(tuple, np.argwhere(graph.layers[layer].biadjacency.to_csr().toarray())))
                for graph in (net(), dose.graph)
            ]
            assert kept == len(cells[0] & cells[1]) / len(cells[0])


def test_a_net_without_switches_is_refused_with_what_was_reached():
    dense = chain([Sparse.from_matrix(np.ones((3, 3))), Sparse.from_matrix(np.ones((3, 2)))])
    with pytest.raises(Undefined, match="it went from 1 to 1, in 1 nets"):
        dose_series(dense, "connected_pair_fraction", rounds=5)


def test_steps_no_larger_than_the_tolerance_are_refused():
    with pytest.raises(Undefined, match=r"6 nets that differ by more than .* in path_count_cv"):
        dose_series(net(), "path_count_cv", tolerance=0.5, rounds=50)


def test_nets_without_paths_have_nothing_to_move():
    empty = chain([Sparse.from_edges([0], [0], (2, 2)), Sparse.from_edges([1], [0], (2, 2))])
    with pytest.raises(Undefined, match="there are no paths"):
        dose_series(empty, "path_count_cv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"moved": "density"}, "moved must be one of"),
        ({"held": ("density",)}, "held must be a list of any of"),
        ({"held": "spectral_gap"}, "held must be a list of any of"),
        ({"held": ("path_count_cv",)}, "held must be a list of any of"),
        ({"n_steps": 1}, "n_steps must be an integer of at least 2"),
        ({"rounds": 0}, "rounds must be an integer of at least 1"),
        ({"tolerance": 0.0}, "tolerance must be a number above 0"),
        ({"seed": -1}, "seed must be an integer of at least 0"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ParameterError, match=message):
        dose_series(net(), **{"moved": "path_count_cv", **options})


def test_only_chains_of_moderate_width_are_dosed():
    with pytest.raises(ParameterError, match="paths of a chain can be dosed"):
        dose_series(shortcut(), "path_count_cv")
    with pytest.raises(ParameterError, match="up to 1,048,576 pairs"):
        dose_series(radix_net([[33, 33]]), "path_count_cv")
