"""Nets on which a short way to a verdict must not say more than it has seen."""

from __future__ import annotations

import numpy as np

from topograph.biadjacency import Sparse
from topograph.graph import chain
from topograph.report import Certificate
from topograph.verification.complete_layers import symmetry_by_complete_layer
from topograph.verification.hubs import connectedness_by_hubs
from topograph.verification.quotient_counts import count_by_symmetric_end


def a_unit_a_pair(n):
    """Every pair of an input and an output has a hidden unit of its own, and no other path."""
    units = np.arange(n * n)
    return chain(
        [
            Sparse.from_edges(units // n, units, (n, n * n)),
            Sparse.from_edges(units, units % n, (n * n, n)),
        ]
    )


def test_an_end_that_is_connected_but_not_symmetric_proves_nothing():
    mask = np.eye(3) + np.roll(np.eye(3), 1, axis=1)
    assert count_by_symmetric_end(chain([Sparse.from_matrix(mask)] * 4)) is None


def test_a_unit_of_fewer_paths_amid_others_refutes():
    before = np.array([[1, 1], [1, 0], [1, 1]])
    net = chain([Sparse.from_matrix(before), Sparse.from_matrix(np.ones((2, 2)))])
    verdict = symmetry_by_complete_layer(net)
    assert verdict.holds is False
    assert [pair["paths"] for pair in verdict.facts["pairs"]] == ["1", "2"]


def test_some_hubs_alone_refute_nothing():
    found = connectedness_by_hubs(a_unit_a_pair(30), 0)  # 512 of 900 units
    assert isinstance(found, np.ndarray)
    assert found.size


def test_every_word_of_hubs_counts():
    assert isinstance(connectedness_by_hubs(a_unit_a_pair(12), 0), Certificate)
