"""A series moves one property, and holds what it promises to hold."""

import functools
import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import naive
from tests.generators.realisations import realisations
from tests.strategies import layered_graphs
from topograph.biadjacency import Sparse
from topograph.errors import ParameterError, Undefined
from topograph.generators import radix_net
from topograph.generators.dosing import dose_series
from topograph.generators.guided_swaps import walk
from topograph.generators.path_properties import (
    PATH_PROPERTIES,
    Switches,
    connected_change,
    two_leading,
    variation_change,
    wiring_of,
)
from topograph.generators.registry import family_net
from topograph.graph import chain
from topograph.metrics import (
    connected_pair_fraction,
    effective_density,
    end_to_end_gap,
    path_count,
    path_count_cv,
    spectral_gap,
)
from topograph.toy import butterfly, shortcut

chains = layered_graphs(skips=False, parallels=False)


def mean_gap(graph):
    return np.mean([spectral_gap(layer) for layer in graph.layers])


METRICS = {
    "connected_pair_fraction": connected_pair_fraction,
    "path_count_cv": path_count_cv,
    "path_count": path_count,
    "end_to_end_gap": end_to_end_gap,
    "effective_density": effective_density,
    "spectral_gap": mean_gap,
}


@functools.cache
def net(seed=0):
    return family_net("uniform", [30, 24, 16, 8], 0.14, seed=seed)


@functools.cache
def series(moved, held=("effective_density", "spectral_gap"), seed=0):
    return dose_series(net(), moved, n_steps=5, held=held, rounds=100, seed=seed)


def sound_switches(graph, layer):
    """All switches of a layer that give no edge twice."""
    dense = graph.layers[layer].biadjacency.to_csr().toarray()
    edges = [(int(a), int(i)) for a, i in np.argwhere(dense)]
    return [
        (a, i, b, j)
        for (a, i), (b, j) in itertools.combinations(edges, 2)
        if a != b and i != j and not dense[a, j] and not dense[b, i]
    ]


def switched(graph, layer, a, i, b, j):
    operators = [each.biadjacency for each in graph.layers]
    dense = operators[layer].to_csr().toarray().copy()
    dense[[a, b], [i, j]] = 0
    dense[[a, b], [j, i]] = 1
    operators[layer] = Sparse.from_matrix(dense)
    return chain(operators)


def columns(layer, found):
    return Switches(layer, *np.array(found).T)


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


@pytest.mark.parametrize(
    ("moved", "defined"),
    [
        ("connected_pair_fraction", lambda paths: np.count_nonzero(paths) / paths.size),
        ("path_count_cv", lambda paths: paths.std() / paths.mean()),
    ],
)
def test_a_walk_finds_the_extremes_of_all_nets_with_the_degrees(moved, defined):
    layers = two_regular_layers(4)
    every = [defined(one @ other) for one, other in itertools.product(layers, repeat=2)]
    found = []
    for direction in (-1, 1):
        rng = np.random.default_rng(direction + 1)
        stops = walk(wiring_of(butterfly()), moved, direction, [], 0.1, 300, rng, same_status=True)
        found.append(stops[-1].value)
    assert found == pytest.approx([min(every), max(every)])


def two_regular_layers(width):
    layers = []
    for cells in realisations([2] * width, [2] * width):
        layer = np.zeros(width * width, dtype=np.int64)
        layer[list(cells)] = 1
        layers.append(layer.reshape(width, width))
    return layers


@given(chains)
def test_properties_are_those_of_the_metrics(graph):
    wiring = wiring_of(graph)
    for name, known in PATH_PROPERTIES.items():
        try:
            wanted = METRICS[name](graph)
        except Undefined:
            continue
        assert known.value(wiring) == pytest.approx(wanted, rel=1e-6, abs=1e-6), name


@given(chains)
def test_paths_are_those_that_can_be_enumerated(graph):
    assert wiring_of(graph).paths.tolist() == naive.pair_counts(graph)


