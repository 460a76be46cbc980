"""Expanders expand as well as they can, their controls as little as they can."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from topograph.errors import ParameterError
from topograph.generators import expander_family
from topograph.generators.expander_family import (
    clustered_counts,
    clustered_layer,
    ramanujan_counts,
    ramanujan_layer,
)
from topograph.generators.registry import family_net
from topograph.graph import Layer
from topograph.metrics import component_count, is_ramanujan, sigma_1, sigma_2

seeds = st.integers(0, 2**32)


@settings(max_examples=40)
@given(st.data(), st.integers(3, 24), st.integers(3, 24), seeds)
def test_ramanujan_layers_are(data, n_in, n_out, seed):
    step = math.lcm(n_in, n_out)
    fewest = -(-3 * max(n_in, n_out) // step)
    n_edges = step * data.draw(st.integers(fewest, n_in * n_out // step))
    drawn = ramanujan_layer(n_in, n_out, n_edges, np.random.default_rng(seed), max_draws=200)
    layer = Layer("layer", 0, 1, drawn.biadjacency)
    assert layer.n_edges == n_edges
    assert is_ramanujan(layer)
    assert sigma_2(layer) == pytest.approx(drawn.facts["sigma_2"], abs=1e-6)
    assert sigma_2(layer) <= drawn.facts["bound"] * (1 + 1e-9)
    assert drawn.facts["draws"] >= 1


@pytest.mark.parametrize("shape", [(900, 600), (600, 900)])
def test_iterated_sigma_2_is_that_of_the_metric(shape):
    drawn = ramanujan_layer(*shape, 5400, np.random.default_rng(0))
    layer = Layer("layer", 0, 1, drawn.biadjacency)
    assert drawn.facts["sigma_2"] == pytest.approx(sigma_2(layer), rel=1e-7)


def test_draws_are_told_in_the_provenance():
    net = family_net("ramanujan", [60, 60, 30], fan_in=4, seed=5, nearest=True, max_draws=50)
    first, second = net.provenance["draws"]
    assert first["draws"] >= 1
    assert second["sigma_2"] <= second["bound"]
    assert net.provenance["parameters"]["max_draws"] == 50


def test_bound_that_no_draw_meets(monkeypatch):
    monkeypatch.setattr(expander_family, "second_singular_value", lambda _: 3.5)
    with pytest.raises(ParameterError) as caught:
        family_net("ramanujan", [8, 8, 8], fan_in=3, max_draws=2)
    for part in (
        "Layer 1",
        "8 x 8",
        "24 edges",
        "at most 2.82843",
        "best of 2",
        "3.5",
        "max_draws",
    ):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("shape", "n_edges", "parts"),
    [
        ((12, 8), 24, ["24 edges", "48"]),
        ((12, 8), 50, ["50 edges", "48 or 72"]),
        ((12, 2), 24, ["at least 3 units", "12 x 2"]),
    ],
)
def test_ramanujan_refusals(shape, n_edges, parts):
    with pytest.raises(ParameterError) as caught:
        ramanujan_layer(*shape, n_edges, np.random.default_rng(0))
    for part in parts:
        assert part in str(caught.value)


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(2, 4),
    st.integers(0, 3),
    st.booleans(),
    st.data(),
    seeds,
)
def test_clustered_layers_are_biregular_and_expand_as_little_as_said(
    size_in, size_out, blocks, bridges, aligned, data, seed
):
    assume(2 * bridges <= size_in)
    n_in, n_out = blocks * size_in, blocks * size_out
    step = math.lcm(n_in, n_out)
    n_edges = step * data.draw(st.integers(1, n_in * n_out // blocks // step))
    operator = clustered_layer(
        n_in,
        n_out,
        n_edges,
        np.random.default_rng(seed),
        blocks=blocks,
        bridges=bridges,
        aligned=aligned,
    )
    layer = Layer("layer", 0, 1, operator)
    assert layer.n_edges == n_edges
    assert (layer.fan_in() * n_out == n_edges).all()
    assert (layer.fan_out() * n_in == n_edges).all()
    share = 1 - bridges * blocks**2 / ((blocks - 1) * n_edges)
    assert sigma_2(layer) >= sigma_1(layer) * share - 1e-9


def test_blocks_side_by_side_are_joined_by_the_bridges_alone():
    operator = clustered_layer(
        40, 20, 160, np.random.default_rng(0), blocks=4, bridges=2, aligned=True
    )
    matrix = operator.to_csr().toarray()
    between = matrix.reshape(4, 10, 4, 5).sum(axis=(1, 3))
    assert (np.diag(between, 1) == 2).all()
    assert (np.diag(between, -1) == 2).all()
    assert np.diag(between).tolist() == [38, 36, 36, 38]
    assert between.sum() == 160


def test_blocks_apart_are_components():
    net = family_net("clustered", [64, 64, 64], fan_in=8, blocks=4, bridges=0)
    assert [component_count(net, layer) for layer in net.layers] == [4, 4]
    assert component_count(net) == 1
    apart = family_net("clustered", [64, 64, 64], fan_in=8, blocks=4, bridges=0, aligned=True)
    assert component_count(apart) == 4


def test_control_and_expander_of_the_same_degrees_lie_far_apart():
    expander = family_net("ramanujan", [256, 256], fan_in=8).layers[0]
    control = family_net("clustered", [256, 256], fan_in=8).layers[0]
    assert np.array_equal(expander.fan_in(), control.fan_in())
    assert np.array_equal(expander.fan_out(), control.fan_out())
    assert sigma_2(expander) < 5.3
    assert sigma_2(control) > 7.9


@pytest.mark.parametrize(
    ("n_edges", "options", "parts"),
    [
        (24, {"blocks": 5}, ["divide 12 and 8", "is 5", "2 or 4"]),
        (24, {"blocks": 5, "bridges": 2}, ["is 5", "make it 2."]),  # of 4 blocks each has 3 inputs
        (24, {"blocks": 1}, ["blocks", "at least 2"]),
        (72, {}, ["72 edges", "48"]),
        (24, {"bridges": 4}, ["bridges", "at most 3", "is 4"]),
        (24, {"bridges": -1}, ["bridges", "at least 0"]),
    ],
)
def test_clustered_refusals(n_edges, options, parts):
    with pytest.raises(ParameterError) as caught:
        clustered_layer(12, 8, n_edges, np.random.default_rng(0), **options)
    for part in parts:
        assert part in str(caught.value)


def test_widths_without_a_common_divisor_have_no_blocks():
    with pytest.raises(ParameterError, match="no common divisor"):
        clustered_counts(9, 8, 72)
    with pytest.raises(ParameterError, match=r"Layer 2: .*divide 9 and 8"):
        family_net("clustered", [9, 9, 8], 0.5, blocks=3, nearest=True)


def test_nearest_counts():
    assert ramanujan_counts(12, 8, 1) == (48,)
    assert clustered_counts(12, 8, 25) == (24, 48)
