"""The weights, images, seeds and temperatures that methods start from."""

from __future__ import annotations

import copy
import dataclasses

import pytest
import torch

from tests.pruning.nets import batch, chain
from topograph.pruning import (
    METHODS,
    PruningPlan,
    calibration_batch,
    prune_grasp,
    prune_levels,
    prune_lottery,
    prune_random,
    prune_snip,
    rewiring,
    set_training,
    train_rigl,
    train_set,
)
from topograph.pruning.grasp import grasp_scores
from topograph.pruning.rewiring import Rewiring, train_rewired
from topograph.pruning.selection import keep_largest
from topograph.pruning.stage import Stage
from topograph.training import (
    MODERN,
    Dataset,
    apply_masks,
    build_model,
    find_recipe,
    fit,
    initialise,
    load_data,
    prepare,
    prunable_parameters,
)
from topograph.training.fitting import Training
from topograph.training.seeding import seeded_generator


def small_net(seed=0):
    return build_model("lenet-300-100", (1, 8, 8), widths=(40, 20), seed=seed)


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(value, other[name]) for name, value in one.items())


def test_grasp_ranks_by_the_scores_of_its_temperature():
    module = chain([6, 8, 3])
    images, labels = batch(6, 3)
    found = {}
    for temperature in (1.0, 200.0):
        scores = grasp_scores(module, images, labels, prunable_parameters(module), temperature)
        expected = keep_largest({name: -score for name, score in scores.items()}, 36)
        pruned = prune_grasp(module, images, labels, 0.5, temperature=temperature)
        assert_same(dict(pruned.masks), expected)
        assert pruned.parameters["temperature"] == temperature
        found[temperature] = pruned.masks
    assert not torch.equal(found[1.0]["0.weight"], found[200.0]["0.weight"])
    assert_same(dict(prune_grasp(module, images, labels, 0.5).masks), dict(found[200.0]))


@pytest.mark.parametrize("train", [train_set, train_rigl], ids=["set", "rigl"])
def test_sparse_training_starts_from_weights_scaled_by_its_masks(digits, train, monkeypatch):
    started = {}
    fit = rewiring.fit

    def watched(module, *arguments, masks, **options):
        started.update(copy.deepcopy(module.state_dict()))
        return fit(module, *arguments, masks=masks, **options)

    monkeypatch.setattr(rewiring, "fit", watched)
    train(small_net(seed=9), digits, MODERN, 0.9, n_steps=1, seed=3)
    masks = prune_random(small_net(), 0.9, allocation="erk", seed=3).masks
    fresh = small_net()
    initialise(fresh, MODERN.initialisation, 3, masks)
    assert_same(started, dict(fresh.state_dict()))


def test_what_is_dropped_and_grown_again_starts_from_zero(digits, monkeypatch):
    module, seen = small_net(), []
    replace = Training.replace_masks

    def watched(training, masks):
        replace(training, masks)
        seen.append({name: module.get_parameter(name).detach().clone() for name in masks})

    def drop(training):
        return {name: mask & (torch.rand(mask.shape) < 0.5) for name, mask in masks_of(training)}

    def masks_of(training):
        before.update({name: mask.clone() for name, mask in training.masks.items()})
        return before.items()

    def grow(_, stay, counts):
        grown.update({name: before[name] & ~stay[name] for name in stay})
        assert {name: int(mask.sum()) for name, mask in grown.items()} == counts
        return dict(grown)

    before, grown = {}, {}
    monkeypatch.setattr(Training, "replace_masks", watched)
    torch.manual_seed(0)
    rule = Rewiring("again", 4, 1.0, drop, grow, {})
    options = {"allocation": "uniform", "exclude": (), "keep_output_dense": False, "seed": 0}
    train_rewired(
        module, digits, MODERN, 0.5, rule, n_steps=5, device="cpu", progress=None, **options
    )
    for name, mask in grown.items():
        assert int(mask.sum()) > 20
        assert not seen[-1][name][mask].any()
        assert seen[-1][name][before[name] & ~mask].all()


@pytest.mark.parametrize("seed", [0, 5])
def test_set_grows_by_its_seed(digits, seed, monkeypatch):
    seeds, draw = [], set_training.keep_random

    def watched(counts, among, generator):
        seeds.append(generator.initial_seed())
        return draw(counts, among, generator)

    monkeypatch.setattr(set_training, "keep_random", watched)
    train_set(small_net(), digits, MODERN, 0.9, n_steps=3, every=2, seed=seed)
    assert seeds == [seeded_generator(seed, "growth").initial_seed()]


