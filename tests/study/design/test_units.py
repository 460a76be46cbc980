from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.small_studies import RECIPE, REGIME, UNIFORM, study
from topograph.errors import ParameterError
from topograph.study.design.units import chunks_of, units_of
from topograph.study.execution.running import Resources, chunks_left

WIDE = study(
    topologies=[
        UNIFORM | {"count": 3, "relabellings": 1},
        {"family": "balanced", "own_edges": True},
        {"family": "continuous", "count": 2, "repaired": True},
        UNIFORM | {"first_seed": 3, "seeds": 1},
    ],
    regimes=[REGIME, REGIME | {"name": "dense", "densities": [0.4], "data": ["digits"]}],
    data=["digits", "mnist"],
    seeds=2,
    rate_factors=[1.0, 2.0, 3.0],
    n_validation=7,
    recipe=RECIPE | {"factors": {"relu_logits": [True, False]}},
)
KEYS = [unit.key for unit in units_of(WIDE)]


def test_runs_have_different_keys():
    assert len(set(KEYS)) == len(KEYS)
    starts = ((6 + 1 + 4) * 2 + 2) * (2 + 1)
    assert len(KEYS) == starts * 2 * 3


def test_topologies_of_fewer_seeds_take_the_first_ones():
    one = study(seeds=[5, 3], topologies=[UNIFORM, {"family": "balanced", "seeds": 1}])
    found = [(unit.topology.family, unit.seed) for unit in units_of(one)]
    assert sorted(found) == [("balanced", 5)] + [("uniform", 3)] * 2 + [("uniform", 5)] * 2


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 7))
def test_shards_share_the_runs_out(members, parts):
    found = [
        unit.key
        for part in range(1, parts + 1)
        for chunk in chunks_left(WIDE, Resources(members=members, shard=(part, parts)), set())
        for unit in chunk.units
    ]
    assert sorted(found) == sorted(KEYS)


@settings(max_examples=30)
@given(st.integers(1, 40), st.sets(st.sampled_from(KEYS)))
def test_what_is_done_is_left_out_and_nothing_else(members, finished):
    left = list(chunks_left(WIDE, Resources(members=members), finished))
    assert all(chunk.units for chunk in left)
    keys = [unit.key for chunk in left for unit in chunk.units]
    assert len(keys) == len(set(keys))
    assert set(keys) == set(KEYS) - finished


@settings(max_examples=30)
@given(st.integers(1, 40))
def test_a_chunk_is_of_one_kind_and_has_all_rates_of_its_masks(members):
    seen = set()
    for chunk in chunks_of(WIDE, members):
        units = chunk.units
        assert {(u.data, u.variant.name, u.seed) for u in units} == {
            (chunk.data, chunk.variant.name, chunk.seed)
        }
        assert len({unit.topology.stratum for unit in units}) == 1
        rates = {}
        for unit in units:
            rates.setdefault(unit.topology.name, []).append(unit.rate_factor)
        assert set(map(tuple, rates.values())) == {(1.0, 2.0, 3.0)}
        assert len(units) <= max(members, 3)
        runs = {(name, chunk.data, chunk.variant.name, chunk.seed) for name in rates}
        assert not runs & seen
        seen |= runs


def keys(**changes):
    return {unit.key for unit in units_of(study(**changes))}


@pytest.mark.parametrize(
    "changes",
    [
        {"data": ["mnist"]},
        {"recipe": RECIPE | {"momentum": 0.8}},
        {"recipe": RECIPE | {"n_steps": 21}},
        {"recipe": RECIPE | {"relu_logits": True}},
        {"recipe": {"base": "alford2018", "n_steps": 20}},
        {"seeds": [1]},
        {"n_validation": 5},
        {"topologies": [UNIFORM | {"first_seed": 2}]},
        {"topologies": [UNIFORM | {"family": "balanced"}]},
        {"topologies": [UNIFORM | {"family": "small-world", "options": {"rewiring": 0.3}}]},
        {"regimes": [REGIME | {"densities": [0.3]}]},
        {"regimes": [REGIME | {"widths": [64, 24, 17, 10]}]},
        {"regimes": [REGIME | {"allocation": "erk"}]},
        {"regimes": [REGIME | {"append_dense": 10}]},
    ],
    ids=str,
)
def test_a_key_says_all_that_matters(changes):
    assert not keys() & keys(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other"},
        {"question": "why?"},
        {"regimes": [REGIME | {"name": "other"}]},
        {"topologies": [UNIFORM | {"name": "random", "role": "sampled", "own_edges": True}]},
        {"recipe": {"variants": [{"name": "mine"}], **RECIPE}},
        {"recipe": RECIPE | {"factors": {"relu_logits": [False]}}},
        {"statistics": {"primaries": ["path_count_cv"]}},
        {"confirmation": ["digits"]},
    ],
    ids=str,
)
def test_a_key_says_nothing_else(changes):
    assert keys() == keys(**changes)


def test_the_order_of_topologies_does_not_matter():
    sources = [UNIFORM, {"family": "balanced"}, {"family": "continuous"}]
    assert keys(topologies=sources) == keys(topologies=sources[::-1])


def test_more_of_everything_keeps_the_runs_there_were():
    more = keys(
        seeds=2,
        topologies=[UNIFORM | {"count": 3}],
        relabellings=1,
        data=["digits", "mnist"],
        regimes=[REGIME | {"densities": [0.25, 0.3]}],
    )
    assert keys() < more


def test_rates_and_labellings_are_in_the_key():
    found = study(rate_factors=[1.0, 2.0], n_validation=5, relabellings=1)
    units = list(units_of(found))
    assert len({unit.key for unit in units}) == 8
    one = units[0]
    renamed = dataclasses.replace(one, variant=dataclasses.replace(one.variant, name="x"))
    assert renamed.key == one.key


def test_shards_and_numbers_must_be_possible():
    for shard in ((0, 2), (3, 2), (1, 0)):
        with pytest.raises(ParameterError, match="shard"):
            Resources(shard=shard)
    for name in ("jobs", "members"):
        with pytest.raises(ParameterError, match=name):
            Resources(**{name: 0})
