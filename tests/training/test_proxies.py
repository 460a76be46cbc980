from __future__ import annotations

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.nn import functional

import topograph
from topograph.counting import exact_paths
from topograph.errors import ParameterError, Undefined
from topograph.training import ALFORD_2018, MODERN, Dataset
from topograph.training.engines.dense import DenseEngine
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.engines.pattern import Pattern
from topograph.training.proxies import (
    PROXIES,
    Probe,
    gradient_balance,
    gradient_flow,
    gradient_norm,
    input_output_jacobians,
    jacobian_condition_number,
    jacobian_rank,
    jacobian_singular_value_mean,
    kernel,
    layer_gradient_norms,
    neural_tangent_kernel,
    ntk_condition_number,
    ntk_effective_rank,
    ntk_trace,
    probing,
    proxies,
    synflow_total,
)
from topograph.training.seeding import seeded_generator

RELU_LOGITS = dataclasses.replace(MODERN, name="relu", relu_logits=True, label_smoothing=0.1)


def net(rng, widths=(6, 5, 4, 3), density=0.6, seed=0):
    """Return a random member; every unit has an edge in, some have none out."""
    masks = []
    for n_in, n_out in pairwise(widths):
        mask = rng.random((n_in, n_out)) < density
        mask[rng.integers(n_in, size=n_out), np.arange(n_out)] = True
        masks.append(mask.astype(int))
    return Member.of_graph(topograph.from_layers(masks), seed=seed)


def images_for(member, rng, count=7):
    n_in, n_out = member.widths[0], member.widths[-1]
    images = torch.from_numpy(rng.normal(size=(count, 1, 1, n_in))).float()
    labels = torch.from_numpy(rng.integers(0, n_out, count))
    return Dataset("made", images, labels, images, labels, n_out, verified=False)


def with_biases(member, rng):
    """Return random weights, and biases that are not 0."""
    return [
        LayerParameters(
            torch.from_numpy(rng.normal(size=pattern.n_edges)).float(),
            torch.from_numpy(rng.normal(size=pattern.shape[1])).float(),
        )
        for pattern in member.patterns
    ]


class Naive:
    """The same net by dense matrices and autograd, one image and output at a time."""

    def __init__(self, member, recipe, data, parameters, n_images, seed=0):
        self.recipe = recipe
        rows = torch.randperm(len(data.train_labels), generator=seeded_generator(seed, "probes"))
        self.images = data.train_images.flatten(1)[rows[:n_images]].double()
        self.labels = data.train_labels[rows[:n_images]]
        self.weights = [layer.weights.double().requires_grad_() for layer in parameters]
        self.biases = [layer.biases for layer in parameters]
        self.member = member

    def outputs(self, images):
        values = images
        for number, (pattern, weights) in enumerate(
            zip(self.member.patterns, self.weights, strict=True)
        ):
            sources = torch.from_numpy(pattern.sources).long()
            targets = torch.from_numpy(pattern.targets()).long()
            dense = torch.zeros(pattern.shape, dtype=torch.float64)
            values = values @ dense.index_put((sources, targets), weights)
            if self.biases[number] is not None:
                values = values + self.biases[number].double()
            if number < len(self.weights) - 1 or self.recipe.relu_logits:
                values = values.relu()
        return values

    def gradients(self):
        loss = functional.cross_entropy(
            self.outputs(self.images), self.labels, label_smoothing=self.recipe.label_smoothing
        )
        return torch.autograd.grad(loss, self.weights)

    def kernel(self):
        rows = [
            torch.cat(torch.autograd.grad(output, self.weights, retain_graph=True))
            for image in self.images
            for output in self.outputs(image[None])[0]
        ]
        matrix = np.array(
            [[sum(a * b for a, b in zip(one, other, strict=True)) for other in map(list, rows)]
             for one in map(list, rows)]
        )  # fmt: skip
        return matrix.astype(float)

    def jacobians(self):
        return np.stack(
            [
                torch.autograd.functional.jacobian(
                    lambda x: self.outputs(x[None])[0], image
                ).numpy()
                for image in self.images
            ]
        )


@pytest.fixture(params=[MODERN, RELU_LOGITS], ids=["linear logits", "rectified logits"])
def pair(request, rng):
    """A probe, and the same net done naively."""
    member = net(rng)
    data = images_for(member, rng)
    parameters = with_biases(member, rng)
    probe = Probe.of_member(member, request.param, data, n_images=4, seed=3, parameters=parameters)
    return probe, Naive(member, request.param, data, parameters, 4, seed=3)