def test_set_rewires_every_epoch_by_default(digits):
    pruned = train_set(small_net(), digits, MODERN, 0.9, n_steps=25)
    epoch = len(digits.train_labels) // MODERN.batch_size
    assert [event["step"] for event in pruned.history] == [epoch, 2 * epoch]


def test_later_rounds_of_a_lottery_go_on_from_the_step_they_rewind_to(digits, monkeypatch):
    from topograph.pruning import lottery

    calls, fit = [], lottery.fit

    def watched(*arguments, **options):
        calls.append((options["first_step"], options["seed"]))
        return fit(*arguments, **options)

    monkeypatch.setattr(lottery, "fit", watched)
    prune_lottery(small_net(), digits, MODERN, 0.5, n_steps=8, rounds=3, rewind_step=6, seed=4)
    assert calls == [(0, 4), (6, 4), (6, 4)]


def test_rounds_of_a_lottery_by_hand(digits):
    """Trained dense, half dropped, rewound, trained sparse, half of the rest dropped."""
    pruned = prune_lottery(small_net(), digits, MODERN, 0.75, n_steps=15, rounds=2, seed=2)
    masks = {name: torch.ones_like(mask) for name, mask in pruned.masks.items()}
    for share in (0.5, 0.25):
        net = small_net()
        apply_masks(net, masks)
        fit(net, digits, MODERN, n_steps=15, masks=masks, seed=2)
        for name, mask in masks.items():
            weights = net.get_parameter(name).detach().abs()
            order = weights.masked_fill(~mask, -1.0).flatten().argsort(descending=True)
            kept = torch.zeros(mask.numel(), dtype=torch.bool)
            kept[order[: round(share * mask.numel())]] = True
            masks[name] = kept.view_as(mask)
    assert_same(dict(pruned.masks), masks)


def test_images_that_are_distorted_in_training_are_distorted_for_calibration():
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (40, 3, 32, 32), generator=generator).to(torch.uint8)
    labels = torch.arange(40) % 10
    raw = Dataset("cifar10", images, labels, images, labels, 10, verified=False)
    data = prepare(raw, find_recipe("alford2018", "cifar10"))
    drawn, _ = calibration_batch(data, per_class=2, seed=1)
    assert (drawn.shape, drawn.dtype) == ((20, 3, 24, 24), torch.float32)
    assert drawn.flatten(1).mean(dim=1).abs().max() < 1e-5
    assert torch.equal(calibration_batch(data, per_class=2, seed=1)[0], drawn)


@pytest.fixture
def stage(digits):
    return Stage("lenet-300-100", digits, MODERN, 1, 6, torch.device("cpu"))


def test_fresh_weights_are_those_of_the_next_seed_scaled_by_the_masks(stage):
    pruned = prune_random(stage.initial(), 0.9, seed=1)
    expected = build_model("lenet-300-100", (1, 8, 8))
    initialise(expected, MODERN.initialisation, 7, pruned.masks)
    assert_same(dict(stage.fresh(pruned).state_dict()), dict(expected.state_dict()))


@pytest.mark.parametrize("name", ["magnitude", "snip"])
def test_retraining_starts_from_fresh_weights_or_from_those_that_chose_the_masks(stage, name):
    settings = {"sparsities": (0.9,), "n_steps": 6, "device": "cpu", "retrain": True}
    plan = PruningPlan("lenet-300-100", load_data("digits"), name, recipe=MODERN, **settings)
    (level,) = prune_levels(plan)
    stage = dataclasses.replace(stage, n_steps=6, seed=0)
    expected = stage.initial() if METHODS[name].keeps_weights else stage.fresh(level.pruned)
    apply_masks(expected, level.pruned.masks)
    stage.train(expected, level.pruned.masks)
    assert METHODS[name].keeps_weights is (name == "snip")
    assert_same(dict(level.module.state_dict()), dict(expected.state_dict()))


@pytest.mark.parametrize(("name", "prune"), [("snip", prune_snip), ("grasp", prune_grasp)])
def test_a_run_calibrates_by_its_seed(stage, name, prune):
    images, labels = calibration_batch(stage.data, seed=6)
    expected = prune(stage.initial(), images, labels, 0.9)
    found = METHODS[name].run(stage, 0.9, {}).pruned
    assert_same(dict(found.masks), dict(expected.masks))
    other = prune(stage.initial(), *calibration_batch(stage.data, seed=0), 0.9)
    assert not torch.equal(other.masks["fc1.weight"], found.masks["fc1.weight"])


def test_a_run_of_random_masks_draws_by_its_seed(stage):
    found = METHODS["random"].run(dataclasses.replace(stage, seed=8), 0.9, {}).pruned
    assert_same(dict(found.masks), dict(prune_random(stage.initial(), 0.9, seed=8).masks))
