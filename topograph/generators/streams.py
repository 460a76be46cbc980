"""Which random numbers does each part of a net get?"""

from __future__ import annotations

import numpy as np

from topograph.radix.arguments import checked_integer


def stream(operation: str, seed: int, index: int) -> np.random.Generator:
    """Random numbers of one operation on one layer or level, whatever the others draw.

    The name of the operation goes into the seed: a net and its twin drawn with the same seed
    would otherwise be the same net.

    Examples
    --------
    >>> stream("twin", 0, 1).random() == stream("orders", 0, 1).random()
    False
    """
    own = [checked_integer("seed", seed, 0), index, *operation.encode()]
    return np.random.default_rng(own)
