"""Cuts that degrees and matchings alone must not claim."""

from __future__ import annotations

import numpy as np
import pytest

from topograph import metrics
from topograph.biadjacency import Sparse
from topograph.flows import minimum_unit_cut
from topograph.graph import Layer, LayeredGraph, chain

SHARED = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]])


@pytest.mark.parametrize("mask", [SHARED, SHARED.T], ids=["equal fan-outs", "equal fan-ins"])
def test_equal_fans_of_one_side_alone_decide_nothing(mask):
    """Three units of four share two neighbours."""
    assert metrics.vertex_disjoint_paths(chain([Sparse.from_matrix(mask)])) == 3


def test_a_skip_that_carries_nothing_widens_no_cut():
    layers = [
        Layer("in", 0, 1, Sparse.from_matrix(np.ones((4, 1)))),
        Layer("out", 1, 2, Sparse.from_matrix(np.ones((1, 4)))),
        Layer("skip", 0, 2, Sparse.from_matrix(np.zeros((4, 4)))),
    ]
    cut = minimum_unit_cut(LayeredGraph([4, 1, 4], layers))
    assert (cut.size, cut.method) == (1, "degrees")


def test_matchings_go_on_from_the_units_that_were_reached():
    """Units 2, 3 and 4 have two inputs alone, and each an output of its own."""
    first = np.zeros((5, 5))
    first[:2, 2:] = first[2:, :2] = 1
    second = np.zeros((5, 4))
    second[[0, 1, 2, 3, 4], [0, 0, 1, 2, 3]] = 1
    cut = minimum_unit_cut(chain([Sparse.from_matrix(first), Sparse.from_matrix(second)]))
    assert (cut.size, cut.method) == (3, "flow")
