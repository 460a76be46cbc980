"""A walk goes as far as it can within its bounds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.generators.net_to_dose import mean_gap, net
from tests.generators.realisations import realisations
from topograph.biadjacency import Sparse
from topograph.generators.guided_swaps import walk
from topograph.generators.path_properties import wiring_of
from topograph.graph import chain
from topograph.toy import butterfly


@pytest.mark.parametrize(
    ("moved", "defined"),
    [
        ("connected_pair_fraction", lambda paths: np.count_nonzero(paths) / paths.size),
        ("path_count_cv", lambda paths: paths.std() / paths.mean()),
    ],
)
def test_a_walk_finds_the_extremes_of_all_nets_with_the_degrees(moved, defined):
    layers = two_regular_layers(4)
    every = [defined(one @ other) for one, other in itertools.product(layers, repeat=2)]
    found = []
    for direction in (-1, 1):
        rng = np.random.default_rng(direction + 1)
        stops = walk(wiring_of(butterfly()), moved, direction, [], 0.1, 300, rng, same_status=True)
        found.append(stops[-1].value)
    assert found == pytest.approx([min(every), max(every)])


def two_regular_layers(width):
    layers = []
    for cells in realisations([2] * width, [2] * width):
        layer = np.zeros(width * width, dtype=np.int64)
        layer[list(cells)] = 1
        layers.append(layer.reshape(width, width))
    return layers


@settings(max_examples=10)
@given(st.integers(0, 2**20))
def test_all_stops_of_a_walk_are_within_bounds(seed):
    start = wiring_of(net())
    rng = np.random.default_rng(seed)
    held = ["spectral_gap"]
    stops = walk(start, "path_count_cv", 1, held, 0.01, 20, rng, same_status=True)
    gap = mean_gap(net())
    for stop in stops:
        shapes = [layer.shape for layer in net().layers]
        ends = zip(start.sources, stop.targets, shapes, strict=True)
        assert mean_gap(chain([Sparse.from_edges(*each) for each in ends])) == pytest.approx(
            gap, rel=0.01
        )
