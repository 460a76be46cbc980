from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import naive
from tests.strategies import layered_graphs
from topograph.biadjacency import Identity, Sparse
from topograph.counting import exact_paths, liveness, log10_paths
from topograph.errors import ParameterError
from topograph.graph import Layer, LayeredGraph, chain
from topograph.propagation import (
    BITS,
    BOOLEAN,
    EXACT,
    LONGEST,
    SCALED,
    SHORTEST,
    PrimeFields,
    arrive,
    exact_sum,
    pack_units,
    propagate,
    random_primes,
)

DIRECTIONS = ("forward", "backward")


def pairs(graph, algebra, direction):
    """The path matrix as (inputs, outputs), swept from either side."""
    width = graph.n_inputs if direction == "forward" else graph.n_outputs
    swept = arrive(graph, np.eye(width, dtype=np.int64), algebra, direction)
    values = getattr(swept, "values", swept)
    return np.array(values).T if direction == "forward" else np.array(values)


@given(layered_graphs(), st.sampled_from(DIRECTIONS))
def test_pair_counts_are_the_enumerated_paths(graph, direction):
    expected = naive.pair_counts(graph)
    assert pairs(graph, EXACT, direction).tolist() == expected
    assert pairs(graph, SCALED, direction).tolist() == expected
    assert pairs(graph, BOOLEAN, direction).tolist() == (np.array(expected) > 0).tolist()


@given(layered_graphs(), st.sampled_from(DIRECTIONS))
def test_residues_are_counts_modulo_primes(graph, direction):
    width = graph.n_inputs if direction == "forward" else graph.n_outputs
    start = np.tile(np.eye(width, dtype=np.int64), 2)
    swept = arrive(graph, start, PrimeFields((2,) * width + (3,) * width), direction)
    expected = np.array(naive.pair_counts(graph))
    expected = expected.T if direction == "forward" else expected
    assert np.array_equal(swept[:, :width], expected % 2)
    assert np.array_equal(swept[:, width:], expected % 3)


@given(layered_graphs(), st.sampled_from(DIRECTIONS))
def test_bits_are_reachability(graph, direction):
    width = graph.n_inputs if direction == "forward" else graph.n_outputs
    words = arrive(graph, pack_units(width, range(width)), BITS, direction)[:, 0]
    reached = np.array(naive.pair_counts(graph)) > 0
    reached = reached.T if direction == "forward" else reached
    assert words.tolist() == [sum(1 << j for j in np.flatnonzero(row)) for row in reached]


@given(layered_graphs())
def test_lengths_are_those_of_enumerated_paths(graph):
    lengths = [len(path) for path in naive.paths(graph)]
    start = np.zeros(graph.n_inputs)
    assert arrive(graph, start, SHORTEST).min() == min(lengths, default=math.inf)
    assert arrive(graph, start, LONGEST).max() == max(lengths, default=-math.inf)
    start = np.zeros(graph.n_outputs)
    assert arrive(graph, start, LONGEST, "backward").max() == max(lengths, default=-math.inf)


@given(layered_graphs())
def test_live_units_are_those_on_paths(graph):
    live = liveness(graph).live
    found = {(level, int(u)) for level, mask in enumerate(live) for u in np.flatnonzero(mask)}
    assert found == naive.live(graph)


@given(layered_graphs(), st.sampled_from(DIRECTIONS))
def test_arrive_is_the_end_of_propagate(graph, direction):
    width = graph.n_inputs if direction == "forward" else graph.n_outputs
    levels = propagate(graph, np.ones(width, dtype=np.int64), EXACT, direction)
    assert [level.shape[0] for level in levels] == list(graph.widths)
    final = levels[-1 if direction == "forward" else 0]
    assert np.array_equal(arrive(graph, np.ones(width, dtype=np.int64), EXACT, direction), final)


@given(layered_graphs())
def test_forward_times_backward_counts_paths_through_units(graph):
    ones_in = np.ones(graph.n_inputs, dtype=np.int64)
    ones_out = np.ones(graph.n_outputs, dtype=np.int64)
    forward = propagate(graph, ones_in, EXACT)
    backward = propagate(graph, ones_out, EXACT, "backward")
    through = {
        (level, unit): int(a) * int(b)
        for level, (first, other) in enumerate(zip(forward, backward, strict=True))
        for unit, (a, b) in enumerate(zip(first, other, strict=True))
    }
    for unit, count in through.items():
        on = [path for path in naive.paths(graph) if any(unit in edge[1:] for edge in path)]
        assert count == len(on)


def test_a_sweep_can_start_at_a_middle_level():
    graph = chain([Sparse.from_matrix(np.ones((2, 3))), Sparse.from_matrix(np.ones((3, 2)))])
    levels = propagate(graph, [1, 0, 0], EXACT, "forward", level=1)
    assert [level.tolist() for level in levels] == [[0, 0], [1, 0, 0], [1, 1]]
    levels = propagate(graph, [1, 0, 0], EXACT, "backward", level=1)
    assert [level.tolist() for level in levels] == [[1, 1], [1, 0, 0], [0, 0]]


