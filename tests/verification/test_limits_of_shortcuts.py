"""Nets on which a short way to a verdict must not say more than it has seen."""

from __future__ import annotations

import numpy as np
import pytest

from topograph.biadjacency import Sparse
from topograph.generators import graphchallenge_net
from topograph.graph import chain
from topograph.report import Certificate
from topograph.verification.complete_layers import symmetry_by_complete_layer
from topograph.verification.hubs import connectedness_by_hubs
from topograph.verification.quotient import merge_twins
from topograph.verification.quotient_counts import count_by_symmetric_end
from topograph.verification.spreading import end_where_one_unit_spreads


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


@pytest.mark.parametrize(("n_classes", "proved"), [(39, True), (40, False), (44, False)])
def test_sums_that_do_not_fit_a_word_prove_nothing(n_classes, proved):
    """Of two edges a unit, the powers of 3 fit 63 bits up to 39 classes."""
    mask = np.eye(n_classes) + np.roll(np.eye(n_classes), 1, axis=1)
    levels = list(merge_twins(chain([Sparse.from_matrix(mask)]), "backward"))
    assert levels[1].proved == proved


def test_the_end_has_no_layer_more_than_is_needed():
    net = graphchallenge_net(64, 7)
    part = end_where_one_unit_spreads(net, "forward")
    assert part.layers[-1].name == net.layers[-1].name
    assert len(part.layers) == 2
