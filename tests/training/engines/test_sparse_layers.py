from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from topograph import from_layers
from topograph.errors import ParameterError
from topograph.toy import butterfly
from topograph.training import sparse_layers
from topograph.training.engines.pattern import Pattern
from topograph.training.sparse_layers import SparseLayout, SparseLinear, sparse_linear


def random_pattern(n_in, n_out, density, seed=0):
    mask = np.random.default_rng(seed).random((n_in, n_out)) < density
    return Pattern.of_layer(from_layers([mask]).layers[0]), torch.from_numpy(mask)


patterns = st.builds(
    random_pattern,
    n_in=st.integers(1, 30),
    n_out=st.integers(1, 30),
    density=st.sampled_from([0.0, 0.05, 0.3, 1.0]),
    seed=st.integers(0, 1000),
)


def dense_weights(values, mask):
    """Return the matrix (n_out, n_in): the values in the order of target, then source."""
    whole = torch.zeros(mask.t().shape, dtype=values.dtype)
    whole[mask.t()] = values
    return whole


@settings(max_examples=60, deadline=None)
@given(patterns, st.integers(1, 20), st.integers(0, 1000))
def test_outputs_and_gradients_are_those_of_the_masked_dense_layer(drawn, batch, seed):
    pattern, mask = drawn
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(shape, generator=generator).requires_grad_()

    values, biases, x = draw(pattern.n_edges), draw(pattern.shape[1]), draw(pattern.shape[0], batch)
    upstream = draw(pattern.shape[1], batch).detach()
    expected = dense_weights(values, mask) @ x + biases[:, None]
    found = sparse_linear(values, SparseLayout.of_patterns([pattern]), x, biases)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    parts = (values, biases, x)
    wanted = torch.autograd.grad(expected, parts, upstream)
    for one, other in zip(torch.autograd.grad(found, parts, upstream), wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-5)


@pytest.fixture(params=["bags", "compressed rows"])
def _products(request, monkeypatch):
    """Multiply as on a CPU and, on the CPU, as on other devices."""
    if request.param == "compressed rows":
        monkeypatch.setattr(sparse_layers, "_BAG_DEVICES", ())


@pytest.mark.usefixtures("_products")
@pytest.mark.parametrize(("n_in", "n_out", "density"), [(5, 7, 0.4), (6, 2, 0.1), (1, 4, 1.0)])
def test_gradients_are_those_of_finite_differences(n_in, n_out, density):
    pattern, _ = random_pattern(n_in, n_out, density)
    layout = SparseLayout.of_patterns([pattern])
    inputs = [
        torch.randn(shape, dtype=torch.float64, requires_grad=True)
        for shape in ((pattern.n_edges,), (n_in, 3), (n_out,))
    ]
    assert torch.autograd.gradcheck(
        lambda values, x, biases: sparse_linear(values, layout, x, biases), inputs
    )


@settings(max_examples=25, deadline=None)
@given(st.lists(patterns, min_size=1, max_size=4), st.booleans())
def test_side_by_side_they_are_a_block_diagonal_matrix(drawn, shared_inputs):
    if shared_inputs:
        drawn = [each for each in drawn if each[0].shape[0] == drawn[0][0].shape[0]]
    layout = SparseLayout.of_patterns([pattern for pattern, _ in drawn], "cpu", shared_inputs)
    masks = [mask.t() for _, mask in drawn]
    whole = torch.cat(masks) if shared_inputs else torch.block_diag(*masks)
    assert layout.shape == whole.t().shape
    values = torch.arange(1.0, layout.n_edges + 1)
    expected = torch.zeros(whole.shape)
    expected[whole.bool()] = values
    torch.testing.assert_close(sparse_linear(values, layout, torch.eye(layout.shape[0])), expected)


@pytest.mark.usefixtures("_products")
def test_only_stored_entries_are_multiplied():
    pattern, mask = random_pattern(12, 9, 0.2)
    layout = SparseLayout.of_patterns([pattern])
    x = torch.ones(12, 4)
    x[3] = torch.nan
    values = torch.ones(pattern.n_edges, requires_grad=True)
    found = sparse_linear(values, layout, x)
    is_fed = mask[3]
    assert is_fed.any()
    assert not is_fed.all()
    assert torch.equal(found.isnan().any(dim=1), is_fed)
    (gradient,) = torch.autograd.grad(found, values, torch.ones_like(found))
    sources = torch.from_numpy(pattern.sources)
    assert torch.equal(gradient.isnan(), sources == 3)


