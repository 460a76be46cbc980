"""What engines are given on a CUDA device, and how close they must come."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

from tests.training.engines.members_to_try import alike_members, mixed_members, radix_members
from tests.training.engines.plain_loop import PLAIN, RECIPES_TO_TRY
from topograph.training import Dataset
from topograph.training.engines import radix_layers
from topograph.training.engines.choosing import make_engine

ON_GPU = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
    pytest.mark.filterwarnings("default"),  # torch warns of its own settings and contexts there
]
torch.set_num_threads(1)
CUDA, CPU = torch.device("cuda"), torch.device("cpu")
MOMENTUM = dataclasses.replace(PLAIN, name="momentum", momentum=0.9)
ADAM = RECIPES_TO_TRY[3]


@dataclass(frozen=True)
class Case:
    """An engine, its members, and which RadiX forms it takes."""

    engine: str
    members: tuple[Any, ...]
    smallest_tiles: tuple[int, int] = radix_layers._SMALLEST_TILES
    long_tile: tuple[int, int] = (radix_layers._LONG_RADIX, radix_layers._LONG_TILE)


ALIKE, UNLIKE, RADIX = map(tuple, (alike_members(), mixed_members(), radix_members()))
CASES = {
    "dense": Case("dense", ALIKE),
    "sparse": Case("sparse", UNLIKE),
    "radix": Case("radix", RADIX),
    "radix, all forms": Case("radix", RADIX, smallest_tiles=(1, 1)),
    "radix, long tiles": Case("radix", RADIX, long_tile=(1, 4)),
    "module": Case("module", UNLIKE),
}


def spots():
    """Images of ten classes that can be told apart, on the CPU; no file and no scikit-learn."""
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(10, 1, 8, 8, generator=generator)
    labels = torch.randint(10, (700,), generator=generator)
    images = centres[labels] + torch.randn(700, 1, 8, 8, generator=generator) / 2
    return Dataset(
        "spots", images[:500], labels[:500], images[500:], labels[500:], 10, verified=False
    )


def made(case: Case, data, recipe, members: Sequence[Any] | None = None, device=CUDA):
    return make_engine(case.engine, members or case.members, data.to(device), recipe, device)


def assert_close(found, expected, tolerance=1e-4):
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance / 10)
