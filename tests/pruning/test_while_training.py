"""Iterative pruning, lottery tickets, SET and RigL: masks that come with training."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch

from tests.pruning.nets import batch, chain, small_net
from topograph.errors import ParameterError
from topograph.pruning import (
    cosine_fraction,
    cubic_sparsity,
    prune_iterative,
    prune_lottery,
    prune_random,
    train_rigl,
    train_set,
)
from topograph.pruning.lottery import rounds_for
from topograph.pruning.rigl import drop_smallest, grow_by_gradient
from topograph.pruning.set_training import drop_weakest
from topograph.training import MODERN, check_zeros_outside, fit, prunable_parameters
from topograph.training.fitting import Training

SIZES = {"fc1.weight": 2560, "fc2.weight": 800, "fc3.weight": 200}


def test_cubic_schedule_values():
    """s_f + (s_0 - s_f) (1 - p)^3."""
    assert cubic_sparsity(0.0, 0.9, 0.2) == pytest.approx(0.2)
    assert cubic_sparsity(0.25, 0.9, 0.2) == pytest.approx(0.9 - 0.7 * 0.421875)
    assert cubic_sparsity(1.0, 0.9, 0.2) == 0.9
    assert cubic_sparsity(7.0, 0.9) == 0.9
    assert cubic_sparsity(-1.0, 0.9) == 0.0


def test_iterative_pruning_follows_the_schedule(digits):
    module = small_net()
    pruned = prune_iterative(module, digits, MODERN, 0.9, n_steps=40, every=10, ramp=0.7)
    assert [event["step"] for event in pruned.history] == [10, 20, 28]
    for event in pruned.history:
        wanted = cubic_sparsity(event["step"] / 28, 0.9)
        assert event["sparsity"] == wanted
        for name, size in SIZES.items():
            assert event["kept"][name] == size - round(wanted * size)
    assert pruned.kept == {name: size // 10 for name, size in SIZES.items()}
    assert pruned.training.steps == 40
    check_zeros_outside(module, pruned.masks)


def test_dropped_weights_stay_dropped(digits, monkeypatch):
    from topograph.pruning import iterative

    seen = []
    keep = iterative.keep_largest

    def watched(scores, counts, seed=None):
        seen.append(keep(scores, counts, seed))
        return seen[-1]

    monkeypatch.setattr(iterative, "keep_largest", watched)
    prune_iterative(small_net(), digits, MODERN, 0.9, n_steps=30, every=5)
    assert len(seen) > 3
    for before, after in itertools.pairwise(seen):
        for name, mask in after.items():
            assert not bool((mask & ~before[name]).any())


@pytest.mark.parametrize(
    "options", [{"every": 0}, {"ramp": 0.0}, {"ramp": 1.5}, {"initial_sparsity": 0.95}]
)
def test_schedules_that_are_none_are_refused(digits, options):
    with pytest.raises(ParameterError):
        prune_iterative(small_net(), digits, MODERN, 0.9, n_steps=10, **options)


def test_lottery_rewinds_exactly(digits):
    module = small_net()
    start = copy.deepcopy(module.state_dict())
    pruned = prune_lottery(module, digits, MODERN, 0.8, n_steps=20, rounds=3)
    for name, value in module.state_dict().items():
        kept = pruned.masks.get(name, torch.ones(value.shape, dtype=torch.bool))
        assert torch.equal(value[kept], start[name][kept])
        assert bool((value[~kept] == 0).all())
    left = [event["kept"]["fc1.weight"] for event in pruned.history]
    assert left == [
        2560 - round((1 - 0.2 ** (1 / 3)) * 2560),
        2560 - round((1 - 0.2 ** (2 / 3)) * 2560),
        512,
    ]


def test_lottery_keeps_the_largest_of_the_trained_weights(digits):
    module, trained = small_net(), small_net()
    pruned = prune_lottery(module, digits, MODERN, 0.6, n_steps=20, rounds=1)
    fit(trained, digits, MODERN, n_steps=20)
    for name, weight in prunable_parameters(trained).items():
        kept = weight.detach().abs()[pruned.masks[name]]
        dropped = weight.detach().abs()[~pruned.masks[name]]
        assert kept.min() >= dropped.max()


def test_lottery_rewinds_to_an_early_step(digits):
    module, early = small_net(), small_net()
    pruned = prune_lottery(module, digits, MODERN, 0.5, n_steps=20, rounds=2, rewind_step=7)
    held = {}

    def keep(training):
        if training.step == 7:
            held.update(copy.deepcopy(training.module.state_dict()))

    fit(early, digits, MODERN, n_steps=20, on_step=keep)
    for name, mask in pruned.masks.items():
        value = module.get_parameter(name).detach()
        assert torch.equal(value[mask], held[name][mask])
    assert torch.equal(module.fc1.bias, held["fc1.bias"])


def test_lottery_rounds():
    """A fifth a round, as in the paper: 20 % in one, 48.8 % in three."""
    assert [rounds_for(sparsity) for sparsity in (0.0, 0.2, 0.488, 0.9)] == [1, 1, 3, 11]
    with pytest.raises(ParameterError):
        prune_lottery(small_net(), None, MODERN, 0.5, n_steps=5, rounds=0)


@pytest.mark.parametrize("train", [train_set, train_rigl], ids=["set", "rigl"])
@pytest.mark.parametrize("allocation", ["erk", "uniform"])
def test_layers_keep_their_number_of_connections(digits, train, allocation):
    module = small_net()
    options = {"n_steps": 30, "every": 4, "allocation": allocation}
    pruned = train(module, digits, MODERN, 0.9, seed=2, **options)
    first = prune_random(small_net(), 0.9, allocation=allocation, seed=2)
    assert len(pruned.history) >= 5
    for event in pruned.history:
        assert event["kept"] == first.kept
    assert sum(pruned.history[0]["rewired"].values()) > 0
    assert pruned.kept == first.kept
    assert any(not torch.equal(mask, first.masks[name]) for name, mask in pruned.masks.items())
    check_zeros_outside(module, pruned.masks)
    assert pruned.training.steps == 30


def test_rigl_stops_rewiring_and_set_goes_on(digits):
    rigl = train_rigl(small_net(), digits, MODERN, 0.9, n_steps=20, every=2, until=0.5)
    assert [event["step"] for event in rigl.history] == [2, 4, 6, 8, 10]
    shares = [sum(event["rewired"].values()) for event in rigl.history]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == 0
    evolved = train_set(small_net(), digits, MODERN, 0.9, n_steps=20, every=5)
    assert [event["step"] for event in evolved.history] == [5, 10, 15]


@pytest.mark.parametrize("train", [train_set, train_rigl], ids=["set", "rigl"])
def test_dense_layers_are_not_rewired(digits, train):
    pruned = train(small_net(), digits, MODERN, 0.3, n_steps=12, every=3)
    dense = [name for name, mask in pruned.masks.items() if bool(mask.all())]
    assert dense == ["fc2.weight", "fc3.weight"]
    assert all(event["rewired"][name] == 0 for event in pruned.history for name in dense)
    assert all(event["rewired"]["fc1.weight"] > 0 for event in pruned.history[:1])


def training_of(module, masks, images, labels):
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    return Training(module, dict(masks), 10, 100, optimizer, (images, labels))


def test_rigl_drops_the_smallest_and_grows_the_steepest():
    module = chain([6, 8, 3])
    masks = prune_random(module, 0.5).masks
    images, labels = batch(6, 3)
    training = training_of(module, masks, images, labels)
    stay = drop_smallest(training, 0.25)
    grown = grow_by_gradient(training, stay, {"0.weight": 6, "2.weight": 3})
    loss = torch.nn.functional.cross_entropy(module(images), labels)
    gradients = torch.autograd.grad(loss, list(prunable_parameters(module).values()))
    for (name, mask), gradient in zip(masks.items(), gradients, strict=True):
        magnitude = module.get_parameter(name).detach().abs()
        dropped = mask & ~stay[name]
        assert int(dropped.sum()) == round(0.25 * int(mask.sum()))
        assert magnitude[dropped].max() <= magnitude[stay[name]].min()
        assert not bool((grown[name] & stay[name]).any())
        passed_over = ~stay[name] & ~grown[name]
        assert gradient.abs()[grown[name]].min() >= gradient.abs()[passed_over].max()


def test_set_drops_the_weakest_of_each_sign():
    module = chain([10, 1])
    values = [-5.0, -4.0, -3.0, -0.1, 0.2, 0.3, 6.0, 7.0, 0.0, 9.0]
    module[0].weight.data.copy_(torch.tensor([values]))
    mask = torch.ones(1, 10, dtype=torch.bool)
    mask[0, 9] = False
    stay = drop_weakest(training_of(module, {"0.weight": mask}, None, None), 0.5)["0.weight"]
    assert [value for value, stays in zip(values, stay[0], strict=True) if stays] == [
        -5.0,
        -4.0,
        6.0,
        7.0,
    ]


def test_cosine_annealing_of_the_fraction():
    assert cosine_fraction(0, 100, 0.3) == 0.3
    assert cosine_fraction(25, 100, 0.3) == pytest.approx(0.15 * (1 + 2**-0.5))
    assert cosine_fraction(100, 100, 0.3) == 0
    assert cosine_fraction(0, 0, 0.3) == 0


@pytest.mark.parametrize(
    ("train", "options"),
    [
        (train_set, {"fraction": 1.1}),
        (train_rigl, {"fraction": -0.1}),
        (train_rigl, {"every": 0}),
        (train_rigl, {"until": 2.0}),
        (train_set, {"every": 0}),
    ],
)
def test_rewirings_that_are_none_are_refused(digits, train, options):
    with pytest.raises(ParameterError):
        train(small_net(), digits, MODERN, 0.9, n_steps=5, **options)


def test_masks_hold_while_a_ticket_is_trained(digits):
    module = small_net()
    pruned = prune_lottery(module, digits, MODERN, 0.8, n_steps=10, rounds=1)
    record = fit(
        module,
        digits,
        MODERN,
        n_steps=20,
        masks=pruned.masks,
        on_step=lambda training: check_zeros_outside(training.module, pruned.masks),
    )
    assert record.steps == 20


@pytest.mark.gpu
@pytest.mark.parametrize("train", [train_set, train_rigl], ids=["set", "rigl"])
def test_rewiring_on_a_gpu(digits, train):
    module = small_net()
    pruned = train(module, digits, MODERN, 0.9, n_steps=60, every=10, device="cuda")
    assert pruned.kept == prune_random(small_net(), 0.9, allocation="erk").kept
    assert all(mask.device.type == "cpu" for mask in pruned.masks.values())
