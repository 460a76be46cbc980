"""Models of network science: what stays of the band, tails, fields and blocks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from tests.generators.realisations import cells
from topograph.errors import ParameterError
from topograph.generators.communities import Communities
from topograph.generators.network_family import (
    receptive_field_layer,
    scale_free_layer,
    small_world_layer,
    stochastic_blocks_layer,
)
from topograph.generators.registry import family_net
from topograph.generators.structured_family import banded_layer
from topograph.metrics import component_count

shapes = st.tuples(st.integers(1, 14), st.integers(1, 14))
seeds = st.integers(0, 2**32)
shares = st.floats(0, 1)


def mask(layer):
    return layer.to_csr().toarray()


@st.composite
def requests(draw):
    n_in, n_out = draw(shapes)
    return n_in, n_out, draw(st.integers(0, n_in * n_out)), np.random.default_rng(draw(seeds))


@pytest.mark.parametrize(
    ("draw", "option"), [(small_world_layer, "rewiring"), (receptive_field_layer, "randomness")]
)
@given(requests(), shares)
def test_fan_ins_are_those_of_the_band(draw, option, request_, share):
    n_in, n_out, n_edges, rng = request_
    band = mask(banded_layer(n_in, n_out, n_edges, rng))
    assert np.array_equal(mask(draw(*request_, **{option: 0.0})), band)
    layer = mask(draw(*request_, **{option: share}))
    assert np.array_equal(layer.sum(axis=0), band.sum(axis=0))


@pytest.mark.parametrize(
    ("draw", "option"), [(small_world_layer, "rewiring"), (receptive_field_layer, "randomness")]
)
def test_at_one_every_output_takes_any_inputs(draw, option):
    layer = mask(draw(10, 9000, 27000, np.random.default_rng(0), **{option: 1.0}))
    kinds, counts = np.unique(layer, axis=1, return_counts=True)
    assert kinds.shape[1] == math.comb(10, 3)
    assert chisquare(counts).pvalue > 1e-3


def test_rewiring_moves_its_share_of_the_edges():
    band = set(cells(banded_layer(400, 300, 6000, np.random.default_rng(0))))
    kept = [
        len(
            band
            & set(cells(small_world_layer(400, 300, 6000, np.random.default_rng(1), rewiring=p)))
        )
        for p in (0.1, 0.5, 0.9)
    ]
    # An edge that is moved comes back to a place of the band with probability 20 / 400 or so.
    assert np.divide(kept, 6000) == pytest.approx([0.9, 0.51, 0.13], abs=0.03)


def test_fields_widen_with_randomness():
    def mean_distance(randomness):
        rng = np.random.default_rng(0)
        layer = mask(receptive_field_layer(200, 200, 2000, rng, randomness=randomness))
        inputs, outputs = np.nonzero(layer)
        distance = np.abs(inputs - outputs - 5) % 200
        return np.minimum(distance, 200 - distance).mean()

    distances = [mean_distance(step / 10) for step in range(11)]
    assert (np.diff(distances)[2:] > 0).all()
    assert distances[0] == pytest.approx(2.5)
    assert distances[-1] == pytest.approx(50, rel=0.05)


def test_inputs_of_a_field_have_the_weights_of_their_distance():
    layer = mask(
        receptive_field_layer(9, 9 * 4000, 9 * 4000, np.random.default_rng(0), randomness=0.5)
    )
    inputs, outputs = np.nonzero(layer)
    offsets = np.bincount((inputs - outputs // 4000) % 9, minlength=9)
    weights = 1 / (1 + np.array([0, 1, 2, 3, 4, 4, 3, 2, 1]))
    assert chisquare(offsets, weights / weights.sum() * 36000).pvalue > 1e-3


@given(requests(), st.floats(2.01, 50))
def test_scale_free_layers_have_exactly_the_edges_asked_for(request_, exponent):
    layer = scale_free_layer(*request_, exponent=exponent)
    assert layer.n_edges == request_[2]
    assert layer.shape == request_[:2]


@pytest.mark.parametrize("exponent", [2.5, 3.0, 4.0])
@pytest.mark.parametrize("level", [0, 1])
def test_tails_of_scale_free_layers_have_their_exponent(exponent, level):
    layer = mask_fans(
        scale_free_layer(30_000, 30_000, 300_000, np.random.default_rng(0), exponent=exponent),
        level,
    )
    more_than = [np.count_nonzero(layer >= threshold) for threshold in (20, 40)]
    slope = -np.log2(more_than[1] / more_than[0])
    assert slope == pytest.approx(exponent - 1, rel=0.12)


def mask_fans(layer, level):
    ones = np.ones(layer.shape[1 - level], dtype=np.int64)
    return layer.forward(ones) if level else layer.backward(ones)


@given(st.data(), shapes, shares, seeds)
def test_blocks_against_a_loop(data, shape, within, seed):
    n_in, n_out = shape
    blocks = data.draw(st.integers(1, min(shape)))
    inside = [
        [i * blocks // n_in == j * blocks // n_out for j in range(n_out)] for i in range(n_in)
    ]
    most = Communities(n_in, n_out, blocks).most_edges(within)
    n_edges = data.draw(st.integers(0, most))
    layer = stochastic_blocks_layer(
        n_in, n_out, n_edges, np.random.default_rng(seed), blocks=blocks, within=within
    )
    assert layer.n_edges == n_edges
    assert mask(layer)[np.array(inside)].sum() == math.floor(within * n_edges + 0.5)
    fits = [
        math.floor(within * count + 0.5) <= np.sum(inside)
        and count - math.floor(within * count + 0.5) <= n_in * n_out - np.sum(inside)
        for count in range(n_in * n_out + 1)
    ]
    assert fits == sorted(fits, reverse=True)
    assert most == sum(fits) - 1


def test_all_pairs_inside_and_outside_come_up():
    rng = np.random.default_rng(0)
    seen = sum(
        mask(stochastic_blocks_layer(5, 4, 6, rng, blocks=2, within=0.5)) for _ in range(200)
    )
    assert (seen > 30).all()


@pytest.mark.parametrize("blocks", [1, 2, 4, 7])
def test_blocks_that_nothing_joins_are_the_components(blocks):
    net = family_net("stochastic-blocks", [100, 80], 0.8 / blocks, blocks=blocks, within=1.0)
    assert component_count(net) == blocks
    joined = family_net(
        "stochastic-blocks", [100, 80], 0.8 / blocks, blocks=blocks, within=1 - (blocks > 1) / 100
    )
    assert component_count(joined) == 1


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("small-world", {"rewiring": 1.5}, r"rewiring .* 0 to 1, but it is 1\.5\. .* nearest is 1"),
        ("small-world", {"rewiring": math.nan}, r"rewiring .* 0 to 1, but it is nan"),
        ("small-world", {"rewiring": True}, r"rewiring .* 0 to 1, but it is True"),
        ("receptive-field", {"randomness": -1}, r"randomness .* 0 to 1.* nearest is 0"),
        ("receptive-field", {"randomness": "x"}, r"randomness .* 0 to 1, but it is 'x'"),
        ("scale-free", {"exponent": 2}, r"exponent must be a number above 2, but it is 2"),
        ("scale-free", {"exponent": math.nan}, r"exponent must be a number above 2"),
        ("stochastic-blocks", {"within": 2}, r"within .* 0 to 1"),
        ("stochastic-blocks", {"blocks": 11}, r"at most 10, .* but it is 11\. Hint: make it 10"),
        ("stochastic-blocks", {"blocks": 5}, r"cannot have 36 edges .* nearest is 27 "),
    ],
)
def test_options_outside_are_refused(name, options, words):
    with pytest.raises(ParameterError, match=words):
        family_net(name, [10, 12], 0.3, **options)
