from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

import topograph
from tests.training.proxies.nets import images_for, masked, net, units, with_biases
from topograph.errors import ParameterError
from topograph.training import ALFORD_2018, MODERN
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.engines.pattern import Pattern
from topograph.training.proxies import PROXIES, ChainProbe, kernel, probing, proxies


def relabelled(member, data, parameters, rng):
    """Return the same net with the units of all levels but the last renumbered."""
    orders = [rng.permutation(width) for width in member.widths[:-1]]
    orders.append(np.arange(member.widths[-1]))
    masks, weights = [], []
    for k, layer in enumerate(parameters):
        rows, columns = orders[k], orders[k + 1]
        masks.append(masked(member, k, 1.0)[rows][:, columns].astype(int))
        weights.append(masked(member, k, layer.weights.numpy())[rows][:, columns])
    other = Member.of_graph(topograph.from_layers(masks))
    moved = [
        LayerParameters(
            torch.from_numpy(weights[k][pattern.sources, pattern.targets()]).float(),
            parameters[k].biases[orders[k + 1]],
        )
        for k, pattern in enumerate(other.patterns)
    ]
    images = data.train_images[..., orders[0]]
    return other, dataclasses.replace(data, train_images=images), moved


@pytest.mark.parametrize("seed", range(6))
def test_relabelling_units_changes_nothing(seed):
    rng = np.random.default_rng(seed)
    member = net(rng, widths=(6, 9, 8, 3))
    data, parameters = images_for(member, rng), with_biases(member, rng)
    one = proxies(member, MODERN, data, n_images=5, parameters=parameters)
    member, data, parameters = relabelled(member, data, parameters, rng)
    other = proxies(member, MODERN, data, n_images=5, parameters=parameters)
    assert set(one.undefined) == set(other.undefined)
    defined = [name for name in PROXIES if name not in one.undefined]
    assert len(defined) >= 7
    for name in defined:
        assert other.values[name] == pytest.approx(one.values[name], rel=1e-6), name


@pytest.mark.parametrize("seed", range(6))
def test_values_lie_in_their_ranges(seed):
    rng = np.random.default_rng(seed)
    member = net(rng, density=rng.uniform(0.2, 1))
    found = proxies(member, MODERN, images_for(member, rng), n_images=5, seed=seed)
    assert list(found.values) == list(PROXIES)
    assert {name for name, value in found.values.items() if value is None} == set(found.undefined)
    ranges = {
        "gradient_balance": (-math.inf, 0),
        "ntk_effective_rank": (1, 15),
        "jacobian_rank": (0, 3),
        "synflow_total": (-math.inf, math.inf),
    }
    for name, value in found.values.items():
        if value is not None:
            low, high = ranges.get(name, (0, math.inf))
            assert low <= value <= high, name


def test_initial_weights_and_images_follow_their_seeds(digits):
    member = Member.of_graph(topograph.from_layers([np.ones((64, 6)), np.ones((6, 10))]), seed=2)
    by_default = proxies(member, MODERN, digits, n_images=8)
    given = proxies(
        member, MODERN, digits, n_images=8, parameters=initial_parameters(member, MODERN)
    )
    assert by_default == given
    assert proxies(member, MODERN, digits, n_images=8, seed=1).values != by_default.values
    other = dataclasses.replace(member, seed=3)
    assert proxies(other, MODERN, digits, n_images=8).values != by_default.values
    assert by_default.layer_gradient_norms[0] > 0


def test_a_dead_output_makes_kernel_and_jacobian_singular(rng):
    graph = topograph.from_layers([np.ones((4, 5)), np.ones((5, 3)) * [1, 0, 1]])
    member = Member.of_graph(graph)
    found = proxies(member, MODERN, images_for(member, rng), n_images=3)
    assert found.values["ntk_condition_number"] is None
    assert found.undefined["ntk_condition_number"].startswith("singular: the kernel has rank")
    assert found.undefined["jacobian_condition_number"] == "singular: for 3 of 3 images"
    assert found.values["jacobian_rank"] <= 2
    assert found.values["ntk_trace"] > 0


def test_a_net_without_paths_has_reasons_not_numbers(rng):
    graph = topograph.from_layers([np.array([[1, 0], [1, 0]]), np.array([[0, 0], [1, 1]])])
    member = Member.of_graph(graph)
    found = proxies(member, MODERN, images_for(member, rng), n_images=2)
    assert found.undefined == {
        "gradient_balance": "no gradient arrives at layer 1",
        "ntk_condition_number": "singular: the kernel has rank 0 of 4",
        "ntk_effective_rank": "the kernel is 0: no weight moves an output",
        "jacobian_condition_number": "singular: for 2 of 2 images",
        "synflow_total": "no path from an input to an output has weights other than 0",
    }
    assert found.values["gradient_norm"] == found.values["ntk_trace"] == 0
    assert found.layer_gradient_norms == (0, 0)


