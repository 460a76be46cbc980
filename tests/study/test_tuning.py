from __future__ import annotations

import itertools
import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics import fixed_rows, learning_rate_basin, tuned_rows

FACTORS = (0.1, 0.5, 1.0, 2.0, 10.0)


def runs(seed, count=60):
    """Columns with gaps and ties: few accuracies, some diverged."""
    random = np.random.default_rng(seed)
    accuracy = [
        None if value == 0 else value / 5 for value in random.integers(6, size=count).tolist()
    ]
    return (
        random.choice(["digits", "mnist"], count),
        random.choice(["", "modern"], count),
        random.choice(["aa", "bb"], count),
        random.integers(2, size=count),
        random.choice(FACTORS, count),
        accuracy,
    )


def one_net(factors, accuracy):
    count = len(factors)
    return ["mnist"] * count, [""] * count, ["aa"] * count, [0] * count, factors, accuracy


def best_by_hand(factors, accuracy):
    means = {
        factor: statistics.fmean(
            value or 0.0 for value, at in zip(accuracy, factors, strict=True) if at == factor
        )
        for factor in set(factors)
    }
    top = max(means.values())
    ties = [factor for factor, mean in means.items() if mean > top - 1e-9]
    return min(ties, key=lambda factor: (round(max(factor, 1 / factor), 9), factor)), means


@given(st.integers(0, 10_000))
def test_each_group_keeps_the_rows_of_its_best_factor(seed):
    columns = runs(seed)
    found = tuned_rows(*columns)
    keys = list(zip(*(column.tolist() for column in columns[:4]), strict=True))
    chosen = {
        (one.data, one.variant, one.topology, int(one.labelling)): one for one in found.chosen
    }
    assert set(chosen) == set(keys)
    for key, one in chosen.items():
        rows = [row for row, at in enumerate(keys) if at == key]
        factors = columns[4][rows].tolist()
        best, means = best_by_hand(factors, [columns[5][row] for row in rows])
        assert one.rate_factor == best
        assert one.mean_accuracy == pytest.approx(means[best])
        assert [bool(found.rows[row]) for row in rows] == [factor == best for factor in factors]
        assert (one.n_runs, one.n_factors) == (factors.count(best), len(means))


@given(st.integers(0, 10_000))
def test_the_order_of_the_rows_does_not_matter(seed):
    columns = runs(seed)
    order = np.random.default_rng(seed).permutation(60)
    moved = tuned_rows(*(np.array(column, dtype=object)[order].tolist() for column in columns))
    assert moved.chosen == tuned_rows(*columns).chosen
    assert (moved.rows == tuned_rows(*columns).rows[order]).all()


@pytest.mark.parametrize(
    ("accuracy", "chosen"),
    [
        ((0.5, 0.5, 0.5), 1.0),
        ((0.5, 0.2, 0.5), 0.25),  # as far from 1 as 4, and smaller
        ((None, None, 0.1), 4.0),  # a net at chance beats one that diverged
        ((None, float("nan"), None), 1.0),
        ((0.1 + 0.2, 0.3, 0.0), 1.0),  # equal but for rounding
    ],
)
def test_ties_go_to_the_factor_nearest_to_one_then_the_smaller(accuracy, chosen):
    columns = list(one_net([0.25, 1.0, 4.0], list(accuracy)))
    if not any(accuracy[:1] + accuracy[2:]):  # elsewhere a net was trained
        columns = [
            [*column, end]
            for column, end in zip(columns, ["mnist", "", "bb", 0, 1.0, 0.5], strict=True)
        ]
    assert tuned_rows(*columns).chosen[0].rate_factor == chosen


def test_one_diverged_seed_pulls_the_mean_down():
    found = tuned_rows(*one_net([1, 1, 2, 2], [0.6, 0.6, 0.95, None]))
    assert found.rows.tolist() == [True, True, False, False]


