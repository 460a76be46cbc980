"""Weights of nets that are rewired while they train."""

from __future__ import annotations

import pytest
import torch

from tests.pruning.nets import small_net
from topograph.pruning import rigl, train_rigl, train_set
from topograph.training import MODERN
from topograph.training.fitting import Training


def test_what_is_dropped_and_grown_again_starts_from_0(digits, monkeypatch):
    stays, regrown = [], []
    drop, replace = rigl.drop_smallest, Training.replace_masks

    def dropping(training, share):
        stays.append((drop(training, share), dict(training.masks)))
        return stays[-1][0]

    def replacing(training, masks):
        replace(training, masks)
        stay, before = stays[-1]
        for name, mask in masks.items():
            weight = training.module.get_parameter(name).detach()
            assert not weight[mask & ~stay[name]].any()
            regrown.append(int((mask & ~stay[name] & before[name]).sum()))

    monkeypatch.setattr(rigl, "drop_smallest", dropping)
    monkeypatch.setattr(Training, "replace_masks", replacing)
    train_rigl(small_net(), digits, MODERN, 0.5, n_steps=12, every=3, fraction=0.9)
    assert sum(regrown) > 0


@pytest.mark.parametrize("train", [train_set, train_rigl])
def test_weights_are_fresh_whatever_the_module_held(digits, train):
    one, other = small_net(0), small_net(1)
    for module in (one, other):
        train(module, digits, MODERN, 0.9, n_steps=4, every=2, seed=3)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