def test_outputs_against_autograd(pair):
    probe, naive = pair
    assert np.allclose(probe.logits.T, naive.outputs(naive.images).detach().numpy())


def test_gradients_against_autograd(pair):
    probe, naive = pair
    gradients = naive.gradients()
    norms = [float(gradient.norm()) for gradient in gradients]
    assert min(norms) > 0
    assert layer_gradient_norms(probe) == pytest.approx(norms)
    whole = float(torch.cat(gradients).norm())
    assert gradient_norm(probe) == pytest.approx(whole)
    assert gradient_flow(probe) == pytest.approx(whole**2)
    rms = [float(gradient.square().mean().sqrt()) for gradient in gradients]
    assert gradient_balance(probe) == pytest.approx(math.log10(min(rms) / max(rms)))


def test_gradients_are_those_that_engines_step_along(rng):
    member = net(rng)
    data = images_for(member, rng, count=5)
    engine = DenseEngine([member], data, MODERN, torch.device("cpu"))
    engine.advance(torch.arange(5)[None], [0.1])
    probe = Probe.of_member(member, MODERN, data, n_images=5)
    assert engine.gradient_norms()[0] == pytest.approx(layer_gradient_norms(probe), rel=1e-5)


def test_chunks_of_edges_change_nothing(pair, monkeypatch):
    from topograph.training.proxies import gradients

    probe, _ = pair
    whole = layer_gradient_norms(probe)
    monkeypatch.setattr(gradients, "_CHUNK", 8)
    again = dataclasses.replace(probe)
    assert layer_gradient_norms(again) == pytest.approx(whole, rel=1e-12)


def test_kernel_against_autograd(pair):
    probe, naive = pair
    matrix = naive.kernel()
    assert np.allclose(neural_tangent_kernel(probe), matrix)
    values = np.linalg.eigvalsh(matrix)
    assert ntk_trace(probe) == pytest.approx(np.trace(matrix))
    shares = values[values > 1e-12 * values[-1]] / values.sum()
    assert ntk_effective_rank(probe) == pytest.approx(math.exp(-(shares * np.log(shares)).sum()))
    rank = np.linalg.matrix_rank(matrix, hermitian=True)
    if rank == len(matrix):
        assert ntk_condition_number(probe) == pytest.approx(math.log10(values[-1] / values[0]))
    else:
        with pytest.raises(Undefined, match=f"rank {rank} of {len(matrix)}"):
            ntk_condition_number(probe)


def test_condition_number_of_a_kernel_of_full_rank(rng):
    member = net(rng, widths=(6, 20, 3), density=1.0)
    probe = Probe.of_member(member, MODERN, images_for(member, rng), n_images=3)
    values = np.linalg.eigvalsh(neural_tangent_kernel(probe))
    assert ntk_condition_number(probe) == pytest.approx(math.log10(values[-1] / values[0]))


def test_jacobians_against_autograd(pair):
    probe, naive = pair
    jacobians = naive.jacobians()
    assert np.allclose(input_output_jacobians(probe), jacobians)
    values = np.linalg.svd(jacobians, compute_uv=False)
    assert jacobian_singular_value_mean(probe) == pytest.approx(values.mean())
    ranks = [np.linalg.matrix_rank(jacobian) for jacobian in jacobians]
    assert jacobian_rank(probe) == pytest.approx(np.mean(ranks))


def test_condition_number_of_jacobians_of_full_rank(rng):
    member = net(rng, widths=(6, 12, 3), density=1.0)
    probe = Probe.of_member(member, MODERN, images_for(member, rng), n_images=5)
    values = np.linalg.svd(input_output_jacobians(probe), compute_uv=False)
    expected = np.mean([math.log10(one[0] / one[2]) for one in values])
    assert jacobian_condition_number(probe) == pytest.approx(expected)
    assert jacobian_rank(probe) == 3


def masked(member, layer, values):
    """Return a dense matrix (n_in, n_out) with the values on the edges of a layer."""
    pattern = member.patterns[layer]
    dense = np.zeros(pattern.shape)
    dense[pattern.sources, pattern.targets()] = values
    return dense


