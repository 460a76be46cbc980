"""Which inputs does an output draw, near ones or any?

The inputs of a layer stand on a ring. Output ``j`` stands opposite input
``floor(j n_in / n_out)``, where its band begins; its receptive field lies around the middle
of that band.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from topograph.generators.arrivals import draw_by_weight
from topograph.generators.fans import Fans, even_fans, places

Units = npt.NDArray[np.int64]

_NEAREST = 1e-9  # less randomness than this makes no difference, and weights that overflow


def band_starts(n_in: int, n_out: int) -> Units:
    """The first input of the band of every output, ``floor(j n_in / n_out)``.

    Examples
    --------
    >>> band_starts(6, 4).tolist()
    [0, 1, 3, 4]
    """
    return np.arange(n_out, dtype=np.int64) * n_in // n_out


def band_edges(n_in: int, n_out: int, n_edges: int) -> tuple[Units, Units]:
    """Sources and targets of the band: each output takes the inputs from its start on.

    Examples
    --------
    >>> sources, targets = band_edges(4, 2, 5)
    >>> sources.tolist(), targets.tolist()
    ([0, 1, 2, 3, 0], [0, 0, 1, 1, 1])
    """
    targets, place = places(even_fans(n_out, n_edges))
    return (band_starts(n_in, n_out)[targets] + place) % n_in, targets


def draw_fields(
    fans_in: Fans, n_in: int, randomness: float, rng: np.random.Generator
) -> tuple[Units, Units]:
    """Inputs of every output, drawn by their distance on the ring from its middle.

    An input at the distance ``d`` has the weight ``(1 + d)^(-(1 - r) / r)``; inputs are drawn
    one after another, without replacement. At ``r = 0`` they are the nearest, which is the
    band, and at ``r = 1`` any.

    Parameters
    ----------
    fans_in : ndarray of int64, shape (n_out,)
        At most ``n_in`` each.
    n_in : int
    randomness : float
        ``r``, from 0 to 1.
    rng : numpy.random.Generator

    Returns
    -------
    sources, targets : ndarray of int64, shape (n_edges,)
        Targets in ascending order, sources of a target in the order in which they were drawn.

    Examples
    --------
    >>> sources, targets = draw_fields(np.array([2, 2]), 4, 0.0, np.random.default_rng(0))
    >>> sources.tolist(), targets.tolist()
    ([1, 0, 3, 2], [0, 0, 1, 1])
    """
    band = int(fans_in.sum()) // fans_in.size
    rank = np.arange(n_in, dtype=np.int64)
    distance = (rank + 1) // 2
    if randomness < _NEAREST:
        targets, near = places(fans_in)
    else:
        log_weights = -(1 - randomness) / randomness * np.log1p(distance)
        targets, near = draw_by_weight(fans_in, log_weights, rng)
    after = rank % 2 == band % 2  # a band of even length grows at its end by its last step
    offsets = np.where(after, distance, -distance)
    middles = band_starts(n_in, fans_in.size) + band // 2
    return (middles[targets] + offsets[near]) % n_in, targets
