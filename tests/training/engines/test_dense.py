from __future__ import annotations

import pytest
import torch

from tests.training.engines.plain_loop import (
    PLAIN,
    RECIPES_TO_TRY,
    check_divergence,
    check_engine,
    random_member,
)
from topograph.errors import ParameterError
from topograph.training.engines.dense import DenseEngine

CPU = torch.device("cpu")


def make_dense(members, data, recipe):
    return DenseEngine(members, data, recipe, CPU)


@pytest.mark.parametrize("recipe", RECIPES_TO_TRY, ids=lambda recipe: recipe.name)
def test_it_does_what_the_plain_loop_does(digits, recipe):
    widths = (64, 30, 20, 10)
    members = [
        random_member(widths, density, seed, rate_factor)
        for seed, (density, rate_factor) in enumerate(((0.5, 1.0), (0.1, 0.5), (0.2, 2.0)))
    ]
    check_engine(make_dense, members, digits, recipe)


@pytest.mark.parametrize("index", [0, 2])
def test_divergence_stays_with_one_member(digits, index):
    check_divergence(make_dense, digits, PLAIN, index)


def test_widths_must_be_the_same(digits):
    members = [random_member((64, width, 10), 0.5) for width in (8, 9)]
    with pytest.raises(ParameterError, match="same widths"):
        make_dense(members, digits, PLAIN)
