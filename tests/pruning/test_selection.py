from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.pruning.nets import Residual, chain, convolutions
from topograph.errors import ParameterError, TopographError
from topograph.generators.allocation import allocate_edges
from topograph.pruning.selection import keep_largest, keep_random
from topograph.pruning.shapes import allocate_weights
from topograph.pruning.targets import counts_by_allocation, pruned_parameters
from topograph.training import prunable_parameters
from topograph.training.seeding import seeded_generator

values = st.lists(st.integers(0, 5), min_size=1, max_size=30)


@given(values=values, data=st.data())
def test_the_largest_are_kept_and_the_first_of_equals(values, data):
    count = data.draw(st.integers(0, len(values)))
    kept = keep_largest({"a": torch.tensor(values, dtype=torch.float64)}, {"a": count})["a"]
    order = sorted(range(len(values)), key=lambda index: (-values[index], index))
    assert torch.nonzero(kept).flatten().tolist() == sorted(order[:count])


@given(values=values, seed=st.integers(0, 9), data=st.data())
def test_ties_by_seed_are_exact_and_deterministic(values, seed, data):
    count = data.draw(st.integers(0, len(values)))
    scores = {"a": torch.tensor(values, dtype=torch.float32)}
    one, other = (keep_largest(scores, {"a": count}, seed)["a"] for _ in range(2))
    assert torch.equal(one, other)
    assert int(one.sum()) == count
    kept, dropped = scores["a"][one], scores["a"][~one]
    if len(kept) and len(dropped):
        assert kept.min() >= dropped.max()


def test_seeds_break_ties_differently_and_evenly():
    scores = {"a": torch.ones(200)}
    masks = [keep_largest(scores, {"a": 100}, seed)["a"] for seed in range(20)]
    assert len({tuple(mask.tolist()) for mask in masks}) == 20
    first_half = sum(int(mask[:100].sum()) for mask in masks) / 2000
    assert 0.4 < first_half < 0.6


@given(
    first=st.lists(st.integers(0, 5), min_size=1, max_size=12),
    second=st.lists(st.integers(0, 5), min_size=1, max_size=12),
    data=st.data(),
)
def test_global_ranking_is_one_list(first, second, data):
    count = data.draw(st.integers(0, len(first) + len(second)))
    scores = {"a": torch.tensor(first).double(), "b": torch.tensor(second).double()}
    masks = keep_largest(scores, count)
    joined = keep_largest({"ab": torch.cat(list(scores.values()))}, {"ab": count})["ab"]
    assert torch.equal(torch.cat([masks["a"], masks["b"]]), joined)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_scores_that_are_no_numbers_are_refused(bad):
    with pytest.raises(TopographError, match="those of a are not"):
        keep_largest({"a": torch.tensor([1.0, bad])}, {"a": 1})


@given(free=st.lists(st.booleans(), min_size=1, max_size=30), count=st.integers(0, 40))
def test_random_choices_are_exact_and_among_the_free(free, count):
    among = torch.tensor(free)
    drawn = keep_random({"a": count}, {"a": among}, seeded_generator(0, "masks"))["a"]
    assert int(drawn.sum()) == min(count, sum(free))
    assert not bool((drawn & ~among).any())


widths = st.lists(st.integers(1, 40), min_size=2, max_size=6)
allocations = st.sampled_from(["uniform", "erk", "er"])


@given(widths=widths, density=st.floats(0.001, 1.0), allocation=allocations)
def test_allocation_by_shapes_agrees_with_that_of_generated_nets(widths, density, allocation):
    shapes = [(n_out, n_in) for n_in, n_out in itertools.pairwise(widths)]
    if round(density * sum(n_out * n_in for n_out, n_in in shapes)) < 1:
        with pytest.raises(ParameterError, match="one edge at least"):
            allocate_weights(shapes, density, allocation)
        return
    assert allocate_weights(shapes, density, allocation) == allocate_edges(
        widths, density, allocation
    )


def test_convolutions_get_their_share_by_the_published_rule():
    """Densities proportional to (n_in + n_out + kh + kw) / (n_in n_out kh kw), capped at 1."""
    weights = prunable_parameters(convolutions())
    counts = counts_by_allocation(weights, 0.5, "erk")
    total = sum(weight.numel() for weight in weights.values())
    assert sum(counts.values()) == round(0.5 * total)
    shapes = {name: tuple(weight.shape) for name, weight in weights.items()}
    ratios = [
        counts[name] / sum(shape)
        for name, shape in shapes.items()
        if counts[name] < weights[name].numel()
    ]
    assert len(ratios) >= 2
    assert max(ratios) - min(ratios) < 0.1
    assert counts_by_allocation(weights, 0.5, "er") != counts


def test_nets_that_are_no_chain_are_allocated_too():
    counts = counts_by_allocation(prunable_parameters(Residual()), 0.5, "uniform")
    assert list(counts.values()) == [18, 10, 14]
    with pytest.raises(ParameterError, match="uniform, erk"):
        counts_by_allocation(prunable_parameters(Residual()), 0.5, "even")


def test_excluded_layers():
    module = chain([4, 5, 6])
    assert list(pruned_parameters(module, ["0"])) == ["2.weight"]
    assert list(pruned_parameters(module, keep_output_dense=True)) == ["0.weight"]
    with pytest.raises(ParameterError, match="none"):
        pruned_parameters(module, ["0"], keep_output_dense=True)
