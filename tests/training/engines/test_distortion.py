"""Images that are distorted in training."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.training.engines.model_members import make_module, train_model_plainly
from tests.training.engines.plain_loop import random_member, schedule
from topograph.training import Dataset, find_recipe, prepare
from topograph.training.engines.model_member import ModelMember
from topograph.training.engines.module import distortion_generator


@pytest.fixture(scope="module")
def colored():
    """Forty images of 32 x 32, to be cropped and distorted."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(256, (40, 3, 32, 32), generator=generator).to(torch.uint8)
    labels = torch.arange(40) % 10
    raw = Dataset("cifar10", images, labels, images[:8], labels[:8], 10, verified=False)
    recipe = dataclasses.replace(find_recipe("alford2018", "cifar10"), batch_size=10)
    return prepare(raw, recipe), recipe


def test_distorted_images_are_the_same_for_all_members_and_after_a_resumption(colored):
    data, recipe = colored
    n_inputs = 3 * 24 * 24
    member = ModelMember("net", "lenet-5", {}, seed=1)
    members = [member, dataclasses.replace(member, name="twin"), random_member((n_inputs, 10), 0.1)]
    order, rates = schedule(data, recipe, 3)
    whole, second = (make_module(members, data, recipe) for _ in range(2))
    losses = whole.advance(order, rates)
    np.testing.assert_array_equal(losses[:, 0], losses[:, 1])
    second.advance(order[:2], rates[:2])
    kept, third = second.state(), make_module(members, data, recipe)
    third.restore(kept)
    np.testing.assert_array_equal(third.advance(order[2:], rates[2:]), losses[2:])
    _, expected, _ = train_model_plainly(member, data, recipe, order, rates, distort=True)
    np.testing.assert_allclose(losses[:, 0], expected, rtol=1e-4)
    assert whole.infer(data.test_images).logits.shape == (3, 8, 10)


def test_the_distortion_follows_from_the_images_and_their_order():
    rows = torch.arange(10)
    seeds = {distortion_generator(rows + shift).initial_seed() for shift in range(20)}
    assert len(seeds | {distortion_generator(rows.flip(0)).initial_seed()}) == 21
    strided = torch.arange(20)[::2]
    same = distortion_generator(strided.clone()).initial_seed()
    assert distortion_generator(strided).initial_seed() == same
