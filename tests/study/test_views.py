from __future__ import annotations

import itertools
import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.study.small_studies import REGIME, UNIFORM, study
from topograph.errors import ParameterError
from topograph.study.views import (
    environment_of,
    judged_outcome,
    property_column,
    rate_views,
    sampled,
    split_confirmation,
    study_table,
)

RATES = (0.5, 1.0, 4.0)
TUNED = study(rate_factors=list(RATES), n_validation=5, seeds=2)


def made(seed, count=5, rates=RATES):
    """Rows as collected, with ties and diverged runs."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        for data in ("digits", "mnist"):
            for rate in rates:
                for one in range(2):
                    value = int(random.integers(5))
                    rows.append(
                        {
                            "unit": f"{number} {data} {rate} {one}",
                            "topology": f"t{number}",
                            "labelling": number % 2,
                            "data": data,
                            "variant": "modern",
                            "regime": "small",
                            "stratum": f"small {number % 2}",
                            "family": "uniform",
                            "role": "named",
                            "seed": one,
                            "rate_factor": rate,
                            "validation_accuracy": None if value == 0 else value / 4,
                            "test_accuracy": None if value == 0 else float(random.random()),
                            "n_classes": 10,
                            "predicts_all": value > 2,
                            "n_layers": 2,
                            "n_edges": 30,
                            "edges.1": 10,
                            "edges.2": 20,
                            "metric.reach": [None, 1, 2.5, 2.5, -4, True][number],
                            "metric.width": number * 1.0,
                        }
                    )
    return rows


def tuned_by_hand(rows):
    chosen = []
    for row in rows:
        mine = [
            one
            for one in rows
            if all(one[name] == row[name] for name in ("data", "topology", "labelling", "variant"))
        ]
        means = {
            rate: statistics.fmean(
                one["validation_accuracy"] or 0.0 for one in mine if one["rate_factor"] == rate
            )
            for rate in RATES
        }
        best = max(means.values())
        ties = [rate for rate, mean in means.items() if mean >= best - 1e-9]
        rate = min(ties, key=lambda one: (abs(math.log(one)), one))
        if row["rate_factor"] == rate:
            chosen.append(row["unit"])
    return chosen


@given(st.integers(0, 10_000))
def test_the_tuned_view_has_the_best_rate_of_every_net_and_the_fixed_one_the_factor_1(seed):
    rows = made(seed)
    views = rate_views(rows, TUNED)
    assert list(views) == ["tuned", "fixed"]
    assert [row["unit"] for row in views["tuned"]] == tuned_by_hand(rows)
    fixed = [row["unit"] for row in rows if row["rate_factor"] == 1]
    assert [row["unit"] for row in views["fixed"]] == fixed


def test_with_one_rate_there_is_one_view():
    rows = made(0, rates=(1.0,))
    assert rate_views(rows, study()) == {"fixed": rows}


def test_a_net_that_diverged_is_right_by_chance():
    assert judged_outcome({"test_accuracy": None, "n_classes": 4}) == 0.25
    assert judged_outcome({"test_accuracy": 0.0, "n_classes": 4}) == 0.0
    assert judged_outcome({"test_accuracy": 0.7, "n_classes": 4}) == 0.7


def test_the_environment_names_the_variant_where_there_are_several():
    row = made(0)[0]
    assert environment_of(row, study()) == "digits, small"
    several = study(recipe={"base": "modern", "factors": {"l2": [0.1, 0.0]}})
    assert environment_of(row, several) == "digits, small, modern"


def test_series_and_repaired_nets_are_not_sampled():
    rows = [{"role": "sampled"}, {"role": "dose"}, {"role": "twin", "factor.repaired": False},
            {"role": "named", "factor.repaired": True}, {"role": "named"}]  # fmt: skip
    assert sampled(rows) == [rows[0], rows[2], rows[4]]


def test_confirmation_is_split_off_by_data_or_regime():
    rows = [{"data": data, "regime": regime} for data in ("digits", "mnist") for regime in "ab"]
    regimes = [REGIME | {"name": "a"}, REGIME | {"name": "b", "densities": [0.3]}]
    specification = study(regimes=regimes, data=["digits", "mnist"], confirmation=["mnist", "b"])
    finding, confirming = split_confirmation(rows, specification)
    assert finding == [{"data": "digits", "regime": "a"}]
    assert confirming == rows[1:]
    assert split_confirmation(rows, study()) == (rows, [])


def composite_by_hand(parts, rows, cells):
    """Mean over the parts of the share of rows of the cell that are lower, ties half."""
    column = []
    for at, cell in enumerate(cells):
        ranks = []
        for part in parts:
            sign, name = (-1, part[1:]) if part.startswith("-") else (1, part)
            here = [
                sign * float(row[f"metric.{name}"])
                for row, place in zip(rows, cells, strict=True)
                if place == cell and row[f"metric.{name}"] is not None
            ]
            value = rows[at][f"metric.{name}"]
            if value is None:
                ranks.append(math.nan)
                continue
            value = sign * float(value)
            lower = sum(one < value for one in here) + sum(one == value for one in here) / 2
            ranks.append(lower / len(here))
        column.append(statistics.fmean(ranks))
    return column


@given(st.permutations(range(6)), st.lists(st.booleans(), min_size=2, max_size=2))
def test_a_composite_is_the_mean_rank_within_cells(order, turned):
    rows = [
        {"metric.a": [1.0, None, 3.0, 3.0, -2.0, 7.0][at], "metric.b": [0, 1, 1, None, 1, 5][at]}
        for at in order
    ]
    cells = ["x", "x", "y", "x", "y", "x"]
    parts = [f"-{name}" if flag else name for name, flag in zip("ab", turned, strict=True)]
    plan = study().statistics
    plan = type(plan)(composites={"both": tuple(parts)})
    found = property_column("both", rows, cells, plan)
    assert found == pytest.approx(composite_by_hand(parts, rows, cells), nan_ok=True)
    assert property_column("a", rows, cells, plan) == pytest.approx(
        [math.nan if row["metric.a"] is None else row["metric.a"] for row in rows], nan_ok=True
    )


def test_a_property_that_was_not_measured_is_named():
    with pytest.raises(ParameterError, match="one of reach, width, but it is 'height'"):
        property_column("height", made(0), [], study().statistics)


def test_the_table_of_a_study_has_its_columns_and_controls():
    plan = type(study().statistics)(primaries=("reach",), exploratory=("width",))
    specification = study()
    object.__setattr__(specification, "statistics", plan)
    rows = made(1, rates=(1.0,))
    table = study_table(rows, specification)
    assert table.n_rows == len(rows) == 20
    assert (table.properties, table.controls) == (
        ("reach", "width"),
        ("log_edges_1", "log_edges_2"),
    )
    assert table.arrays["outcome"].tolist() == [judged_outcome(row) for row in rows]
    assert set(table.arrays["log_edges_2"]) == {math.log(20)}
    assert np.isnan(table.arrays["reach"]).sum() == 4
    assert table.arrays["predicts_all"].tolist() == [row["predicts_all"] for row in rows]
    deeper = [dict(row) for row in rows]
    for row in deeper[::2]:
        row |= {"n_layers": 3, "edges.3": 1, "regime": "deep", "topology": row["topology"] + "d"}
    mixed = study_table(deeper, specification)
    assert mixed.controls == ("log_edges", "log_edges_first", "log_edges_last", "n_layers")
    assert mixed.arrays["log_edges_last"].tolist()[:2] == [0.0, math.log(20)]


def test_sources_without_a_name_have_that_of_their_family():
    assert study(topologies=[UNIFORM]).topologies[0].name == "uniform"


def test_equal_sums_of_ranks_are_ties():
    """(0.5 + 3.5) / 12 and (1.5 + 2.5) / 12 differ in the last bit."""
    orders = itertools.permutations(range(6))
    for order in itertools.islice(orders, 0, 720, 7):
        rows = [{"metric.one": float(at), "metric.two": float(order[at])} for at in range(6)]
        plan = study().statistics
        plan = type(plan)(composites={"both": ("one", "two")})
        found = property_column("both", rows, ["cell"] * 6, plan)
        assert len(set(found)) == len({at + order[at] for at in range(6)})
