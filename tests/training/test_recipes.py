from __future__ import annotations

import dataclasses
import math

import pytest

from topograph.errors import ParameterError, ReadError
from topograph.training import ALFORD_2018, MODERN, RECIPES
from topograph.training.recipe_files import change_recipe, load_recipe, recipe_of, write_recipe


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_recipe_written_and_read_is_the_same(recipe, tmp_path):
    own = dataclasses.replace(recipe, name='with "quotes" and \\', betas=(0.5, 1e-9), epsilon=1e-12)
    write_recipe(own, tmp_path / "own.toml")
    assert load_recipe(str(tmp_path / "own.toml"), "mnist") == own


@pytest.mark.parametrize("name", ["\U0001f600", "\x7f\t\n", "\u2028", "'''", "ü"])
def test_any_name_comes_back(name, tmp_path):
    write_recipe(dataclasses.replace(MODERN, name=name), tmp_path / "own.toml")
    assert load_recipe(str(tmp_path / "own.toml"), "mnist").name == name


def test_a_file_may_build_on_a_recipe(tmp_path):
    path = tmp_path / "linear.toml"
    path.write_text('base = "alford2018"\nrelu_logits = false\nn_epochs = 3\nrates = 0.05\n')
    recipe = load_recipe(str(path), "mnist")
    assert recipe == dataclasses.replace(
        ALFORD_2018, name="linear", relu_logits=False, n_epochs=3, n_steps=None, rates=((0, 0.05),)
    )


def test_changes_are_said_in_the_name():
    recipe = change_recipe(ALFORD_2018, {"initialisation": "fan_in", "l2": "0", "n_epochs": "2"})
    assert (recipe.initialisation, recipe.l2, recipe.n_epochs) == ("fan_in", 0.0, 2)
    assert recipe.n_steps is None
    assert recipe.name == "alford2018, initialisation=fan_in, l2=0, n_epochs=2"
    assert change_recipe(MODERN, {}) is MODERN


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        ({"base": "modern", "momentun": 0.5}, "momentun"),
        ({"base": "moderm"}, "moderm"),
        ({"base": "modern", "momentum": "high"}, "momentum"),
        ({"base": "modern", "momentum": 1.5}, "momentum"),
        ({"base": "modern", "relu_logits": 1}, "relu_logits"),
        ({"base": "modern", "optimizer": "lion"}, "optimizer"),
        ({"base": "modern", "batch_size": 2.5}, "batch_size"),
        ({"base": "modern", "batch_size": True}, "batch_size"),
        ({"base": "modern", "betas": [0.9]}, "betas"),
        ({"base": "modern", "rates": [[1, 0.1]]}, "rates"),
        ({"base": "modern", "rates": [[0, 0.1], [0, 0.2]]}, "rates"),
        ({"base": "modern", "rates": [[0, float("nan")]]}, "rate"),
        ({"base": "modern", "rates": -0.1}, "rate"),
        ({"base": "modern", "l2": float("inf")}, "l2"),
        ({"base": "modern", "n_epochs": 0}, "n_epochs"),
        ({"base": "modern", "weight_decay": 0.1}, "weight_decay"),
        ({"base": "modern", "n_steps": 5, "n_epochs": 5}, "n_steps"),
        ({"batch_size": 10}, "rates"),
    ],
)
def test_what_is_no_recipe_is_refused(switches, message):
    with pytest.raises(ParameterError, match=message):
        recipe_of(switches, "mnist")


def test_values_may_be_written_as_people_do():
    said = {"momentum": ".5", "relu_logits": "True", "optimizer": "sgd", "betas": "[0.8, 0.9]"}
    recipe = change_recipe(MODERN, said)
    assert (recipe.momentum, recipe.relu_logits, recipe.betas) == (0.5, True, (0.8, 0.9))


def test_files_that_are_none(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_bytes(b"name = \xff")
    with pytest.raises(ReadError, match="TOML"):
        load_recipe(str(broken), "mnist")
    with pytest.raises(ReadError):
        load_recipe(str(tmp_path / "none.toml"), "mnist")
    broken.write_text("momentun = 1")
    with pytest.raises(ParameterError, match=r"broken\.toml.*momentun"):
        load_recipe(str(broken), "mnist")


def test_warm_up_is_a_ramp_into_the_schedule():
    recipe = dataclasses.replace(MODERN, warmup_steps=4)
    rates = [recipe.rate_at(step, 100) for step in range(6)]
    plain = [MODERN.rate_at(step, 100) for step in range(6)]
    ratios = [got / wanted for got, wanted in zip(rates, plain, strict=True)]
    assert ratios == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0, 1.0])
    assert math.isclose(plain[5], 0.05 * (1 + math.cos(math.pi * 0.05)) / 2)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"betas": (1.0, 0.999)}, "betas"),
        ({"betas": (0.9, -0.1)}, "betas"),
        ({"batch_size": 12.5}, "whole"),
        ({"batch_norm": True, "batch_size": 1}, "at least 2"),
    ],
)
def test_switches_that_no_engine_could_follow_are_refused(change, sentence):
    with pytest.raises(ParameterError, match=sentence):
        dataclasses.replace(MODERN, **change)
