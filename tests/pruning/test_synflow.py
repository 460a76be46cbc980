from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from tests.pruning.nets import Skipping, batch, chain, convolutions
from topograph.errors import ParameterError
from topograph.pruning import graph_of_masks, prune_magnitude, prune_snip, prune_synflow
from topograph.pruning.synflow import synflow_scores
from topograph.training import apply_masks, build_model, initialise, prunable_parameters

widths = st.lists(st.integers(1, 7), min_size=3, max_size=6)


@given(widths=widths, seed=st.integers(0, 99))
def test_every_layer_carries_the_same_flow(widths, seed):
    scores = synflow_scores(chain(widths, seed, bias=True), (widths[0],))
    sums = [float(score.sum()) for score in scores.values()]
    assert sums == pytest.approx([sums[0]] * len(sums), rel=1e-9)


@given(widths=widths, seed=st.integers(0, 99))
def test_what_enters_a_hidden_unit_leaves_it(widths, seed):
    scores = list(synflow_scores(chain(widths, seed), (widths[0],)).values())
    for before, after in itertools.pairwise(scores):
        assert torch.allclose(before.sum(dim=1), after.sum(dim=0), rtol=1e-9)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (convolutions(), (2, 9, 9)),
        (build_model("lenet-5", (1, 28, 28), initialisation="truncated_normal"), (1, 28, 28)),
        (build_model("lenet-5", (3, 24, 24)), (3, 24, 24)),
    ],
)
def test_convolutions_conserve_the_flow_too(module, shape):
    """Poolings are homogeneous; biases and the response normalisation are passed over."""
    sums = [float(score.sum()) for score in synflow_scores(module, shape).values()]
    assert sums == pytest.approx([sums[0]] * len(sums), rel=1e-6)
    assert sums[0] > 0


@given(widths=widths, seed=st.integers(0, 99))
def test_with_weights_of_one_the_score_is_the_path_count(widths, seed):
    module = chain(widths, seed)
    rng = np.random.default_rng(seed)
    layers = [rng.random(pair) < 0.6 for pair in itertools.pairwise(widths)]
    for layer, mask in zip(module[::2], layers, strict=True):
        layer.weight.data.copy_(torch.from_numpy(mask.T.astype(np.float32)))
    scores = synflow_scores(module, (widths[0],)).values()
    reached = np.ones(widths[0])
    for index, (layer, score) in enumerate(zip(layers, scores, strict=True)):
        onward = np.ones(widths[-1])
        for later in reversed(layers[index + 1 :]):
            onward = later.astype(float) @ onward
        expected = reached[:, None] * layer * onward[None, :]
        assert np.array_equal(score.numpy().T, expected)
        reached = layer.T.astype(float) @ reached


DEEP = [[8, 6, 6, 6, 6, 4], [64, *[16] * 8, 10], [64, 300, 100, 10], [64, 32, 32, 32, 32, 10]]


def sparsity_that_keeps(module, count):
    total = sum(weight.numel() for weight in prunable_parameters(module).values())
    return 1 - count / total


@pytest.mark.parametrize("levels", DEEP, ids=str)
@pytest.mark.parametrize("seed", range(2))
def test_no_layer_is_lost_up_to_the_largest_compression(levels, seed):
    """One weight a layer is the most that a net of any paths can be compressed to."""
    module = chain(levels, seed)
    n_layers = len(levels) - 1
    pruned = prune_synflow(module, (levels[0],), sparsity_that_keeps(module, n_layers))
    assert pruned.kept == dict.fromkeys(pruned.masks, 1)
    assert pruned.collapsed == ()
    from topograph.metrics import path_count

    assert path_count(graph_of_masks(pruned, module)) == 1


@pytest.mark.parametrize("levels", DEEP, ids=str)
def test_global_magnitude_and_snip_lose_layers_where_synflow_does_not(levels):
    module = chain(levels)
    images, labels = batch(levels[0], levels[-1], count=100)
    sparsity = sparsity_that_keeps(module, len(levels) - 1)
    assert prune_magnitude(module, sparsity, scope="global").collapsed
    assert prune_snip(module, images, labels, sparsity).collapsed
    assert prune_synflow(module, (levels[0],), sparsity, rounds=1).collapsed
    assert not prune_synflow(module, (levels[0],), sparsity).collapsed


def test_the_schedule_is_exponential_and_never_brings_weights_back():
    module = chain([10, 10, 10])
    pruned = prune_synflow(module, (10,), 0.9, rounds=4)
    kept = [sum(round_["kept"].values()) for round_ in pruned.history]
    assert kept == [round(200 * 0.1 ** (number / 4)) for number in range(1, 5)]
    early = prune_synflow(module, (10,), 1 - 0.1**0.25, rounds=1)
    assert kept[0] == sum(early.kept.values())
    for name, mask in pruned.masks.items():
        assert not bool((mask & ~early.masks[name]).any())


def test_scores_of_masked_weights_are_zero():
    module = chain([5, 6, 4])
    pruned = prune_synflow(module, (5,), 0.5)
    apply_masks(module, pruned.masks)
    for name, score in synflow_scores(module, (5,)).items():
        assert bool((score[~pruned.masks[name]] == 0).all())


def test_a_hundred_layers_neither_overflow_nor_vanish():
    module = chain([30] * 101)
    for layer in module[::2]:
        layer.weight.data.mul_(1e6)
    pruned = prune_synflow(module, (30,), 0.99, rounds=5)
    assert pruned.collapsed == ()
    assert pruned.sparsity_reached == pytest.approx(0.99)


