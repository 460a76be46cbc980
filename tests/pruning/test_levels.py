from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest
import torch

from topograph.errors import ParameterError
from topograph.pruning import METHODS, PruningPlan, prune_levels, train_dense
from topograph.training import ALFORD_2018, MODERN, check_zeros_outside, find_recipe, load_data


@pytest.fixture(scope="module")
def raw():
    pytest.importorskip("sklearn")
    return load_data("digits")


def plan(raw, **changes):
    default = {
        "model": "lenet-300-100",
        "data": raw,
        "method": "magnitude",
        "sparsities": (0.9,),
        "recipe": MODERN,
        "n_steps": 20,
        "device": "cpu",
    }
    return PruningPlan(**default | changes)


STAGES = {
    "magnitude": {"dense", "pruned"},
    "iterative": {"dense", "pruned"},
    "lottery": {"dense"},
    "random": set(),
    "snip": set(),
    "grasp": set(),
    "synflow": set(),
    "set": {"pruned"},
    "rigl": {"pruned"},
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_runs_and_says_what_it_did(raw, method):
    rounds = {"rounds": 2} if "rounds" in METHODS[method].options else {}
    (level,) = prune_levels(plan(raw, method=method, **rounds))
    assert level.pruned.method == method
    assert level.pruned.sparsity_reached == pytest.approx(0.9, abs=1e-4)
    said = {stage for stage, accuracy in level.accuracy.items() if accuracy is not None}
    assert said == STAGES[method]
    provenance = json.loads(json.dumps(level.provenance, allow_nan=False))
    assert provenance["method"] == method
    assert provenance["data"]["verified"] is True
    assert provenance["data"]["lossy"] is False
    assert provenance["recipe"]["name"] == "modern"
    assert provenance["sparsity"]["asked"] == 0.9
    assert sum(layer["kept"] for layer in provenance["sparsity"]["layers"].values()) == 5020
    assert set(provenance["versions"]) == {"topograph", "torch", "numpy", "python"}


@pytest.mark.parametrize("method", ["magnitude", "iterative"])
def test_a_dense_net_that_is_given_is_not_trained_again(raw, method):
    settings = plan(raw, method=method)
    dense = train_dense(plan(raw, sparsities=(0.3,)))
    before = {name: value.clone() for name, value in dense.state_dict().items()}
    labels = set()
    (given,) = prune_levels(settings, lambda label, *_: labels.add(label), dense)
    (own,) = prune_levels(settings)
    assert given.provenance == own.provenance
    assert not any("dense" in label for label in labels)
    for name, weight in own.module.state_dict().items():
        assert torch.equal(weight, given.module.state_dict()[name])
    assert all(torch.equal(value, before[name]) for name, value in dense.state_dict().items())


def test_masks_and_accuracy_are_those_of_the_dense_net_given(raw):
    dense = train_dense(plan(raw))
    with torch.no_grad():
        dense.fc3.weight.mul_(torch.linspace(0.0, 1.0, 10)[:, None])
        dense.fc3.bias.copy_(100.0 * torch.eye(10)[4])
    (level,) = prune_levels(plan(raw), dense=dense)
    share_of_fours = float((raw.test_labels == 4).float().mean())
    assert level.accuracy["dense"] == pytest.approx(share_of_fours)
    assert not level.pruned.masks["fc3.weight"][0].any()


@pytest.mark.parametrize("method", ["magnitude", "snip", "rigl"])
def test_retrained_nets_keep_their_masks(raw, method):
    (level,) = prune_levels(plan(raw, method=method, retrain=True))
    assert level.accuracy["dense"] is not None
    assert level.accuracy["retrained"] > 0.3
    check_zeros_outside(level.module, level.pruned.masks)
    before = next(prune_levels(plan(raw, method=method)))
    for name, mask in before.pruned.masks.items():
        assert torch.equal(mask, level.pruned.masks[name])


def test_levels_are_independent_of_each_other(raw):
    both = list(prune_levels(plan(raw, sparsities=(0.5, 0.9))))
    (alone,) = prune_levels(plan(raw, sparsities=(0.9,)))
    assert both[1].provenance == alone.provenance
    assert both[0].accuracy["dense"] == both[1].accuracy["dense"]
    for name, mask in alone.pruned.masks.items():
        assert torch.equal(mask, both[1].pruned.masks[name])


def test_progress_names_what_is_done(raw):
    said = []
    list(
        prune_levels(
            plan(raw, method="iterative", n_steps=50, retrain=True),
            lambda *event: said.append(event),
        )
    )
    assert list(dict.fromkeys(what for what, _, _ in said)) == [
        "train dense",
        "iterative to 0.9",
        "retrain at 0.9",
    ]
    assert all(0 < done <= total for _, done, total in said)


def test_the_papers_recipe_and_its_nets(raw):
    (level,) = prune_levels(plan(raw, recipe=ALFORD_2018, n_steps=3))
    assert hasattr(level.module, "relu_logits")
    assert level.provenance["recipe"]["l2"] == 0.004
    assert level.provenance["data"]["steps"] == ["pixel / 255"]
    (level,) = prune_levels(plan(raw, model="lenet-5", method="snip", recipe=ALFORD_2018))
    assert hasattr(level.module, "relu_logits")
    assert level.input_shape == (1, 8, 8)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "guess"}, "A method"),
        ({"sparsities": (0.5, 1.0)}, "A sparsity"),
        ({"sparsities": ()}, "sparsities"),
        ({"sparsities": (0.5, 0.5)}, "all different"),
        ({"n_steps": 0}, "n_steps"),
        ({"device": "abacus"}, "A device"),
        ({"device": "cuda"}, "no CUDA device"),
        ({"scope": "layer", "method": "rigl"}, "no scope.*magnitude, lottery, snip, grasp"),
        ({"allocation": "erk"}, "no allocation"),
        ({"rounds": 3}, "no rounds"),
    ],
)
def test_plans_that_are_none_are_refused(raw, changes, words):
    with pytest.raises(ParameterError, match=words):
        plan(raw, **changes)


