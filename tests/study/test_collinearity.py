from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.study.statistics import collinear_groups, kendall_within_strata


def columns(seed):
    random = np.random.default_rng(seed)
    table = random.standard_normal((4, 16))
    table[1] = table[0] + 0.2 * table[1]
    return {name: column.round(1) for name, column in zip("abcd", table, strict=True)}


strata = np.repeat([0, 1], 8)


@given(st.integers(0, 10_000))
def test_pairs_have_their_tau_within_strata(seed):
    properties = columns(seed)
    found = collinear_groups(properties, strata)
    for one in "abcd":
        for other in "abcd":
            expected = kendall_within_strata(properties[one], properties[other], strata).tau
            assert found.tau[one][other] == pytest.approx(expected, abs=1e-6)


@given(st.integers(0, 10_000), st.permutations("abcd"))
def test_the_order_of_the_columns_does_not_matter(seed, order):
    properties = columns(seed)
    one = collinear_groups(properties, strata, threshold=0.3)
    other = collinear_groups({name: properties[name] for name in order}, strata, threshold=0.3)
    assert {frozenset(group) for group in one.groups} == {
        frozenset(group) for group in other.groups
    }


@given(st.integers(0, 10_000), st.floats(0.05, 0.95))
def test_no_two_groups_hold_a_pair_above_the_threshold(seed, threshold):
    found = collinear_groups(columns(seed), strata, threshold=threshold)
    assert sorted(name for group in found.groups for name in group) == list("abcd")
    for one, group in enumerate(found.groups):
        for other in found.groups[one + 1 :]:
            assert all(abs(found.tau[a][b]) <= threshold for a in group for b in other)


def test_a_mirrored_property_is_the_same_and_a_constant_one_is_alone():
    properties = {"up": [1, 2, 3], "down": [3, 2, 1], "flat": [1, 1, 1]}
    found = collinear_groups(properties, ["a"] * 3)
    assert found.groups == (("up", "down"), ("flat",))
    assert found.tau["flat"]["up"] is None


def test_agreement_between_strata_does_not_group():
    properties = {"one": [1, 2, 11, 12], "other": [2, 1, 12, 11]}
    assert len(collinear_groups(properties, list("aaaa"), threshold=0.3).groups) == 1
    assert len(collinear_groups({**properties, "third": [1, 2, 12, 11]}, list("aabb")).groups) == 2
