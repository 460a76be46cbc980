"""Properties and their changes are those of the metrics."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import naive
from tests.generators.net_to_dose import METRICS, net
from tests.strategies import layered_graphs
from topograph.biadjacency import Sparse
from topograph.errors import Undefined
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
    end_to_end_gap,
    path_count,
    path_count_cv,
    spectral_gap,
)
from topograph.toy import butterfly

chains = layered_graphs(skips=False, parallels=False)


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
