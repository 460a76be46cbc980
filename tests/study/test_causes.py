from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import apportioned_causes


def shapley_by_orders(values, factors):
    """The definition: the mean change over all orders of mending; values by frozenset."""
    found = dict.fromkeys(factors, 0.0)
    for order in itertools.permutations(factors):
        mended = frozenset()
        for factor in order:
            found[factor] += values[mended | {factor}] - values[mended]
            mended |= {factor}
    return {factor: total / math.factorial(len(factors)) for factor, total in found.items()}


def factorial(value, factors, *, topologies=4, seeds=2, n_strata=1):
    """Rows of a full factorial; ``value(mended, topology, seed)`` is the outcome of a row."""
    rows = list(itertools.product(range(topologies * n_strata), range(seeds), subsets(factors)))
    return {
        "outcome": [value(mended, topology, seed) for topology, seed, mended in rows],
        "mends": {name: [name in mended for _, _, mended in rows] for name in factors},
        "blocks": [f"{topology} {seed}" for topology, seed, _ in rows],
        "topologies": [topology for topology, _, _ in rows],
        "strata": [topology % n_strata for topology, _, _ in rows],
    }


def subsets(factors):
    sizes = range(len(factors) + 1)
    chosen = itertools.chain.from_iterable(itertools.combinations(factors, n) for n in sizes)
    return [frozenset(one) for one in chosen]


def game(random, factors):
    return {subset: float(random.integers(-5, 6)) for subset in subsets(factors)}


def apportioned(columns, **options):
    return apportioned_causes(**columns, **({"n_resamples": 50} | options))


def values_of(found):
    return {frozenset(corner.mended): corner.outcome.value for corner in found.corners}


def without(columns, row):
    """The columns less one row."""
    return {
        name: {factor: np.delete(one, row) for factor, one in column.items()}
        if name == "mends"
        else np.delete(np.array(column), row)
        for name, column in columns.items()
    }


def test_three_causes_of_a_hand_sized_example():
    # A net fails unless the logits are linear and either the init or the decay is mended.
    def fails(mended, *_):
        return int(not ("logits" in mended and ("init" in mended or "decay" in mended)))

    found = apportioned(factorial(fails, ("logits", "init", "decay"))).overall
    parts = {cause.name: cause for cause in found.causes}
    # Of the 6 orders the last to come in time: logits in 4, init in 1, decay in 1.
    assert parts["logits"].shapley.value == pytest.approx(-4 / 6)
    assert parts["init"].shapley.value == pytest.approx(-1 / 6)
    assert parts["decay"].shapley.value == pytest.approx(-1 / 6)
    # Logits mend three of the four combinations of the others, init and decay one each.
    assert [cause.main_effect.value for cause in found.causes] == [-0.75, -0.25, -0.25]
    assert parts["logits"].share == pytest.approx(2 / 3)
    assert (found.difference.value, found.remaining.value) == (-1, 0)
    assert values_of(found)[frozenset({"logits"})] == 1
    assert [corner.mended for corner in found.corners][:3] == [(), ("logits",), ("init",)]
    assert (found.n_topologies, found.n_blocks, found.n_left_out) == (4, 8, 0)


