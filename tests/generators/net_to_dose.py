"""A net whose properties are moved, and what they are."""

from __future__ import annotations

import functools

import numpy as np

from topograph.generators.registry import family_net
from topograph.metrics import (
    connected_pair_fraction,
    effective_density,
    end_to_end_gap,
    path_count,
    path_count_cv,
    spectral_gap,
)


def mean_gap(graph):
    return np.mean([spectral_gap(layer) for layer in graph.layers])


METRICS = {
    "connected_pair_fraction": connected_pair_fraction,
    "path_count_cv": path_count_cv,
    "path_count": path_count,
    "end_to_end_gap": end_to_end_gap,
    "effective_density": effective_density,
    "spectral_gap": mean_gap,
}


@functools.cache
def net(seed=0):
    return family_net("uniform", [30, 24, 16, 8], 0.14, seed=seed)
