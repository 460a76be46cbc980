from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import naive
from tests.strategies import layered_graphs, radix_nets, symmetric_nets
from tests.verification.leaving_to_primes import leave_all_to_primes
from topograph.biadjacency import Sparse
from topograph.errors import ParameterError
from topograph.generators import graphchallenge_net, radix_net
from topograph.graph import chain
from topograph.report import Certificate, Counterexample, Undecided
from topograph.toy import broken_bridge, butterfly, fano, shortcut
from topograph.verification import (
    blocks,
    check_connected,
    check_regular,
    check_symmetric,
    connectedness,
    prime_check,
    verify,
)


def unrolled(graph):
    return chain([Sparse.from_matrix(layer.biadjacency.to_csr()) for layer in graph.layers])


def swapped(graph, seed):
    """Swap two edges of the last layer: all degrees stay, symmetry goes (or not)."""
    rng = np.random.default_rng(seed)
    dense = graph.layers[-1].biadjacency.to_csr().toarray()
    rows, columns = np.nonzero(dense)
    while True:
        one, other = rng.integers(rows.size, size=2)
        a, b, i, j = rows[one], rows[other], columns[one], columns[other]
        if not dense[a, j] and not dense[b, i]:
            break
    dense[[a, b], [i, j]] = 0
    dense[[a, b], [j, i]] = 1
    layers = [layer.biadjacency for layer in graph.layers[:-1]]
    return chain([*layers, Sparse.from_matrix(dense)])


@pytest.fixture
def by_primes(monkeypatch):
    """Never count all pairs: leave every net to the random primes."""
    leave_all_to_primes(monkeypatch)


@given(layered_graphs(), st.booleans())
def test_symmetry_is_decided_rightly_either_way(graph, primes):
    counts = [count for row in naive.pair_counts(graph) for count in row]
    with pytest.MonkeyPatch.context() as patch:
        if primes:
            leave_all_to_primes(patch)
        verdict = check_symmetric(graph, 0)
    assert verdict.holds == (min(counts) == max(counts) > 0)
    if verdict.holds:
        assert verdict.facts["paths_per_pair"] == str(counts[0])
        assert (verdict.error_probability > 0) == primes
    else:
        told = verdict.facts["pairs"]
        for pair in told:
            assert naive.pair_counts(graph)[pair["input"]][pair["output"]] == int(pair["paths"])
        if max(counts):
            assert told[0]["paths"] != told[1]["paths"]


@given(layered_graphs())
def test_connectedness_is_decided_rightly(graph):
    counts = naive.pair_counts(graph)
    verdict = check_connected(graph)
    assert verdict.holds == all(count for row in counts for count in row)
    if not verdict.holds:
        assert counts[verdict.facts["input"]][verdict.facts["output"]] == 0


@given(layered_graphs())
def test_connectedness_by_blocks_alone_is_decided_rightly(graph):
    expected = all(count for row in naive.pair_counts(graph) for count in row)
    assert blocks.connectedness_by_blocks(graph, 0).holds == expected


@given(layered_graphs())
def test_regularity_is_decided_rightly(graph):
    expected = all(len(set(fans)) == 1 for layer in graph.layers for fans in naive.fans(layer))
    assert check_regular(graph).holds == expected


@given(radix_nets())
def test_radix_nets_are_symmetric_and_connected(graph):
    assert [verdict.holds for verdict in verify(graph)] == [True, True]


@given(symmetric_nets())
def test_symmetric_nets_are_proved(graph):
    assert check_symmetric(graph).holds


def test_no_path_at_all_is_not_symmetric():
    verdict = check_symmetric(chain([Sparse.from_matrix(np.zeros((2, 3)))]))
    assert verdict.holds is False
    assert "no paths" in verdict.statement


@pytest.mark.usefixtures("by_primes")
def test_degree_preserving_swaps_are_seen_by_the_random_vectors():
    graph = radix_net([[4, 4, 4, 4]])
    for seed in range(20):
        broken = swapped(graph, seed)
        assert check_regular(broken).holds
        truth = len(set(map(tuple, naive_pairs(broken))))
        verdict = check_symmetric(broken, seed)
        assert verdict.holds == (truth == 1)
        assert isinstance(verdict, Counterexample)
        assert verdict.facts["pairs"][0]["paths"] < verdict.facts["pairs"][1]["paths"]


def naive_pairs(graph):
    product = np.eye(graph.n_inputs, dtype=np.int64)
    for layer in graph.layers:
        product = product @ layer.biadjacency.to_csr().toarray()
    return product.tolist()


