from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.training.engines.engine_laws import (
    check_divergence,
    check_engine,
    check_steps,
)
from tests.training.engines.members_to_try import mixed_members
from tests.training.engines.plain_loop import (
    PLAIN,
    RECIPES_TO_TRY,
    random_member,
    schedule,
)
from topograph import from_layers
from topograph.errors import ParameterError
from topograph.training import Dataset
from topograph.training.engines.member import Member
from topograph.training.engines.sparse import SparseEngine

CPU = torch.device("cpu")


def make_sparse(members, data, recipe):
    return SparseEngine(members, data, recipe, CPU)


@pytest.mark.parametrize("recipe", RECIPES_TO_TRY, ids=lambda recipe: recipe.name)
def test_it_does_what_the_plain_loop_does(digits, recipe):
    check_engine(make_sparse, mixed_members(), digits, recipe)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_members_may_have_any_number_of_layers(digits, depth):
    members = [random_member((64, *[25] * (depth - 1), 10), 0.3, seed) for seed in range(2)]
    check_steps(make_sparse, members, digits, PLAIN, 5)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_divergence_stays_with_one_member(digits, index):
    check_divergence(make_sparse, digits, PLAIN, index)


@pytest.mark.parametrize("recipe", RECIPES_TO_TRY[1:5], ids=lambda recipe: recipe.name)
@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_weights_that_are_not_numbers_touch_no_other_member(digits, recipe, poison):
    members = mixed_members()
    order, rates = schedule(digits, recipe, 4)
    healthy, ill = (make_sparse(members, digits, recipe) for _ in range(2))
    with torch.no_grad():
        for tensor, index in ill._slices(1):
            tensor[index] = poison
    expected, losses = healthy.advance(order, rates), ill.advance(order, rates)
    assert np.isnan(losses[:, 1]).all()
    np.testing.assert_array_equal(losses[:, [0, 2]], expected[:, [0, 2]])
    for other in (0, 2):
        for one, two in zip(healthy.parameters()[other], ill.parameters()[other], strict=True):
            assert torch.equal(one.weights, two.weights)
            if one.biases is not None:
                assert torch.equal(one.biases, two.biases)
        np.testing.assert_array_equal(healthy.gradient_norms()[other], ill.gradient_norms()[other])
    assert np.isnan(ill.gradient_norms()[1]).all()


def test_company_changes_nothing(digits):
    members = mixed_members()
    order, rates = schedule(digits, PLAIN, 6)
    together = make_sparse(members, digits, PLAIN).advance(order, rates)
    for index, member in enumerate(members):
        alone = make_sparse([member], digits, PLAIN).advance(order, rates)
        np.testing.assert_allclose(together[:, index], alone[:, 0], rtol=1e-6)


def test_a_layer_without_edges_is_trained_by_its_biases(digits):
    empty = np.zeros((64, 6), dtype=bool)
    full = np.ones((6, 10), dtype=bool)
    members = [Member.of_graph(from_layers([empty, full])), random_member((64, 6, 10), 0.5)]
    check_steps(make_sparse, members, digits, dataclasses.replace(PLAIN, momentum=0.5), 5)


def test_numbers_of_layers_must_be_the_same(digits):
    members = [random_member(widths, 0.5) for widths in ((64, 8, 10), (64, 8, 8, 10))]
    with pytest.raises(ParameterError, match="same number of layers"):
        make_sparse(members, digits, PLAIN)


def test_whichever_member_retires_is_0_and_the_others_stay():
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.random((20, 1, 8, 8), dtype=np.float32))
    labels = torch.from_numpy(rng.integers(0, 10, 20))
    data = Dataset("drawn", images, labels, images, labels, 10, True)
    for retired in range(3):
        engine = SparseEngine(mixed_members(), data, PLAIN, torch.device("cpu"))
        before = engine.parameters()
        engine.retire(retired)
        for index, layers in enumerate(engine.parameters()):
            for layer, old in zip(layers, before[index], strict=True):
                if index == retired:
                    assert not layer.weights.any()
                else:
                    assert torch.equal(layer.weights, old.weights)