def test_paths_round_a_layer_weigh_as_they_are():
    """A layer's own scale decides how much goes through it and how much round it."""
    rng = np.random.default_rng(0)
    first, second = rng.uniform(0.5, 1.5, (4, 3)), 50.0 * rng.uniform(0.5, 1.5, (4, 4))
    module = Skipping(nn.Linear(3, 4), nn.Linear(4, 4))
    module.first.weight.data.copy_(torch.from_numpy(first))
    module.second.weight.data.copy_(torch.from_numpy(second))
    through_first = first * (1 + second.sum(axis=0))[:, None]
    through_second = second * first.sum(axis=1)
    ranked = np.sort(np.concatenate([through_first.ravel(), through_second.ravel()]))[::-1]
    for kept in (5, 12, 20):
        pruned = prune_synflow(module, (3,), 1 - kept / 28, rounds=1)
        assert np.array_equal(pruned.masks["first.weight"], through_first >= ranked[kept - 1])
        assert np.array_equal(pruned.masks["second.weight"], through_second >= ranked[kept - 1])


def test_a_flow_beyond_the_floats_is_refused_where_scaling_would_change_the_ranks():
    module = Skipping(nn.Linear(3, 4), nn.Linear(4, 4)).double()
    module.second.weight.data.fill_(1e250)
    with pytest.raises(ParameterError, match="go round layers"):
        prune_synflow(module, (3,), 0.5)


def rounds_of_a_chain(matrices, sparsity, rounds):
    """Return the masks of SynFlow on a chain: each layer's scores over their sum, the flow."""
    kept = [np.ones(matrix.shape, dtype=bool) for matrix in matrices]
    total = sum(matrix.size for matrix in matrices)
    for number in range(1, rounds + 1):
        entering = [np.ones(matrices[0].shape[1])]
        for matrix, mask in zip(matrices, kept, strict=True):
            values = (matrix * mask) @ entering[-1]
            entering.append(values / values.max())
        leaving, scores = np.ones(matrices[-1].shape[0]), []
        for matrix, mask, values in zip(matrices[::-1], kept[::-1], entering[-2::-1], strict=True):
            score = leaving[:, None] * matrix * mask * values
            scores.insert(0, score / score.sum())
            leaving = (matrix * mask).T @ leaving
            leaving /= leaving.max()
        ranked = np.concatenate([score.ravel() for score in scores])
        count = round(total * (1 - sparsity) ** (number / rounds))
        bound = np.sort(ranked)[-count]
        kept = [score >= bound for score in scores]
    return kept


@pytest.mark.parametrize("size", [1e-2, 1.0, 1e3])
def test_a_flow_that_leaves_the_floats_round_by_round_loses_no_layer(size):
    """At the start its log10 is about -600, 0 or 900; it falls by hundreds as weights go."""
    module = chain([8] * 301, double=True)
    for layer in module[::2]:
        layer.weight.data.mul_(size)
    assert prune_synflow(module, (8,), 0.97, rounds=12).collapsed == ()
    pruned = prune_synflow(module, (8,), 0.9, rounds=6)
    matrices = [layer.weight.detach().abs().numpy() for layer in module[::2]]
    expected = rounds_of_a_chain(matrices, 0.9, 6)
    n_other = sum(
        int((mask.numpy() != other).sum())
        for mask, other in zip(pruned.masks.values(), expected, strict=True)
    )
    assert n_other <= 4  # of 1,925: ties but for rounding


@pytest.mark.parametrize(
    "layer",
    [nn.BatchNorm1d(5, track_running_stats=False), nn.InstanceNorm1d(5), nn.RMSNorm(5)],
    ids=lambda layer: type(layer).__name__,
)
def test_normalisation_without_stored_variances_is_passed_over(layer):
    plain = [nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3)]
    expected = synflow_scores(nn.Sequential(*plain), (4,)).values()
    found = synflow_scores(nn.Sequential(plain[0], layer, *plain[1:]), (4,)).values()
    assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))


def test_batch_normalisation_is_passed_in_evaluation_mode():
    module = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.ReLU(), nn.Linear(5, 3))
    module[1].running_mean.fill_(3.0)
    sums = [float(score.sum()) for score in synflow_scores(module, (4,)).values()]
    assert sums[0] > 0
    assert sums[0] == pytest.approx(sums[1])
    assert module.training
    assert float(module[1].running_mean[0]) == 3


def test_no_rounds_are_refused():
    with pytest.raises(ParameterError, match="rounds"):
        prune_synflow(chain([3, 3]), (3,), 0.5, rounds=0)


@pytest.mark.parametrize(("sparsity", "emptied"), [(0.99, set()), (0.999, {8, 9})])
def test_blocks_beside_shortcuts_may_be_emptied_at_the_extreme(sparsity, emptied):
    module = build_model("resnet-20", (3, 32, 32))
    initialise(module, seed=0)
    kept = prune_synflow(module, (3, 32, 32), sparsity).kept
    found = {
        block
        for block in range(1, 10)
        if not kept[f"block{block}.conv1.weight"] and not kept[f"block{block}.conv2.weight"]
    }
    assert found == emptied
    assert kept["conv1.weight"] > 0
    assert kept["fc.weight"] > 0
