"""Logits of models, and which of their units are active."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.training.engines.engine_laws import assert_same_state
from tests.training.engines.model_members import CPU, SHAPE, conv_member, make_module
from tests.training.engines.plain_loop import PLAIN, schedule
from topograph.training import build_model
from topograph.training.engines.model_member import ModelMember


def test_inference_leaves_no_trace(digits):
    engine = make_module([conv_member(0)], digits, PLAIN)
    order, rates = schedule(digits, PLAIN, 4)
    engine.advance(order[:2], rates[:2])
    before = engine.state()
    first = engine.infer(digits.test_images)
    assert_same_state(engine.state(), before)
    assert torch.equal(engine.infer(digits.test_images).logits, first.logits)
    assert not first.logits.requires_grad
    other = make_module([conv_member(0)], digits, PLAIN)
    other.advance(order[:2], rates[:2])
    np.testing.assert_array_equal(
        engine.advance(order[2:], rates[2:]), other.advance(order[2:], rates[2:])
    )


def test_many_images_are_seen_in_pieces(digits):
    engine = make_module([conv_member(0)], digits, PLAIN)
    images = digits.train_images  # more than a piece
    whole = engine.infer(images)
    parts = [engine.infer(part) for part in torch.split(images, 300)]
    torch.testing.assert_close(
        whole.logits, torch.cat([part.logits for part in parts], dim=1), rtol=1e-4, atol=1e-4
    )
    for number, level in enumerate(whole.active[0]):
        seen = torch.stack([part.active[0][number] for part in parts]).any(dim=0)
        assert torch.equal(level, seen)


def test_a_channel_is_active_if_it_is_above_zero_anywhere(digits):
    engine = make_module([ModelMember("net", "conv-net", {})], digits, PLAIN)
    state = engine.state()
    shift = state["0.module.norm2.bias"]
    shift[:] = -1e6
    shift[5] = 1e6
    engine.restore(state)
    first, second, third = engine.infer(digits.test_images[:40]).active[0]
    assert [len(level) for level in (first, second, third)] == [32, 64, 128]
    assert second.nonzero().flatten().tolist() == [5]
    module = build_model("conv-net", SHAPE).eval()
    with torch.no_grad():
        values = module[:3](digits.test_images[:40])
    assert torch.equal(first, (values > 0).flatten(2).any(dim=2).any(dim=0))
    assert (first.dtype, first.device) == (torch.bool, CPU)


@pytest.mark.parametrize(
    ("model", "channels"),
    [
        ("lenet-5", [20, 50, 384]),
        ("lenet-300-100", [300, 100]),
        ("resnet-20", [16] + [16] * 6 + [32] * 6 + [64] * 6),
    ],
)
def test_the_hidden_levels_of_a_model_are_its_relus(digits, model, channels):
    """But for the one on the logits, which has no hidden units."""
    recipe = dataclasses.replace(PLAIN, relu_logits=True)
    found = make_module([ModelMember("net", model, {})], digits, recipe).infer(
        digits.test_images[:4]
    )
    assert [len(level) for level in found.active[0]] == channels
    assert float(found.logits.min()) == 0