@settings(max_examples=40)
@given(st.floats(0.3, 0.8), st.integers(0, 2**20), st.integers(0, 2))
def test_changes_of_counts_are_those_that_switches_make(density, seed, layer):
    graph = family_net("uniform", [4, 5, 4, 3], density, seed=seed)
    found = sound_switches(graph, layer)[:4]
    assume(found and path_count(graph))
    switches, wiring = columns(layer, found), wiring_of(graph)
    totals = PATH_PROPERTIES["path_count"].change(wiring, switches)
    variations = variation_change(wiring, switches)
    for switch, total, variation in zip(found, totals, variations, strict=True):
        after = switched(graph, layer, *switch)
        assert total == path_count(after) - path_count(graph)
        if total == 0:
            squares = path_count_cv(after) ** 2 - path_count_cv(graph) ** 2
            assert variation == pytest.approx(squares, abs=1e-9)


def test_pairs_gained_and_lost_are_counted_where_each_has_one_path():
    first = Sparse.from_edges([0, 1], [0, 1], (2, 2))
    second = Sparse.from_edges([0, 0, 1], [0, 1, 2], (2, 3))
    graph = chain([first, second])
    switches = Switches(0, *(np.array([value]) for value in (0, 0, 1, 1)))
    # both inputs change places: three pairs are lost, three others gained
    assert connected_change(wiring_of(graph), switches, 1e-9)[0] == pytest.approx(0.0, abs=1e-6)
    lost = Switches(0, *(np.array([value]) for value in (0, 1, 2, 2)))
    change = connected_change(wiring_of(butterfly()), lost, 1e-9)[0]
    after = switched(butterfly(), 0, 0, 1, 2, 2)
    assert change == pytest.approx(connected_pair_fraction(after) - 1.0, abs=1e-6)
    assert connected_pair_fraction(after) == 0.75


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_changes_of_gaps_are_derivatives(layer):
    wiring = wiring_of(net())
    found = sound_switches(net(), layer)[::400]
    switches = columns(layer, found)
    small = 1e-6
    matrix = net().layers[layer].biadjacency.to_csr().toarray().astype(float)
    for number, (a, i, b, j) in enumerate(found):
        change = np.zeros_like(matrix)
        change[[a, b], [i, j]] = -small
        change[[a, b], [j, i]] = small
        first, second = np.linalg.svd(matrix + change, compute_uv=False)[:2]
        slope = ((first - second) / 3 - spectral_gap(net().layers[layer]) / 3) / small
        expected = PATH_PROPERTIES["spectral_gap"].change(wiring, switches)[number]
        assert expected == pytest.approx(slope, abs=1e-4)
        paths = wiring.paths + wiring.arriving[layer].T @ change @ wiring.leaving[layer + 1]
        first, second = np.linalg.svd(paths, compute_uv=False)[:2]
        slope = (1 - second / first - end_to_end_gap(net())) / small
        expected = PATH_PROPERTIES["end_to_end_gap"].change(wiring, switches)[number]
        assert expected == pytest.approx(slope, abs=1e-4)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 2**20))
def test_two_leading_singular_values_are_those_of_the_whole_decomposition(n, m, seed):
    matrix = np.random.default_rng(seed).integers(0, 3, (n, m)).astype(float)
    values, left, right = two_leading(matrix)
    whole = [*np.linalg.svd(matrix, compute_uv=False), 0.0][:2]
    assert values == pytest.approx(whole, abs=1e-6)
    assert matrix @ right == pytest.approx(left * values, abs=1e-5)


@settings(max_examples=10)
@given(st.integers(0, 2**20))
def test_all_stops_of_a_walk_are_within_bounds(seed):
    start = wiring_of(net())
    rng = np.random.default_rng(seed)
    held = ["spectral_gap"]
    stops = walk(start, "path_count_cv", 1, held, 0.01, 20, rng, same_status=True)
    gap = mean_gap(net())
    for stop in stops:
        shapes = [layer.shape for layer in net().layers]
        ends = zip(start.sources, stop.targets, shapes, strict=True)
        assert mean_gap(chain([Sparse.from_edges(*each) for each in ends])) == pytest.approx(
            gap, rel=0.01
        )


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