def test_a_best_factor_at_the_end_of_the_grid_is_said():
    edges = [
        tuned_rows(*one_net([0.5, 1.0, 2.0], list(accuracy))).chosen[0].is_at_edge
        for accuracy in ((0.1, 0.2, 0.3), (0.1, 0.3, 0.2), (0.3, 0.2, 0.1))
    ]
    assert edges == [True, False, True]
    assert not tuned_rows(*one_net([1.0], [0.3])).chosen[0].is_at_edge


def test_fixed_rows_are_those_of_the_recipe():
    assert fixed_rows([0.1, 1, 1.0, 10]).tolist() == [False, True, True, False]


def test_what_cannot_be_tuned_is_said():
    with pytest.raises(Undefined, match="no row has a validation accuracy"):
        tuned_rows(*one_net([1.0, 2.0], [None, None]))
    with pytest.raises(ParameterError, match="rate_factor must be positive"):
        tuned_rows(*one_net([1.0, 0.0], [0.5, 0.5]))
    with pytest.raises(ParameterError, match="validation_accuracy must be from 0 to 1"):
        tuned_rows(*one_net([1.0], [97.0]))
    with pytest.raises(ParameterError, match="a column of numbers, None where diverged"):
        tuned_rows(*one_net([1.0], ["diverged"]))


def basin(factors, accuracy, **options):
    (found,) = learning_rate_basin(*one_net(factors, accuracy), **options)
    return found


def test_a_basin_ends_where_the_line_crosses():
    found = basin([0.01, 0.1, 1.0, 10.0], [0.0, 0.80, 0.90, 0.50], within=0.02)
    # From 1: a fifth of a decade down (.9 to .8), a twentieth of one up (.9 to .5).
    assert found.width == pytest.approx(0.2 + 0.05)
    assert (found.low, found.high) == pytest.approx((10**-0.2, 10**0.05))
    assert not found.is_censored


@given(
    st.lists(st.sampled_from(FACTORS), min_size=2, max_size=5, unique=True),
    st.integers(0, 10_000),
    st.floats(0.01, 0.9),
)
def test_a_basin_is_what_a_fine_grid_finds(factors, seed, within):
    factors = sorted(factors)
    accuracy = np.random.default_rng(seed).uniform(0.05, 1, len(factors))
    decades = np.log10(factors)
    grid = np.linspace(decades[0], decades[-1], 20_001)
    inside = np.interp(grid, decades, accuracy) >= accuracy.max() - within
    start = int(np.abs(grid - decades[accuracy.argmax()]).argmin())
    up = sum(1 for _ in itertools.takewhile(bool, inside[start:]))
    down = sum(1 for _ in itertools.takewhile(bool, inside[start::-1]))
    step = grid[1] - grid[0]
    found = basin(factors, accuracy.tolist(), within=within)
    assert found.width == pytest.approx((up + down - 2) * step, abs=3 * step)
    assert math.log10(found.high / found.low) == pytest.approx(found.width)
    assert found.is_censored == bool(start + up == grid.size or start - down == -1)


def test_rates_beyond_a_gap_do_not_count():
    found = basin([0.1, 1.0, 10.0], [0.9, None, 0.9])
    assert found.width < 0.02
    assert found.is_censored


def test_a_constant_accuracy_spans_all_rates():
    found = basin([0.1, 1.0, 10.0], [0.7] * 3)
    assert (found.width, found.low, found.high) == (2.0, 0.1, 10.0)


def test_basins_without_a_width_say_why():
    assert basin([1.0, 1.0], [0.5, 0.6]).undefined == "one rate was tried"
    assert basin([1.0, 2.0], [0.1, 0.1], least_accuracy=0.2).undefined == (
        "the best mean accuracy is 0.1, below 0.2"
    )
    assert basin([1.0, 2.0], [0.0, None]).undefined == "every run diverged"
    with pytest.raises(ParameterError, match="within must be a share"):
        basin([1.0, 2.0], [0.1, 0.1], within=1)


def test_each_group_has_a_basin():
    columns = runs(3)
    found = learning_rate_basin(*columns)
    assert len(found) == len(tuned_rows(*columns).chosen)
    assert [one.best_accuracy for one in found] == [
        one.mean_accuracy for one in tuned_rows(*columns).chosen
    ]
