"""Suggested RadiX-Nets exist, are described truly, and are the nearest there are."""

import dataclasses
import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topograph.errors import ParameterError
from topograph.generators import fit_widths, radix_net
from topograph.metrics import density, is_symmetric, output_fan_in_min
from topograph.radix import divisors
from topograph.radix import suggestion as search
from topograph.radix.suggestion import suggest_radix

small_widths = st.lists(st.integers(2, 40), min_size=2, max_size=4)
densities = st.floats(0.05, 1.0)


def fitted(suggestion, wanted):
    net = radix_net(suggestion.systems, suggestion.dense_widths)
    return net, fit_widths(net, [min(pair) for pair in zip(net.widths, wanted, strict=True)])


@settings(max_examples=40)
@given(small_widths, densities)
def test_suggestions_are_described_truly(widths, wish):
    for suggestion in suggest_radix(widths, wish, count=4, max_width_mismatch=2.0):
        net, after = fitted(suggestion, widths)
        assert suggestion.widths == net.widths
        assert suggestion.surplus == tuple(
            has - asked for has, asked in zip(net.widths, widths, strict=True)
        )
        assert suggestion.surplus[0] >= 0 <= suggestion.surplus[-1]
        assert suggestion.density == pytest.approx(density(net))
        assert suggestion.layer_densities == pytest.approx(
            [layer.n_edges / layer.n_possible_edges for layer in net.layers]
        )
        off = sum(abs(la.n_edges - wish * la.n_possible_edges) for la in net.layers)
        asked = wish * net.n_possible_edges
        assert suggestion.density_mismatch == pytest.approx(off / asked)
        assert suggestion.width_mismatch == pytest.approx(
            sum(map(abs, suggestion.surplus)) / sum(widths)
        )
        assert suggestion.density_fitted == pytest.approx(density(after))
        assert suggestion.output_fan_in_min == output_fan_in_min(after)
        if suggestion.is_symmetric_fitted:
            assert is_symmetric(after)


def factorisations(product, length):
    if length == 1:
        return [(product,)] if product > 1 else []
    return [
        (radix, *rest)
        for radix in divisors(product)[1:]
        for rest in factorisations(product // radix, length - 1)
    ]


def every_sequence(base, n_layers):
    """Radices of all specifications with this base and as many layers, one system by one."""
    for first in range(1, n_layers + 1):
        for system in factorisations(base, first):
            left = n_layers - first
            if not left:
                yield system
                continue
            last = [own for part in divisors(base)[1:] for own in factorisations(part, left)]
            yield from (system + own for own in last)
            if left > 1:
                yield from (system + own for own in every_sequence(base, left))


@settings(max_examples=25)
@given(st.lists(st.integers(4, 30), min_size=2, max_size=4), densities)
def test_no_radices_of_the_best_base_come_nearer(widths, wish):
    best = suggest_radix(widths, wish, count=1, max_width_mismatch=2.0)[0]
    base = math.prod(best.systems[0])
    weights = [a * b for a, b in itertools.pairwise(best.dense_widths)]
    nearest = min(
        sum(w * abs(r - wish * base) for r, w in zip(radices, weights, strict=True))
        for radices in every_sequence(base, len(widths) - 1)
    )
    assert best.density_mismatch == pytest.approx(nearest / (wish * base * sum(weights)))


@given(small_widths, densities)
def test_the_front_is_that_of_comparing_all_pairs(widths, wish):
    found = suggest_radix(widths, wish, count=10_000, max_width_mismatch=1.0)
    scores = [(round(s.width_mismatch, 12), round(s.density_mismatch, 12)) for s in found]
    for suggestion, (off, thin) in zip(found, scores, strict=True):
        beaten = any(a <= off and b <= thin and (a, b) != (off, thin) for a, b in scores)
        assert suggestion.is_efficient != beaten
    assert found[0].is_efficient
    sums = [sum(score) for score in scores]
    assert sums == pytest.approx(sorted(sums))


def test_the_training_papers_net_is_found():
    best = suggest_radix([784, 300, 100], 0.1)[0]
    assert best.systems == ((10, 10),)
    assert best.dense_widths == (8, 3, 1)
    assert best.surplus == (16, 0, 0)
    assert (best.density, best.density_mismatch) == (0.1, 0.0)
    assert best.is_symmetric_fitted
    assert best.is_efficient
    assert best.output_fan_in_min == 30


def test_a_graphchallenge_net_is_found():
    best = suggest_radix([1024] * 7, 32 / 1024)[0]
    assert (best.width_mismatch, best.density_mismatch) == (0, 0)
    assert any(
        found.systems == ((2,) * 6,) and set(found.dense_widths) == {16}
        for found in suggest_radix([1024] * 7, 32 / 1024)
    )


def test_layers_may_have_densities_of_their_own():
    best = suggest_radix([800, 300, 100], [0.1, 0.5])[0]
    assert best.layer_densities == (0.1, 0.5)


def test_suggestions_are_ranked_frozen_and_the_same_every_time():
    one, other = suggest_radix([784, 300, 100, 10], 0.05), suggest_radix([784, 300, 100, 10], 0.05)
    assert one == other
    assert len(one) == 10
    assert suggest_radix([784, 300, 100, 10], 0.05, count=3) == one[:3]
    with pytest.raises(dataclasses.FrozenInstanceError):
        one[0].density = 1.0


@pytest.mark.parametrize("widths", [[65536] * 13, [1024] * 121, [99_991, 65_537, 1009]])
def test_the_search_ends_with_the_base_that_reaches_its_steps(monkeypatch, widths):
    steps, best_radices = [], search._best_radices

    def counted(*given):
        found = best_radices(*given)
        steps.append(found[1])
        return found

    monkeypatch.setattr(search, "_best_radices", counted)
    assert suggest_radix(widths, 0.001, max_width_mismatch=1.0)
    assert sum(steps[:-1]) <= search._STEPS < sum(steps)
    assert max(steps) < search._STEPS


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (([784], 0.1), ["widths", "at least two levels"]),
        (([784, 0], 0.1), ["Entry 2 of widths", "at least 1"]),
        (([784, 300], 0.0), ["density", "above 0", "0.0"]),
        (([784, 300], [0.1, 0.2]), ["density", "each of 1 layers"]),
        (([784, 300], 0.1, 0), ["count", "at least 1"]),
        (([1, 1], 0.1), ["No RadiX-Net", "[1, 1]", "larger mismatch"]),
    ],
)
def test_refusals(arguments, parts):
    with pytest.raises(ParameterError) as caught:
        suggest_radix(*arguments)
    for part in parts:
        assert part in str(caught.value)