def test_runs_agree_to_the_last_bit():
    pattern, _ = random_pattern(200, 150, 0.1)
    results = []
    for _ in range(2):
        layer = SparseLinear(pattern, seed=4)
        x = torch.linspace(-1, 1, 200 * 33).view(33, 200).requires_grad_()
        layer(x).square().sum().backward()
        results.append((layer.weight.grad, layer.bias.grad, x.grad))
    for one, other in zip(*results, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("make_optimizer", [torch.optim.Adam, torch.optim.AdamW, torch.optim.LBFGS])
def test_any_optimizer_can_move_the_weights(make_optimizer):
    pattern, mask = random_pattern(20, 3, 0.5)
    goal = dense_weights(torch.randn(pattern.n_edges), mask)
    x = torch.randn(64, 20, generator=torch.Generator().manual_seed(0))
    layer = SparseLinear(pattern)
    optimizer = make_optimizer(layer.parameters(), lr=0.1)

    def loss():
        optimizer.zero_grad()
        value = (layer(x) - x @ goal.t()).square().mean()
        value.backward()
        return value

    first = loss().item()
    for _ in range(150):
        optimizer.step(loss)
    assert loss().item() < 1e-3 * first


def test_layers_follow_one_another_in_a_module():
    graph = butterfly()
    net = nn.Sequential(SparseLinear(graph.layers[0]), nn.ReLU(), SparseLinear(graph.layers[1]))
    x = torch.randn(5, 4)
    values = x
    for index, layer in enumerate(graph.layers):
        mask = torch.from_numpy(layer.biadjacency.to_csr().toarray() > 0)
        linear = net[2 * index]
        values = values @ dense_weights(linear.weight.detach(), mask).t() + linear.bias
        values = values.relu() if index == 0 else values
    torch.testing.assert_close(net(x), values)
    assert sum(parameter.numel() for parameter in net.parameters()) == 8 + 4 + 8 + 4


def test_a_module_can_be_kept_and_doubled():
    layer, other = (SparseLinear(butterfly().layers[0], seed=seed) for seed in (1, 2))
    assert not torch.equal(layer.weight, other.weight)
    other.load_state_dict(layer.state_dict())
    x = torch.randn(3, 4)
    assert torch.equal(layer(x), other(x))
    torch.testing.assert_close(other.double()(x.double()).float(), layer(x))
    assert "bias" not in dict(SparseLinear(butterfly().layers[0], bias=False).named_parameters())


def test_initial_weights_have_variance_two_over_the_fan_in():
    pattern, _ = random_pattern(400, 100, 0.25)
    weights = SparseLinear(pattern).weight.detach()
    scaled = (
        weights
        * torch.from_numpy(pattern.fan_in())
        .repeat_interleave(torch.from_numpy(pattern.fan_in()))
        .float()
        .sqrt()
    )
    assert scaled.var().item() == pytest.approx(2, rel=0.1)


def test_shapes_that_do_not_fit_are_refused():
    pattern, _ = random_pattern(4, 3, 1.0)
    layout = SparseLayout.of_patterns([pattern])
    with pytest.raises(ParameterError, match=r"\(12,\) and \(4, batch\).*\(12,\) and \(5, 4\)"):
        sparse_linear(torch.ones(12), layout, torch.ones(5, 4))
    with pytest.raises(ParameterError, match="shared inputs"):
        SparseLayout.of_patterns([pattern, random_pattern(5, 3, 1.0)[0]], shared_inputs=True)


def test_the_warning_about_compressed_rows_is_not_heard_and_others_are():
    code = """
import warnings
import torch
from topograph.toy import butterfly
from topograph.training.sparse_layers import SparseLinear
before = list(warnings.filters)
layer = SparseLinear(butterfly().layers[0])
layer(torch.ones(2, 4, requires_grad=True)).sum().backward()
assert warnings.filters == before
try:
    warnings.warn("Sparse CSR tensor support is in beta state", UserWarning)
except UserWarning:
    print("heard")
"""
    run = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.stdout == "heard\n", done.stderr


@pytest.mark.gpu
def test_a_gpu_agrees_with_the_cpu():
    pattern, _ = random_pattern(300, 200, 0.1)
    layer, x = SparseLinear(pattern), torch.randn(17, 300)
    results = []
    for device in ("cpu", "cuda"):
        layer, inputs = layer.to(device), x.to(device, copy=True).requires_grad_()
        layer.zero_grad()
        found = layer(inputs)
        found.square().sum().backward()
        parts = (found, layer.weight.grad, layer.bias.grad, inputs.grad)
        results.append([part.detach().cpu() for part in parts])
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
