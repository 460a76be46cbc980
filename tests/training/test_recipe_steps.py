"""What recipes do to a step."""

from __future__ import annotations

import copy
import dataclasses
import itertools

import pytest
import torch
from torch import nn

from topograph.errors import ParameterError
from topograph.training import (
    ALFORD_2018,
    MODERN,
    Recipe,
    build_model,
    fit,
    load_data,
    prepare,
    prunable_parameters,
)
from topograph.training.batching import batches
from topograph.training.recipes import find_recipe
from topograph.training.seeding import seeded_generator


def test_one_step_of_the_papers_recipe_by_hand():
    """SGD of rate .2 on cross entropy plus l2 / 2 sum w^2 over the weights, not the biases."""
    data = prepare(load_data("digits"), ALFORD_2018)
    recipe = dataclasses.replace(ALFORD_2018, batch_size=len(data.train_labels))
    module = build_model("lenet-300-100", data.shape, initialisation="truncated_normal")
    before = {name: value.detach().clone() for name, value in module.named_parameters()}
    decay = sum(weight.square().sum() for weight in prunable_parameters(module).values())
    loss = nn.functional.cross_entropy(module(data.train_images), data.train_labels)
    gradients = torch.autograd.grad(loss + 0.004 / 2 * decay, list(module.parameters()))
    fit(module, data, recipe, n_steps=1)
    for (name, value), gradient in zip(module.named_parameters(), gradients, strict=True):
        assert torch.allclose(value.detach(), before[name] - 0.2 * gradient, atol=1e-6), name


def test_rates_of_the_recipes():
    steps = (0, 9_999, 10_000, 19_999, 20_000)
    assert [ALFORD_2018.rate_at(step, 30_000) for step in steps] == [0.2, 0.2, 0.1, 0.1, 0.05]
    assert [MODERN.rate_at(step, 100) for step in (0, 50)] == [0.05, 0.025]
    assert MODERN.rate_at(99, 100) == pytest.approx(0, abs=1e-4)
    assert ALFORD_2018.length(60_000) == 15_000
    assert MODERN.length(1347) == 200
    assert MODERN.length(5) == 20


def test_recipes_say_all_their_switches():
    import json

    for recipe in (MODERN, ALFORD_2018):
        said = json.loads(json.dumps(recipe.provenance()))
        assert set(said) == {field.name for field in dataclasses.fields(Recipe)}
    with pytest.raises(ParameterError, match="modern, alford2018"):
        find_recipe("ancient", "mnist")
    for change in ({"n_steps": 3, "n_epochs": 3}, {"rates": ()}, {"batch_size": 0}):
        with pytest.raises(ParameterError):
            dataclasses.replace(MODERN, **change)


def test_adamw_adds_the_l2_that_a_recipe_names_beside_its_own_decay(digits):
    recipe = dataclasses.replace(
        MODERN, name="both", optimizer="adamw", weight_decay=0.3, l2=0.7, momentum=0.0
    )
    module = build_model("lenet-300-100", digits.shape)
    plain = copy.deepcopy(module).train()
    fit(module, digits, recipe, n_steps=5, device="cpu")
    weights = [part.weight for part in plain.modules() if isinstance(part, nn.Linear)]
    biases = [part.bias for part in plain.modules() if isinstance(part, nn.Linear)]
    optimizer = torch.optim.AdamW(
        [{"params": weights, "weight_decay": 0.3}, {"params": biases, "weight_decay": 0.0}]
    )
    source = batches(digits, recipe.batch_size, seeded_generator(0, "order"))
    for step, (images, labels) in enumerate(itertools.islice(source, 5)):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate_at(step, 5)
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(plain(images), labels)
        (loss + 0.35 * sum(weight.square().sum() for weight in weights)).backward()
        optimizer.step()
    for one, other in zip(module.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