def test_kernel_of_one_linear_layer_is_that_of_its_inputs(rng):
    for density in (1.0, 0.5):
        member = net(rng, widths=(6, 3), density=density)
        data = images_for(member, rng, count=4)
        probe = Probe.of_member(member, MODERN, data, n_images=4)
        images, mask = probe.inputs[0].T, masked(member, 0, 1.0)
        found = neural_tangent_kernel(probe).reshape(4, 3, 4, 3)
        expected = np.zeros_like(found)
        for output in range(3):
            expected[:, output, :, output] = (images * mask[:, output]) @ images.T
        assert np.allclose(found, expected)
        if density == 1.0:
            assert np.allclose(found.reshape(12, 12), np.kron(images @ images.T, np.eye(3)))


def test_jacobian_of_a_net_without_rectification_is_the_product_of_its_layers(rng):
    """Weights and inputs are positive: every unit passes on what it gets."""
    member = net(rng)
    parameters = [
        LayerParameters(layer.weights.abs() + 0.1, None)
        for layer in initial_parameters(member, MODERN)
    ]
    data = images_for(member, rng)
    data = dataclasses.replace(data, train_images=data.train_images.abs() + 0.1)
    probe = Probe.of_member(member, MODERN, data, n_images=3, parameters=parameters)
    layers = [masked(member, k, layer.weights.numpy()) for k, layer in enumerate(parameters)]
    product = np.linalg.multi_dot(layers)
    assert np.allclose(input_output_jacobians(probe), product.T)
    assert 10 ** synflow_total(probe) == pytest.approx(product.sum())


def test_an_isometry_has_singular_values_1(rng):
    member = net(rng, widths=(3, 3, 3), density=1.0)
    eye = [LayerParameters(torch.eye(3).flatten(), None)] * 2
    data = images_for(member, rng)
    data = dataclasses.replace(data, train_images=data.train_images.abs() + 1)
    probe = Probe.of_member(member, MODERN, data, n_images=2, parameters=eye)
    assert jacobian_singular_value_mean(probe) == 1
    assert jacobian_condition_number(probe) == 0
    assert jacobian_rank(probe) == 3


def units(member, value=1.0):
    return [
        LayerParameters(torch.full((pattern.n_edges,), value), None) for pattern in member.patterns
    ]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_synaptic_flow_of_unit_weights_counts_paths(rng, sign):
    for _ in range(5):
        member = net(rng, density=0.4)
        probe = Probe.of_member(
            member, MODERN, images_for(member, rng), n_images=1, parameters=units(member, sign)
        )
        assert 10 ** synflow_total(probe) == pytest.approx(exact_paths(member.graph), rel=1e-9)


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_synaptic_flow_neither_overflows_nor_vanishes(rng, size):
    """Of 40 layers the product of weights alone leaves the range of floats."""
    member = net(rng, widths=(3,) * 41, density=1.0)
    data = images_for(member, rng)
    probe = Probe.of_member(member, MODERN, data, n_images=1, parameters=units(member, size))
    expected = 41 * math.log10(3) + 40 * math.log10(np.float32(size))
    assert synflow_total(probe) == pytest.approx(expected, rel=1e-12)


def test_a_large_flow_that_ends_does_not_drown_a_small_one(rng):
    """The unit with flow 1e300 feeds nothing; 1e-300 goes on."""
    member = Member.of_graph(topograph.from_layers([[[1, 1]], [[1, 0], [0, 1]], [[0], [1]]]))
    weights = ([1e300, 1e-300], [1e300, 1e-300], [1.0])
    given = [LayerParameters(torch.tensor(w, dtype=torch.float64), None) for w in weights]
    data = images_for(member, rng)
    probe = Probe.of_member(member, MODERN, data, n_images=1, parameters=given)
    assert synflow_total(probe) == pytest.approx(-600)


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


def test_a_layer_without_edges_is_named(rng):
    member = Member.of_graph(topograph.from_layers([np.ones((2, 2)), np.zeros((2, 2))]))
    found = proxies(member, MODERN, images_for(member, rng), n_images=2)
    assert found.undefined["gradient_balance"] in (
        "no gradient arrives at layer 1",
        "layer 2 has no edge",
    )


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
        proxies(member, dataclasses.replace(MODERN, batch_norm=True), data, n_images=2)


def test_a_dense_last_layer_is_probed_as_it_is_trained(rng):
    graph = net(rng, density=0.3).graph
    member = Member.of_graph(graph, output_layer="dense")
    assert member.patterns[-1].n_edges == Pattern.complete(*graph.layers[-1].shape).n_edges
    probe = Probe.of_member(member, MODERN, images_for(member, rng), n_images=2)
    assert probe.weights[-1].nnz == member.patterns[-1].n_edges
