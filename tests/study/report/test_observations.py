from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from topograph.study.report.observations import cell_name, family_cells, grouped, topology_means


@pytest.fixture(scope="module")
def cells(study):
    return family_cells(study[0], study[1])


def test_accuracy_of_a_family_is_the_mean_over_topologies_of_their_means(study, cells):
    one = cells[5]
    nets = [
        row
        for row in study[0]
        if (f"{row['data']}, {row['regime']}", row["stratum"], row["family"])
        == (one.environment, one.stratum, one.family)
    ]
    accuracies = np.array(
        [0.1 if row["test_accuracy"] is None else row["test_accuracy"] for row in nets]
    )
    names = np.array([row["topology"] for row in nets])
    means = [accuracies[names == name].mean() for name in sorted(set(names))]
    assert one.n_nets == len(nets)
    assert one.mean == pytest.approx(np.mean(means))
    assert one.spread == pytest.approx(np.std(means, ddof=1))


def test_every_net_outside_dose_series_is_in_one_cell(study, cells):
    assert sum(one.n_nets for one in cells) == sum(row["role"] != "dose" for row in study[0])
    assert sum(one.n_failed for one in cells) == sum(
        not row["predicts_all"] for row in study[0] if row["role"] != "dose"
    )
    assert "moved pairs" not in {one.family for one in cells}


def test_repaired_nets_are_in_no_cell(study):
    rows = [row | {"factor.repaired": at % 2 == 0} for at, row in enumerate(study[0])]
    kept = sum(row["role"] != "dose" and not row["factor.repaired"] for row in rows)
    assert sum(one.n_nets for one in family_cells(rows, study[1])) == kept


def test_intervals_are_wilsons_over_topologies(cells):
    failing = [one for one in cells if one.n_failed]
    assert failing
    for one in failing:
        expected = proportion_confint(one.n_topologies_failed, one.n_topologies, method="wilson")
        assert one.interval == pytest.approx(expected)
        assert 0 < one.n_topologies_failed <= min(one.n_failed, one.n_topologies)


def test_cells_go_from_sparse_to_dense(cells):
    by_place = grouped(cells, (one.environment for one in cells))
    for here in by_place.values():
        densities = [one.density for one in here]
        assert densities == sorted(densities)


def test_a_diverged_net_counts_as_a_guess():
    nets = [
        {"topology": "a", "test_accuracy": None, "n_classes": 10},
        {"topology": "a", "test_accuracy": 0.5, "n_classes": 10},
    ]
    assert topology_means(nets) == {"a": pytest.approx(0.3)}


def test_a_cell_is_named_without_saying_its_regime_twice():
    assert cell_name("mnist, lenet, plain", "lenet 0.01") == "mnist, lenet 0.01, plain"
    assert cell_name("mnist, len", "lenet 0.01") == "mnist, len, lenet 0.01"
