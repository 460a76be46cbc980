from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.distances.test_overlaps import alike
from tests.strategies import layered_graphs
from topograph.biadjacency import Sparse
from topograph.distances import assignment, match_units, matched_distance
from topograph.errors import Undefined
from topograph.generators import isomorphic_twin
from topograph.graph import chain
from topograph.toy import butterfly


def cost(one, other):
    return len(one ^ other) / len(one | other) if one | other else 0.0


def inputs_of(graph, level, unit, order):
    """Inputs of a unit as (layer, unit), renamed: `order[level][own number] = new number`."""
    return {
        (number, order[layer.source][int(i)])
        for number, layer in enumerate(graph.layers)
        if layer.target == level
        for i in layer.biadjacency.to_csr()[:, [unit]].nonzero()[0]
    }


def possible_distances(one, other):
    """Try every order of every level: the distances that cheapest matchings can lead to."""
    plain = [{unit: unit for unit in range(width)} for width in one.widths]
    states = [([dict(plain[0])], [])]
    for level in range(1, one.n_levels):
        following = []
        for names, distances in states:
            order = names + plain[len(names) :]
            mine = [inputs_of(one, level, unit, plain) for unit in range(one.widths[level])]
            theirs = [inputs_of(other, level, unit, order) for unit in range(one.widths[level])]
            costs = {
                chosen: sum(cost(a, theirs[b]) for a, b in zip(mine, chosen, strict=True))
                for chosen in permutations(range(len(mine)))
            }
            least = min(costs.values())
            for chosen, found in costs.items():
                if found <= least + 1e-9:
                    renamed = {theirs_: mine_ for mine_, theirs_ in enumerate(chosen)}
                    following.append(([*names, renamed], [*distances, least / len(mine)]))
        states = following
    return [sum(distances) / len(distances) for _, distances in states]


@st.composite
def small_pairs(draw):
    graph = draw(layered_graphs(max_levels=3, max_width=4))
    shuffled = [
        np.random.default_rng(draw(st.integers(0, 99))).permuted(
            layer.biadjacency.to_csr().toarray(), axis=0
        )
        for layer in graph.layers
    ]
    if not graph.is_chain:
        return graph, graph
    return graph, chain([Sparse.from_matrix(matrix) for matrix in shuffled])


@given(small_pairs())
def test_matching_is_one_of_the_cheapest_of_all_orders(pair):
    found = matched_distance(*pair)
    assert any(found == pytest.approx(value, abs=1e-7) for value in possible_distances(*pair))


@settings(max_examples=40)
@given(alike())
def test_distance_is_the_same_both_ways_from_0_to_1_and_0_to_itself(pair):
    one, other = pair
    assert matched_distance(one, other) == matched_distance(other, one)
    assert 0 <= matched_distance(one, other) <= 1
    assert matched_distance(one, one) == 0


@given(alike())
def test_the_distances_are_those_of_the_matched_units(pair):
    one, other = pair
    found = match_units(one, other)
    plain = [dict(enumerate(range(width))) for width in one.widths]
    names = [dict(zip(order.tolist(), range(order.size), strict=True)) for order in found.orders]
    for level, distance in enumerate(found.level_distances, 1):
        costs = [
            cost(inputs_of(one, level, unit, plain), inputs_of(other, level, int(partner), names))
            for unit, partner in enumerate(found.orders[level])
        ]
        assert distance == pytest.approx(sum(costs) / len(costs))
        assert sorted(found.orders[level].tolist()) == list(range(one.widths[level]))
    assert found.orders[0].tolist() == list(range(one.n_inputs))


def random_chain(widths, density, seed):
    rng = np.random.default_rng(seed)
    return chain([Sparse.from_matrix(rng.random(shape) < density) for shape in pairwise(widths)])


@given(st.integers(0, 10**6))
def test_a_copy_with_hidden_units_in_another_order_is_at_distance_0(seed):
    net = random_chain([20, 9, 8, 4], 0.4, seed)
    twin = isomorphic_twin(net, seed=seed, levels=[1, 2])
    first, second = (layer.biadjacency.to_csr().toarray() for layer in net.layers[:2])
    if len({*map(tuple, first.T)}) == 9 and len({*map(tuple, second.T)}) == 8:
        assert matched_distance(net, twin) == 0  # with twins, which may be exchanged, it need not
        order = match_units(net, twin).orders[1]
        moved = twin.layers[0].biadjacency.to_csr().toarray()
        assert np.array_equal(moved[:, order], first)


def test_a_relabelled_wide_net_is_found_again():
    net = random_chain([500, 1500, 300, 10], 0.02, 0)
    assert matched_distance(net, isomorphic_twin(net, seed=1, levels=[1, 2])) == 0


@pytest.mark.parametrize("density", [0.01, 0.1, 0.6])
def test_wide_levels_are_matched_as_scipy_matches_all_pairs(density):
    one, other = (random_chain([80, 120], density, seed) for seed in (1, 2))
    mine, theirs = (net.layers[0].biadjacency.to_csr().toarray() for net in (one, other))
    common = mine.T @ theirs
    either = mine.sum(axis=0)[:, None] + theirs.sum(axis=0) - common
    costs = np.where(either == 0, 0.0, 1 - common / np.maximum(either, 1))
    least = costs[scipy.optimize.linear_sum_assignment(costs)].mean()
    assert matched_distance(one, other) == pytest.approx(least, abs=1e-8)


@pytest.mark.parametrize("share", [0.0, 1.0])
@settings(max_examples=30)
@given(pair=alike(nets=layered_graphs(max_levels=2, max_width=4, parallels=False)))
def test_both_ways_of_assignment_cost_the_least(share, pair):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "_SPARSE_SHARE", share)
        patch.setattr(assignment, "_DENSE_STEP", 1.0 if share else 0.0)
        found = matched_distance(*pair)
    assert found == pytest.approx(possible_distances(*pair)[0], abs=1e-7)


def test_a_detour_may_be_shorter():
    a, b, c = (random_chain([3, 4, 4], 0.4, (355, number)) for number in range(3))
    assert [matched_distance(*pair) for pair in ((a, b), (b, c), (a, c))] == [
        0.25,
        0.375,
        pytest.approx(0.6770833),
    ]


def test_too_many_units_that_differ_are_not_matched(monkeypatch):
    monkeypatch.setattr(assignment, "MOST_UNITS", 3)
    with pytest.raises(Undefined, match="up to 3"):
        matched_distance(random_chain([12, 8], 0.5, 0), random_chain([12, 8], 0.5, 1))
    assert matched_distance(butterfly(), butterfly()) == 0
