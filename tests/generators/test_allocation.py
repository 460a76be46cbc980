"""Edges are shared out exactly."""

import itertools

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from topograph.errors import ParameterError
from topograph.generators.allocation import ALLOCATIONS, allocate_edges, whole_edges

widths = st.lists(st.integers(1, 60), min_size=2, max_size=6)


def sizes(levels):
    return [n_in * n_out for n_in, n_out in itertools.pairwise(levels)]


@example([10, 10], 0.0051, "uniform")
@given(widths, st.floats(1e-4, 1.0), st.sampled_from(ALLOCATIONS))
def test_the_total_is_met_exactly_and_no_layer_is_empty_where_that_can_be(
    levels, density, allocation
):
    if round(density * sum(sizes(levels))) < 1:
        with pytest.raises(ParameterError, match="one edge at least"):
            allocate_edges(levels, density, allocation)
        return
    edges = allocate_edges(levels, density, allocation)
    assert sum(edges) == pytest.approx(density * sum(sizes(levels)), abs=0.5 + 1e-6)
    assert all(count <= size for count, size in zip(edges, sizes(levels), strict=True))
    assert min(edges) >= 1 or sum(edges) < len(edges)


@example([1, 1, 1, 6], 0.5)
@given(widths, st.floats(0.01, 1.0))
def test_uniform_shares_differ_from_the_density_by_less_than_an_edge(levels, density):
    """But for the edges that layers too small for one of their own have taken from others."""
    assume(round(density * sum(sizes(levels))))
    edges = allocate_edges(levels, density)
    lifted = sum(density * size < 1 for size in sizes(levels))
    for count, size in zip(edges, sizes(levels), strict=True):
        assert abs(count - density * size) < 1 + lifted


@given(st.lists(st.integers(20, 60), min_size=2, max_size=6), st.floats(0.05, 1.0))
def test_erk_shares_are_proportional_below_the_cap(levels, density):
    edges = allocate_edges(levels, density, "erk")
    scales = [
        count / (n_in + n_out)
        for count, (n_in, n_out) in zip(edges, itertools.pairwise(levels), strict=True)
        if count < n_in * n_out
    ]
    if scales:
        assert max(scales) - min(scales) <= 2 / 40 + 1e-9


def test_published_shares():
    edges = allocate_edges([784, 300, 100, 10], 0.05, "erk")
    shares = [count / size for count, size in zip(edges, [235200, 30000, 1000], strict=True)]
    assert shares == pytest.approx([0.038484, 0.111334, 0.918507], abs=1e-3)
    assert allocate_edges([784, 300, 100, 10], 0.05, "er") == edges


@given(widths, st.data())
def test_densities_of_layers_are_rounded_but_never_to_nothing(levels, data):
    given_densities = data.draw(
        st.lists(st.floats(1e-6, 1.0), min_size=len(levels) - 1, max_size=len(levels) - 1)
    )
    for count, size, density in zip(
        allocate_edges(levels, given_densities), sizes(levels), given_densities, strict=True
    ):
        assert count == max(1, round(density * size))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([784], 0.1), "at least two levels"),
        (([784, 300], 0.0), "above 0 and at most 1"),
        (([10, 10], 0.001), r"one edge at least.*nearest is 0\.01"),
        (([784, 300], float("nan")), "above 0 and at most 1"),
        (([784, 300], [0.1, 0.1]), "one for each of 1 layers"),
        (([784, 300], 0.1, "pyramid"), "one of uniform, erk, er"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ParameterError, match=message):
        allocate_edges(*arguments)


def test_every_layer_gets_an_edge_where_the_total_allows():
    assert allocate_edges([100, 100, 1, 1], 0.01) == (99, 1, 1)
    assert allocate_edges([100, 1, 1, 1], 3 / 102) == (1, 1, 1)
    assert allocate_edges([100, 1, 1, 1], 2 / 102) == (2, 0, 0)


def test_an_edge_for_a_lifted_layer_is_taken_from_where_least_is_missed():
    sizes = [12, 2, 4, 44, 55]
    assert whole_edges([0.895, 0.149, 0.298, 3.283, 4.104], sizes) == (1, 1, 1, 3, 3)
