from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from topograph.errors import ParameterError
from topograph.study.import_report import import_report
from topograph.study.importing import ColumnMapping, import_rows
from topograph.study.statistics import analyse

QUICK = {"n_permutations": 199, "n_resamples": 100}
FULL = ColumnMapping(
    "acc",
    ("reach", "gap"),
    stratum=("model", "sparsity"),
    topology=("mask",),
    labelling="order",
    seed="run",
    family="method",
    environment=("data",),
    predicts_all="all",
    controls=("log_edges",),
)


def table(seed=0, *, effect=1.0, n_topologies=16, n_seeds=2):
    """Rows as they come from CSV: numbers are text."""
    random = np.random.default_rng(seed)
    found = []
    for at in range(2 * n_topologies):
        reach, gap, own = random.standard_normal(3)
        for data in ("mnist", "digits"):
            for run in range(n_seeds):
                accuracy = 0.8 + 0.02 * (effect * reach + 0.4 * own) + 0.005 * random.random()
                found.append(
                    {
                        "acc": f"{accuracy:.6f}",
                        "reach": f"{reach:.6f}",
                        "gap": f"{gap:.6f}" if at % 5 else "NA",
                        "model": "lenet",
                        "sparsity": 0.9 if at < n_topologies else 0.99,
                        "mask": f"m{at}",
                        "order": 0,
                        "run": run,
                        "method": f"method {at % 4}",
                        "data": data,
                        "all": "yes" if at % 3 else "no",
                        "log_edges": 9.2 if at < n_topologies else 7.1,
                        "note": "",
                    }
                )
    return found


def test_what_is_mapped_goes_where_it_belongs():
    rows = table()
    arrays = import_rows(rows, FULL).table.arrays
    assert arrays["outcome"].tolist() == [float(row["acc"]) for row in rows]
    assert arrays["stratum"].tolist() == [f"lenet, {row['sparsity']}" for row in rows]
    assert arrays["topology"].tolist() == [row["mask"] for row in rows]
    assert arrays["environment"].tolist() == [row["data"] for row in rows]
    assert arrays["family"].tolist() == [row["method"] for row in rows]
    assert arrays["predicts_all"].tolist() == [row["all"] == "yes" for row in rows]
    assert np.isnan(arrays["gap"]).tolist() == [row["gap"] == "NA" for row in rows]
    assert import_rows(rows, FULL).notes == ()


def test_a_planted_effect_is_found_and_what_has_none_is_not():
    imported = import_rows(table(), FULL)
    findings = analyse(imported.table, ["reach"], ["gap"], **QUICK)
    assert findings.primaries[0].test.p_value < 0.01
    assert findings.primaries[0].out_of_family.tau > 0.5
    assert findings.exploratory[0].test.p_value > 0.05
    assert findings.ceiling.ceiling > 0.8
    page = import_report(findings, imported.table, imported.notes)
    assert "Within strata, nets with more reach are better: tau +0." in page
    assert "| gap | exploratory |" in page
    assert "Noise ceiling: tau +0." in page
    assert "| mnist | lenet, 0.99 | 16 | 32 |" in page
    assert page.endswith("## What the table does not say\n\n- Nothing is missing.\n")


def test_without_mappings_tau_is_kendalls_on_rows_and_the_page_says_what_follows():
    rows = table(n_seeds=1)
    imported = import_rows(rows, ColumnMapping("acc", ("reach",)))
    findings = analyse(imported.table, ["reach"], **QUICK)
    accuracy, reach = ([float(row[name]) for row in rows] for name in ("acc", "reach"))
    assert math.isclose(findings.primaries[0].test.tau, kendalltau(reach, accuracy).statistic)
    assert findings.ceiling is None
    page = import_report(findings, imported.table, imported.notes)
    for said in ("No strata", "No topologies", "One family", "One environment", "No controls"):
        assert f"- {said}" in page
    assert "no noise ceiling: no topology has two replicates" in page


def test_rows_of_a_topology_without_seeds_are_its_seeds():
    rows = table()
    without = ColumnMapping("acc", ("reach",), topology=("mask",), environment=("data",))
    imported = import_rows(rows, without)
    assert imported.table.arrays["seed"].tolist() == [row["run"] for row in rows]
    assert any("counted as its seeds" in note for note in imported.notes)
    single = import_rows([row for row in rows if row["run"] == 0], without)
    assert any("there is no noise ceiling" in note for note in single.notes)


def test_the_sign_of_a_loss_is_turned_round():
    rows = table()
    losses = [row | {"acc": 1 - float(row["acc"])} for row in rows]
    turned = ColumnMapping(**{**vars(FULL), "higher_is_worse": True})
    imported = import_rows(losses, turned)
    one = analyse(imported.table, ["reach"], **QUICK).primaries[0]
    assert one.test == analyse(import_rows(rows, FULL).table, ["reach"], **QUICK).primaries[0].test
    assert imported.notes[0].startswith("The outcome is minus acc")


def test_a_property_may_be_called_as_a_column_of_the_study_is():
    rows = [row | {"seed": row["reach"]} for row in table()]
    imported = import_rows(rows, ColumnMapping("acc", ("seed",)))
    assert imported.names == {"seed": "seed (column)"}
    assert imported.table.properties == ["seed (column)"]


@pytest.mark.parametrize(
    ("at", "column", "value", "said"),
    [
        (3, "acc", "", r"Column 'acc', row 4, must be a finite number, but it is ''"),
        (0, "acc", "inf", r"Column 'acc', row 1, must be a finite number, but it is 'inf'"),
        (1, "gap", "high", r"Column 'gap', row 2, must be a finite number, or empty"),
        (2, "log_edges", None, r"Column 'log_edges', row 3, must be a finite number"),
        (2, "mask", None, r"Column 'mask', row 3, must be a name"),
        (2, "all", "perhaps", r"Column 'all', row 3, must be true or false, but it is 'perhaps'"),
        (1, "run", 0, r"rows 1 and 2 are the same run \(column run: 0\)"),
        (1, "sparsity", 0.5, r"'m0' has 'lenet, 0\.9' in row 1 and 'lenet, 0\.5' in row 2"),
        (1, "method", "er", r"'m0' has 'method 0' in row 1 and 'er' in row 2 \(column method\)"),
    ],
)
def test_errors_name_the_column_and_the_row(at, column, value, said):
    rows = table()
    rows[at] = rows[at] | {column: value}
    with pytest.raises(ParameterError, match=said):
        import_rows(rows, FULL)


def test_columns_that_are_not_there_or_named_twice_are_refused():
    rows = table()
    with pytest.raises(ParameterError, match=r"A column must be one of acc, reach.*but it is 'x'"):
        import_rows(rows, ColumnMapping("acc", ("x",)))
    with pytest.raises(ParameterError, match="Column 'reach' must be one of outcome, property"):
        import_rows(rows, ColumnMapping("acc", ("reach",), controls=("reach",)))
    with pytest.raises(ParameterError, match="One property at least"):
        import_rows(rows, ColumnMapping("acc", ()))
    with pytest.raises(ParameterError, match="one row at least"):
        import_rows([], FULL)