@given(st.integers(0, 10_000), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_values_are_those_of_all_orders_and_add_up(seed, count):
    factors = "abcde"[:count]
    random = np.random.default_rng(seed)
    values = game(random, factors)
    columns = factorial(lambda mended, *_: values[mended], factors, topologies=1, seeds=1)
    found = apportioned(columns).overall
    expected = shapley_by_orders(values, factors)
    assert {cause.name: cause.shapley.value for cause in found.causes} == pytest.approx(expected)
    total = sum(cause.shapley.value for cause in found.causes)
    assert total == pytest.approx(found.difference.value, abs=1e-9)
    assert found.difference.value == values[frozenset(factors)] - values[frozenset()]
    for cause in found.causes:
        changes = [
            values[one | {cause.name}] - values[one] for one in values if cause.name not in one
        ]
        assert cause.main_effect.value == pytest.approx(np.mean(changes))


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_factors_that_do_the_same_have_the_same_part(seed):
    values = game(np.random.default_rng(seed), "abc")

    def symmetric(mended, *_):
        count = len(mended & {"a", "b"})
        return values[frozenset("ab"[:count]) | (mended & {"c"})]

    found = apportioned(factorial(symmetric, "abc")).overall
    one, other, _ = (cause.shapley.value for cause in found.causes)
    assert one == pytest.approx(other, abs=1e-12)


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_factor_that_does_nothing_has_no_part(seed):
    values = game(np.random.default_rng(seed), "ab")
    found = apportioned(factorial(lambda mended, *_: values[mended - {"c"}], "abc")).overall
    assert found.causes[2].shapley.value == pytest.approx(0, abs=1e-12)
    assert found.causes[2].main_effect.value == pytest.approx(0, abs=1e-12)
    assert found.causes[2].shapley.interval is None  # all topologies say the same
    alone = apportioned(factorial(lambda mended, *_: values[mended], "ab")).overall
    for one, other in zip(found.causes[:2], alone.causes, strict=True):
        assert one.shapley.value == pytest.approx(other.shapley.value)


def noisy(seed, **design):
    """Failures with a chance of their own for each topology, the same in all its corners."""
    random = np.random.default_rng(seed)
    level = random.normal(0, 1, 100)

    def value(mended, topology, _):
        return level[topology] - 2 * ("a" in mended) - ("b" in mended) + 0.3 * random.normal()

    return factorial(value, "ab", **design)


def test_pairs_within_blocks_take_the_topologies_out_of_the_interval():
    found = apportioned(noisy(0, topologies=40), n_resamples=500).overall
    effect, corner = found.causes[0].shapley.interval, found.corners[0].outcome.interval
    assert effect.low < -2 < effect.high
    assert effect.high - effect.low < 0.3 * (corner.high - corner.low)


def test_an_interval_is_that_of_resampled_topologies():
    columns = noisy(1, topologies=30)
    found = apportioned(columns, n_resamples=4000).overall
    cube = np.array(columns["outcome"]).reshape(30, 2, 4).mean(axis=1)
    effects = (cube[:, 1] - cube[:, 0] + cube[:, 3] - cube[:, 2]) / 2
    random = np.random.default_rng(9)
    means = effects[random.integers(30, size=(4000, 30))].mean(axis=1)
    assert found.causes[0].main_effect.value == pytest.approx(effects.mean())
    interval = found.causes[0].main_effect.interval
    expected = np.quantile(means, [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=0.02)


def test_the_interval_holds_the_truth_as_often_as_it_says():
    hits = 0
    for seed in range(200):
        part = apportioned(noisy(seed, topologies=25, seeds=1), n_resamples=300, level=0.9).overall
        interval = part.causes[0].shapley.interval
        hits += interval.low <= -2 <= interval.high
    assert 0.82 <= hits / 200 <= 0.95


def test_more_seeds_do_not_weigh_a_topology_more():
    columns = factorial(lambda mended, topology, _: topology * len(mended), "ab", topologies=3)
    kept = [
        row
        for row, (topology, block) in enumerate(
            zip(columns["topologies"], columns["blocks"], strict=True)
        )
        if topology == 0 or block.endswith(" 0")
    ]
    columns = without(columns, np.setdiff1d(np.arange(24), kept))
    assert apportioned(columns).overall.difference.value == pytest.approx((0 + 2 + 4) / 3)


def test_strata_are_apportioned_alone_and_together():
    def value(mended, topology, _):
        return len(mended) * (1 + topology % 2)

    found = apportioned(factorial(value, "ab", n_strata=2))
    assert [one.difference.value for one in found.strata] == [2, 4]
    assert found.overall.difference.value == 3
    assert [one.stratum for one in (found.overall, *found.strata)] == [None, "0", "1"]


def test_blocks_that_lack_a_corner_are_left_out_and_counted():
    columns = factorial(lambda mended, topology, _: topology + len(mended), "ab")
    found = apportioned(without(columns, 1)).overall
    assert (found.n_blocks, found.n_left_out, found.n_topologies) == (7, 1, 4)
    assert found.difference.value == 2


def test_a_stratum_without_complete_blocks_says_what_is_missing():
    columns = factorial(lambda mended, *_: len(mended), "ab", n_strata=2)
    both = np.array(columns["mends"]["a"]) & np.array(columns["mends"]["b"])
    lacking = np.flatnonzero(both & (np.array(columns["strata"]) == 1))
    found = apportioned(without(columns, lacking))
    assert found.strata[1].undefined == "no block has a row with only a and b mended"
    assert (found.strata[1].n_blocks, found.strata[1].n_left_out) == (0, 8)
    assert found.strata[0].undefined is None
    assert found.overall.n_blocks == 8
    with pytest.raises(Undefined, match="no block has a row with nothing mended"):
        apportioned(without(columns, np.flatnonzero(~both)))


def test_two_topologies_have_no_interval():
    found = apportioned(factorial(lambda mended, *_: len(mended), "ab", topologies=2)).overall
    assert found.difference.interval is None
    assert found.difference.value == 2


def test_a_change_of_nothing_has_no_shares():
    found = apportioned(factorial(lambda mended, *_: len(mended) == 1, "ab")).overall
    assert [cause.share for cause in found.causes] == [None, None]


def test_columns_that_are_no_factorial_are_refused():
    columns = factorial(lambda *_: 1, "ab")
    with pytest.raises(ParameterError, match="comes twice in '0 0'"):
        apportioned(columns | {"mends": {"a": columns["mends"]["a"], "b": [0] * 32}})
    with pytest.raises(ParameterError, match="one topology, but '0 0' has two"):
        apportioned(columns | {"topologies": range(32)})
    with pytest.raises(ParameterError, match="one stratum"):
        apportioned(columns | {"strata": range(32)})
    with pytest.raises(ParameterError, match="a must hold only True and False"):
        apportioned(columns | {"mends": {"a": [2] * 32}})
    with pytest.raises(ParameterError, match="one to ten factors"):
        apportioned(columns | {"mends": {}})
