"""Counts of paths known by logarithm or modulo a prime."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.verification.leaving_to_primes import leave_all_to_primes
from topograph.biadjacency import Sparse
from topograph.generators import radix_net
from topograph.graph import chain
from topograph.verification import certify, check_symmetric, symmetry
from topograph.verification.challenges import _is_prime


def test_a_count_that_is_not_made_is_told_by_its_logarithm(monkeypatch):
    leave_all_to_primes(monkeypatch)
    monkeypatch.setattr(symmetry, "COUNT_EXACTLY_SECONDS", -1.0)
    facts = check_symmetric(radix_net([[2, 2, 2]] * 3, [1, 2] + [1] * 7 + [3])).facts
    assert facts["paths_per_pair"] is None
    assert facts["log10_paths_per_pair"] == pytest.approx(math.log10(8**2 * 2))


def test_counts_that_are_known_modulo_a_prime_are_certified_as_such(monkeypatch):
    leave_all_to_primes(monkeypatch)
    monkeypatch.setattr(symmetry, "REFUTE_EXACTLY_SECONDS", -1.0)
    graph = chain([Sparse.from_matrix(np.array([[1, 1, 0], [1, 1, 1]]))])
    verdict = check_symmetric(graph)
    (claim,) = certify(graph, [verdict])["claims"]
    assert claim["evidence"]["modulus"] == verdict.facts["modulo"] > 2**30


def test_squares_of_primes_are_no_primes():
    assert not _is_prime(46337**2)
    assert _is_prime(2**31 - 1)
