from __future__ import annotations

import pytest
import torch

from tests.training.engines.engine_laws import check_divergence, check_engine
from tests.training.engines.members_to_try import alike_members
from tests.training.engines.plain_loop import PLAIN, RECIPES_TO_TRY, random_member
from topograph.errors import ParameterError
from topograph.training.engines.dense import DenseEngine

CPU = torch.device("cpu")


def make_dense(members, data, recipe):
    return DenseEngine(members, data, recipe, CPU)


@pytest.mark.parametrize("recipe", RECIPES_TO_TRY, ids=lambda recipe: recipe.name)
def test_it_does_what_the_plain_loop_does(digits, recipe):
    check_engine(make_dense, alike_members(), digits, recipe)


@pytest.mark.parametrize("index", [0, 2])
def test_divergence_stays_with_one_member(digits, index):
    check_divergence(make_dense, digits, PLAIN, index)


def test_widths_must_be_the_same(digits):
    members = [random_member((64, width, 10), 0.5) for width in (8, 9)]
    with pytest.raises(ParameterError, match="same widths"):
        make_dense(members, digits, PLAIN)


@pytest.mark.parametrize("index", [0, 2])
def test_a_weight_outside_its_mask_is_noticed(digits, index):
    engine = make_dense(alike_members(), digits, PLAIN)
    outside = (engine._masks[1][index] == 0).nonzero()[0]
    with torch.no_grad():
        engine.weights[1][index][tuple(outside)] = 1e-30
    with pytest.raises(AssertionError, match="1 weights of layer 2"):
        engine.check_zeros_outside()
