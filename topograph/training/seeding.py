"""One seed, several independent streams of random numbers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

import numpy as np
import torch

from topograph.errors import ParameterError

Stream: TypeAlias = Literal[
    "weights", "order", "masks", "growth", "ties", "calibration", "probes", "distortion", "chance"
]
_NUMBERS: dict[Stream, int] = {
    "weights": 1,
    "order": 2,
    "masks": 3,
    "growth": 4,
    "ties": 5,
    "calibration": 6,
    "probes": 7,
    "distortion": 8,
    "chance": 9,
}


def seeded_generator(seed: int, stream: Stream, *numbers: int) -> torch.Generator:
    """Return a generator on the CPU for one purpose.

    Masks, weights and the order of the images of a run have the same seed and must not have
    the same numbers: a mask drawn from those of the weights is not independent of them.

    Parameters
    ----------
    seed : int
        At least 0.
    stream : str
        The purpose: one of those of `Stream`.
    *numbers : int
        Which of several of that purpose: a layer, an epoch.

    Examples
    --------
    >>> weights, order = seeded_generator(7, "weights"), seeded_generator(7, "order")
    >>> weights.initial_seed() == order.initial_seed()
    False
    """
    if seed < 0:
        raise ParameterError.expected("seed", "at least 0", seed)
    state = np.random.SeedSequence([seed, _NUMBERS[stream], *numbers]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]) >> 1)


@contextmanager
def seeded_chance(seed: int, device: torch.device) -> Iterator[None]:
    """Let layers that draw, such as dropout, draw from a seed.

    They have none but the global generators of torch, which are as before afterwards.

    Examples
    --------
    >>> drop, cpu = torch.nn.Dropout(), torch.device("cpu")
    >>> with seeded_chance(0, cpu):
    ...     one = drop(torch.ones(64))
    >>> with seeded_chance(0, cpu):
    ...     other = drop(torch.ones(64))
    >>> torch.equal(one, other)
    True
    """
    number = seeded_generator(seed, "chance").initial_seed()
    is_cuda = device.type == "cuda"
    with torch.random.fork_rng([device] if is_cuda else []):
        torch.default_generator.manual_seed(number)
        if is_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(number)
        yield
