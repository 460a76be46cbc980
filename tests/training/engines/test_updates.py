"""Steps of the optimizer on lists of weights."""

from __future__ import annotations

import torch

from topograph.training.engines.updates import Updates
from topograph.training.recipes import MODERN


def test_a_factor_may_be_a_number():
    weights = torch.zeros(2)
    Updates(MODERN, [weights], [True], [2.0]).step([torch.ones(2)], 0.5)
    torch.testing.assert_close(weights, torch.full((2,), -1.0))