def test_starting_values_must_fit_the_level():
    graph = chain([Sparse.from_matrix(np.ones((2, 3)))])
    with pytest.raises(ParameterError, match="each of the 2 units of level 0, but there are 3"):
        arrive(graph, np.ones(3), EXACT)


def test_int64_would_wrap_to_zero_where_counts_are_exact():
    graph = chain([Sparse.from_matrix(np.ones((32, 32)))] * 14, names=list("abcdefghijklmn"))
    wrapped = np.ones((32, 32), dtype=np.int64)
    for _ in range(13):
        wrapped = wrapped @ np.ones((32, 32), dtype=np.int64)
    assert not wrapped.any()
    swept = arrive(graph, np.ones(32, dtype=np.int64), EXACT)
    assert swept.tolist() == [32**14] * 32
    assert exact_sum(swept) == exact_paths(graph) == 32**15


def test_sums_of_int64_levels_do_not_wrap():
    graph = chain([Sparse.from_matrix(np.ones((1, 4))), Sparse.from_matrix(np.eye(4))])
    swept = arrive(graph, [2**62], EXACT)
    assert exact_sum(swept) == 4 * 2**62
    assert exact_sum(np.full(4, 2**62)) == 2**64


def test_merging_layers_does_not_wrap():
    layers = [Layer(name, 0, 1, Identity(1, 1)) for name in "ab"]
    graph = LayeredGraph([1, 1], layers)
    assert arrive(graph, [2**62], EXACT).tolist() == [2**63]


def test_exact_values_start_whole():
    graph = chain([Sparse.from_matrix(np.eye(2))])
    assert arrive(graph, [2**63, 1], EXACT).tolist() == [2**63, 1]
    assert arrive(graph, np.array([2**63, 1], dtype=np.uint64), EXACT).tolist() == [2**63, 1]
    assert arrive(graph, [1e19, 1.0], EXACT).tolist() == [10**19, 1]
    with pytest.raises(ParameterError, match="whole numbers"):
        arrive(graph, [0.5, 1.9], EXACT)


def test_scaled_floats_do_not_overflow_at_any_depth():
    depth = 400
    graph = chain(
        [Sparse.from_matrix(np.ones((8, 8)))] * depth, names=[f"l{i}" for i in range(depth)]
    )
    assert log10_paths(graph) == pytest.approx((depth + 1) * math.log10(8), rel=1e-12)


def giants(depth: int) -> LayeredGraph:
    """Two strands: counts grow in the first half of one and in the second of the other.

    Strand 0 has 2^depth paths into its middle and 1 out of it; strand 1 has 1 into its
    middle and 2^(depth - 500) out of it. Swept backward, strand 0 is the far smaller one at
    the middle, although it carries almost all paths.
    """
    grow, keep = np.ones((2, 2)), np.eye(2)
    strand = [(grow, keep)] * depth + [(keep, grow)] * (depth - 500) + [(keep, keep)] * 500
    blocks = [np.block([[a, 0 * a], [0 * b, b]]) for a, b in strand]
    names = [f"l{i}" for i in range(len(blocks))]
    return chain([Sparse.from_matrix(block) for block in blocks], names=names)


def test_a_count_lost_to_rescaling_is_noticed():
    graph = giants(2600)
    swept = arrive(graph, np.ones(4), SCALED, "backward")
    assert swept.lost
    exact = exact_sum(arrive(graph, np.ones(4, dtype=np.int64), EXACT, "backward"))
    assert exact == 2 * 2**2600 + 2 * 2**2100
    assert log10_paths(graph) == pytest.approx(2601 * math.log10(2), rel=1e-12)


def test_columns_of_scaled_blocks_add_over_skips():
    layers = [
        Layer("first", 0, 1, Sparse.from_matrix(np.ones((2, 2)))),
        Layer("second", 1, 2, Sparse.from_matrix(np.ones((2, 2)))),
        Layer("skip", 0, 2, Identity(2, 2)),
    ]
    graph = LayeredGraph([2, 2, 2], layers)
    start = np.array([[2.0**901, 0.0], [0.0, 1.0]])
    swept = arrive(graph, start, SCALED)
    assert not swept.lost
    assert (np.ldexp(swept.values, swept.exponent) == [[3 * 2.0**901, 2], [2 * 2.0**901, 3]]).all()


def test_packed_units_have_one_bit_each():
    words = pack_units(5, [4, 0, *[2] * 63])
    assert words.shape == (5, 2)
    assert words[4].tolist() == [1, 0]
    assert words[0].tolist() == [2, 0]
    assert int(words[2, 1]) == 1


def test_primes_are_primes_in_the_stated_range():
    import sympy

    primes = random_primes(200, np.random.default_rng(0))
    assert all(2**30 < prime < 2**31 and sympy.isprime(prime) for prime in primes)
    assert len(set(primes)) > 190


def test_the_primality_test_agrees_with_sympy():
    import sympy

    from topograph.propagation.field import _is_prime

    for odd in range(2**30 + 1, 2**30 + 4001, 2):
        assert _is_prime(odd) == sympy.isprime(odd)
