"""One seed, several independent streams of random numbers."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import torch

from topograph.errors import ParameterError

Stream: TypeAlias = Literal[
    "weights", "order", "masks", "growth", "ties", "calibration", "probes", "distortion"
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