@pytest.mark.usefixtures("by_primes")
def test_infinities_are_not_equal():
    """In float64 both counts would overflow and compare equal."""
    depth = 1100
    masks = [np.ones((2, 2))] * depth + [np.array([[1, 1], [1, 0]])]
    graph = chain([Sparse.from_matrix(m) for m in masks], names=[f"l{i}" for i in range(depth + 1)])
    verdict = check_symmetric(graph)
    assert verdict.holds is False
    counts = sorted(int(pair["paths"]) for pair in verdict.facts["pairs"])
    assert counts == [2 ** (depth - 1), 2**depth]


@pytest.mark.usefixtures("by_primes")
def test_a_difference_that_a_power_of_two_hides_is_seen():
    """Counts of 0 modulo 2^64 wherever int64 is used; the difference is 2^64."""
    masks = [np.ones((2, 2))] * 65 + [np.array([[1, 1], [1, 0]])]
    graph = chain([Sparse.from_matrix(m) for m in masks], names=[f"l{i}" for i in range(66)])
    assert check_symmetric(graph).holds is False


@pytest.mark.usefixtures("by_primes")
def test_the_error_bound_is_the_published_formula():
    verdict = check_symmetric(unrolled(radix_net([[2] * 6] * 4)))
    bits = 24 + 6 + 1 + 6  # of all paths, rounded up, and of the outputs
    expected = (bits // 30 / 50_697_537 + 2.0**-30) ** 3
    assert verdict.error_probability == pytest.approx(expected, rel=1e-9)


def test_deep_symmetric_nets_are_proved_with_their_count():
    graph = graphchallenge_net(1024, 120)
    verdict = check_symmetric(unrolled(graph))
    assert isinstance(verdict, Certificate)
    assert int(verdict.facts["paths_per_pair"]) == 16**5 * 32**114
    assert verdict.error_probability == 0
    with pytest.MonkeyPatch.context() as patch:
        leave_all_to_primes(patch)
        other = check_symmetric(unrolled(graph))
    assert other.facts == verdict.facts
    assert 0 < other.error_probability < 1e-16
    assert check_connected(graph).holds


def test_a_hub_proves_connectedness():
    hub = chain([Sparse.from_matrix(np.ones((300, 1))), Sparse.from_matrix(np.ones((1, 200)))])
    verdict = check_connected(hub)
    assert verdict.method == "hub unit"
    assert verdict.facts == {"level": 1, "unit": 0}


def test_a_single_missing_pair_is_found():
    mask = np.ones((150, 130))
    mask[77, 101] = 0
    verdict = check_connected(chain([Sparse.from_matrix(mask)]))
    assert verdict.facts == {"input": 77, "output": 101, "paths": "0"}


def leave_all_to_blocks(patch):
    for name in ("hub", "complete_layer", "quotient"):
        patch.setattr(connectedness, f"connectedness_by_{name}", lambda *_: None)
    patch.setattr(connectedness, "connectedness_by_hubs", lambda *_: None)
    refusing = prime_check.PrimeCheck((), (0,), 0, 1.0)
    patch.setattr(connectedness, "check_by_primes", lambda *_: refusing)
    patch.setattr(connectedness, "BLOCKS_AT_ONCE_SECONDS", -1.0)


@pytest.mark.parametrize("shape", [(60, 90), (90, 60)])
def test_all_pairs_are_looked_at_where_no_certificate_helps(shape, monkeypatch):
    leave_all_to_blocks(monkeypatch)
    mask = np.ones(shape)
    verdict = check_connected(chain([Sparse.from_matrix(mask), Sparse.from_matrix(mask.T)]))
    assert verdict.holds
    assert verdict.method == "reachability of all pairs"
    mask[3, 4] = 0
    uneven = chain([Sparse.from_matrix(mask)])
    assert check_connected(uneven).facts["input"] == 3


def test_what_would_take_too_long_is_undecided(monkeypatch):
    leave_all_to_blocks(monkeypatch)
    monkeypatch.setattr(blocks, "BLOCKS_SECONDS", 0.0)
    mask = np.ones((200, 200))
    graph = chain(
        [
            Sparse.from_matrix(mask),
            Sparse.from_matrix(mask * (np.arange(200) % 7 > 0) + np.eye(200)),
        ]
    )
    verdict = check_connected(graph)
    assert isinstance(verdict, Undecided)
    assert "64 random outputs" in verdict.statement
    assert verdict.holds is None


def test_unknown_properties_are_refused():
    with pytest.raises(ParameterError, match="connected, symmetric, regular"):
        verify(butterfly(), ["pretty"])


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_verdicts_do_not_depend_on_the_seed(seed):
    for graph in (butterfly(), fano(), broken_bridge(), shortcut()):
        same = [verdict.holds for verdict in verify(graph, seed=0)]
        assert [verdict.holds for verdict in verify(graph, seed=seed)] == same


def test_the_worst_case_of_the_hub_level_is_a_skip():
    """A hub on a level that a skip passes by still proves connectedness."""
    assert check_connected(shortcut()).holds