def mnist():
    folder = os.environ.get("TOPOGRAPH_DATA", "")
    if not folder or not Path(folder, "mnist").is_dir():
        pytest.skip("TOPOGRAPH_DATA names no folder with mnist/ in it")
    return load_data("mnist", folder)


@pytest.mark.slow
def test_mnist_by_the_papers_recipe():
    """Dense 97.03 %, iterative at 90 % 97.40 % and one-time at 90 % retrained 96.19 %."""
    made = {}
    for method in ("magnitude", "iterative"):
        settings = plan(
            mnist(),
            method=method,
            recipe=find_recipe("alford2018", "mnist"),
            n_steps=6000,
            retrain=method == "magnitude",
        )
        (made[method],) = prune_levels(settings)
    assert made["magnitude"].accuracy["dense"] == pytest.approx(0.9703, abs=0.01)
    assert made["magnitude"].accuracy["retrained"] == pytest.approx(0.9619, abs=0.015)
    assert made["iterative"].accuracy["pruned"] == pytest.approx(0.9740, abs=0.01)


@pytest.mark.slow
def test_mnist_by_the_modern_recipe():
    """Random masks of ERK density at 95 %: 95.86 +- .07; RigL must do better."""
    settings = plan(mnist(), recipe=MODERN, sparsities=(0.95,), n_steps=5 * 468)
    random = dataclasses.replace(settings, method="random", allocation="erk", retrain=True)
    (static,) = prune_levels(random)
    assert static.accuracy["dense"] == pytest.approx(0.9821, abs=0.004)
    assert static.accuracy["retrained"] == pytest.approx(0.9586, abs=0.006)
    (rigl,) = prune_levels(dataclasses.replace(settings, method="rigl"))
    assert rigl.accuracy["pruned"] > static.accuracy["retrained"] + 0.002


@pytest.mark.parametrize(("recipe", "expected"), [(ALFORD_2018, 20), (MODERN, 0)])
def test_iterative_pruning_goes_on_in_the_schedule_unless_it_has_ended(raw, recipe, expected):
    (level,) = prune_levels(plan(raw, method="iterative", recipe=recipe))
    assert level.pruned.parameters["first_step"] == expected
    assert [entry["step"] for entry in level.pruned.history][-1] == 15