@pytest.mark.parametrize(
    ("empty", "reason"), [(0, "layer 1 has no edge"), (1, "no gradient arrives at layer 1")]
)
def test_a_layer_without_edges_is_named(rng, empty, reason):
    layers = [np.ones((2, 2)), np.ones((2, 2))]
    layers[empty][:] = 0
    member = Member.of_graph(topograph.from_layers(layers))
    found = proxies(member, MODERN, images_for(member, rng), n_images=2)
    assert found.undefined["gradient_balance"] == reason


@pytest.mark.parametrize("weight", [math.inf, math.nan, 1e30])
def test_diverged_weights_have_reasons_not_numbers(rng, weight):
    member = net(rng, widths=(4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 3), density=1.0)
    data = images_for(member, rng)
    data = dataclasses.replace(data, train_images=data.train_images.abs())
    found = proxies(member, MODERN, data, n_images=2, parameters=units(member, weight))
    assert found.values["ntk_trace"] is None
    assert all(value is None or math.isfinite(value) for value in found.values.values())
    if not math.isfinite(weight):
        assert set(found.undefined) == set(PROXIES)
        assert found.undefined["synflow_total"] == "weights are not finite"
        assert found.layer_gradient_norms == ()


@pytest.mark.parametrize(
    ("place", "limit", "value", "names"),
    [
        (kernel, "LARGEST_KERNEL", 5, ("ntk_trace",)),
        (kernel, "MOST_OPERATIONS", 5, ("ntk_trace", "ntk_effective_rank")),
        (probing, "LARGEST_ARRAY", 30, ("ntk_trace", "jacobian_rank")),
    ],
)
def test_what_is_too_large_is_left_out_and_said(rng, monkeypatch, place, limit, value, names):
    monkeypatch.setattr(place, limit, value)
    member = net(rng)
    found = proxies(member, MODERN, images_for(member, rng), n_images=2)
    for name in names:
        assert found.values[name] is None
        assert found.undefined[name].startswith("too large: ")
    assert found.values["gradient_norm"] is not None


def test_a_wide_sparse_net_needs_no_dense_matrix(rng):
    """A dense matrix of this layer would have 2.5e9 values."""
    width, fan_in = 50_000, 2
    edges = np.repeat(np.arange(width), fan_in)
    first = topograph.biadjacency.Sparse.from_edges(
        rng.permutation(edges), edges, shape=(width, width)
    )
    last = topograph.biadjacency.Sparse.from_edges(
        np.arange(width), np.arange(width) % 2, shape=(width, 2)
    )
    member = Member.of_graph(topograph.graph.chain([first, last]))
    found = proxies(member, MODERN, images_for(member, rng, 3), n_images=2)
    assert not found.undefined
    assert found.values["jacobian_rank"] == 2


def test_rectified_logits_of_the_papers_recipe_can_all_be_dead(rng):
    member = net(rng)
    given = [
        LayerParameters(layer.weights, torch.full_like(layer.biases, -100.0))
        for layer in with_biases(member, rng)
    ]
    found = proxies(member, ALFORD_2018, images_for(member, rng), n_images=2, parameters=given)
    assert found.values["gradient_norm"] == 0
    assert found.values["jacobian_rank"] == 0


def test_what_does_not_fit_is_refused(rng, digits):
    member = net(rng)
    data = images_for(member, rng)
    with pytest.raises(ParameterError, match=r"n_images must be in 1\.\.7"):
        proxies(member, MODERN, data, n_images=8)
    with pytest.raises(ParameterError, match="64 inputs"):
        proxies(member, MODERN, digits)
    with pytest.raises(ParameterError, match="parameters must be layers of"):
        proxies(member, MODERN, data, n_images=2, parameters=units(member)[:2])
    short = [dataclasses.replace(layer, biases=torch.zeros(1)) for layer in units(member)]
    with pytest.raises(ParameterError, match="biases must be of shape"):
        proxies(member, MODERN, data, n_images=2, parameters=short)
    with pytest.raises(ParameterError, match="batch_norm"):
        ChainProbe.of_member(member, dataclasses.replace(MODERN, batch_norm=True), data, n_images=2)


def test_a_dense_last_layer_is_probed_as_it_is_trained(rng):
    graph = net(rng, density=0.3).graph
    member = Member.of_graph(graph, output_layer="dense")
    assert member.patterns[-1].n_edges == Pattern.complete(*graph.layers[-1].shape).n_edges
    probe = ChainProbe.of_member(member, MODERN, images_for(member, rng), n_images=2)
    assert probe.weights[-1].nnz == member.patterns[-1].n_edges
