"""Shares of variance and orders that examples/second_look.py prints are those of libraries."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from tests.examples.document_sections import line, section
from tests.examples.planted_runs import row
from topograph.study.statistics import variance_components


@pytest.fixture
def uneven():
    """One cell: 30 topologies with one to three labellings, these with one or two seeds."""
    random = np.random.default_rng(5)
    rows = []
    for at in range(30):
        reach, spread, gap = (float(value) for value in random.integers(9, size=3))
        more = {
            "metric.connected_pair_fraction": reach,
            "metric.path_count_cv": spread,
            "metric.spectral_gap.mean": gap - reach,
        }
        level = 0.3 + 0.03 * reach + 0.05 * random.random()
        for labelling in range(random.integers(1, 4)):
            there = level + 0.06 * random.standard_normal()
            for seed in range(random.integers(1, 3)):
                value = there + 0.03 * random.standard_normal()
                rows.append(row(f"t{at}", value, labelling=labelling, seed=seed, **more))
    return rows


def test_shares_of_variance_are_those_of_nested_components(look, uneven):
    columns = [
        [one[name] for one in uneven] for name in ("test_accuracy", "topology", "labelling", "seed")
    ]
    expected = variance_components(*columns)
    found = line(look.document("main", uneven), "Whose variance it is", "mnist", "lenet 0.01")
    shares = (expected.topology_share, expected.labelling_share, expected.seed_share)
    assert found[-3:] == [f"{100 * share:.0f}" for share in shares]
    assert expected.labelling_share > 0.1


def means_by_hand(rows, values):
    """Mean over seeds, then labellings, of each topology."""
    means = {}
    for one, value in zip(rows, values, strict=True):
        means.setdefault(one["topology"], {}).setdefault(one["labelling"], []).append(value)
    return np.array(
        [np.mean([np.mean(seeds) for seeds in nets.values()]) for nets in means.values()]
    )


def test_orders_and_degrees_are_those_of_scipy(look, uneven):
    accuracies = [one["test_accuracy"] for one in uneven]
    of_accuracy = means_by_hand(uneven, accuracies)
    of_rank = means_by_hand(uneven, stats.rankdata(accuracies))
    reach, spread, gap = (
        means_by_hand(uneven, [one[f"metric.{name}"] for one in uneven])
        for name in ("connected_pair_fraction", "path_count_cv", "spectral_gap.mean")
    )
    connectivity = stats.rankdata(reach) + stats.rankdata(-spread)
    found = look.document("main", uneven)
    title = "How properties order topologies"
    for name, values in (("connectivity", connectivity), ("spectral_gap.mean", gap)):
        expected = [stats.kendalltau(values, told).statistic for told in (of_rank, of_accuracy)]
        cells = line(found, title, name)
        assert cells == [f"{tau:+.2f}" for tau in expected] + ["-", "-"] + cells[:2]
    assert len(line(found, title, "mnist", "lenet 0.01")) == 9

    # fans and singular values are not in the table: what needs them has no value
    by_accuracy, by_rank = (
        cells[2:]
        for cells in section(found, "Degrees against connectivity")[0]
        if cells[:2] == ["mnist", "lenet 0.01"]
    )
    assert by_accuracy[:5] == ["30", "-", "-", "-", "-"]
    r = stats.pearsonr(connectivity, stats.rankdata(of_accuracy)).statistic
    assert by_accuracy[5] == f"{r**2:.2f}"
    assert by_accuracy[6] == f"{stats.spearmanr(gap, of_accuracy).statistic:+.2f}"
    assert by_rank[5] == f"{stats.pearsonr(connectivity, of_rank).statistic ** 2:.2f}"


def test_explained_and_partial_are_those_of_least_squares(look):
    del look
    import second_look_predictors as predictors

    random = np.random.default_rng(2)
    outcome, one, other = random.standard_normal((3, 12))
    r, a, b = (
        stats.pearsonr(*pair).statistic for pair in ((outcome, one), (outcome, other), (one, other))
    )
    both = (r**2 + a**2 - 2 * r * a * b) / (1 - b**2)
    assert predictors.explained(outcome, [one, other]) == pytest.approx(both)
    partial = (r - a * b) / np.sqrt((1 - a**2) * (1 - b**2))
    assert predictors.correlation(outcome, one, [other]) == pytest.approx(partial)
