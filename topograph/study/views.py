"""Which runs of a study are judged, and by what number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import numpy as np
from scipy.stats import rankdata

from topograph.errors import ParameterError, Undefined
from topograph.study.design.specification import Specification
from topograph.study.design.statistical_plan import StatisticalPlan
from topograph.study.statistics import StudyTable, fixed_rows, tuned_rows

Rows = list[dict[str, Any]]


class Judging(Protocol):
    """What of a study decides how its rows are judged; a table without its study can say it too."""

    @property
    def variants(self) -> Sequence[object]:
        """Ways of training."""

    @property
    def rate_factors(self) -> Sequence[float]:
        """Factors of the learning rate that were tried."""

    @property
    def statistics(self) -> StatisticalPlan:
        """The tests."""


def judged_outcome(row: Mapping[str, Any]) -> float:
    """Return the test accuracy of a run, and chance for one that diverged.

    Examples
    --------
    >>> judged_outcome({"test_accuracy": None, "n_classes": 10})
    0.1
    """
    accuracy = row["test_accuracy"]
    return 1 / row["n_classes"] if accuracy is None else float(accuracy)


def environment_of(row: Mapping[str, Any], specification: Judging) -> str:
    """Return where a run was: its data set and regime, and its variant if there are several."""
    parts = [row["data"], row["regime"]]
    if len(specification.variants) > 1:
        parts.append(row["variant"])
    return ", ".join(parts)


def rate_views(rows: Rows, specification: Judging) -> dict[str, Rows]:
    """Return the runs at the tuned rate, if rates were tried, and those at the fixed rate."""
    fixed = fixed_rows([row["rate_factor"] for row in rows])
    views = {"fixed": [row for row, wanted in zip(rows, fixed, strict=True) if wanted]}
    if len(specification.rate_factors) > 1:
        names = ("data", "variant", "topology", "labelling", "rate_factor", "validation_accuracy")
        with suppress(Undefined):  # all diverged: no rate is better than another
            tuned = tuned_rows(*([row[name] for row in rows] for name in names)).rows
            chosen = [row for row, wanted in zip(rows, tuned, strict=True) if wanted]
            views = {"tuned": chosen} | views
    return views


def sampled(rows: Rows) -> Rows:
    """Return the runs that properties are tested on: no series of doses, no repaired nets."""
    return [row for row in rows if row["role"] != "dose" and not row.get("factor.repaired")]


def split_confirmation(rows: Rows, specification: Specification) -> tuple[Rows, Rows]:
    """Return the runs for finding, and those that are held for confirmation."""
    held = set(specification.confirmation)
    confirming = [row for row in rows if row["data"] in held or row["regime"] in held]
    finding = [row for row in rows if row["data"] not in held and row["regime"] not in held]
    return finding, confirming


def study_table(rows: Rows, specification: Judging) -> StudyTable:
    """Return the columns that the statistics want.

    The controls are the logarithms of the edges of every layer; where nets have different
    numbers of layers, those of all edges and of the first and last layer, and the depth.

    Raises
    ------
    ParameterError
        If a property is none that was measured.
    """
    plan = specification.statistics
    names = (*plan.primaries, *plan.exploratory)
    environments = [environment_of(row, specification) for row in rows]
    columns: dict[str, Any] = {
        "outcome": [judged_outcome(row) for row in rows],
        "environment": environments,
        "predicts_all": [bool(row["predicts_all"]) for row in rows],
        **{name: [row[name] for row in rows] for name in ("stratum", "topology", "family")},
        **{name: [row[name] for row in rows] for name in ("labelling", "seed")},
    }
    cells = [f"{one} | {row['stratum']}" for one, row in zip(environments, rows, strict=True)]
    columns |= {name: property_column(name, rows, cells, plan) for name in names}
    controls = _controls(rows)
    return StudyTable(columns | controls, names, tuple(controls))


def property_column(
    name: str, rows: Rows, cells: Sequence[str], plan: StatisticalPlan
) -> list[float]:
    """Return a property of every row, NaN where it is undefined.

    A composite is the mean of the ranks of its parts within cells, from 0 to 1, each row
    counting; undefined where a part is.
    """
    if name not in plan.composites:
        return _measured(name, rows)
    total = np.zeros(len(rows))
    places = np.unique(np.asarray(cells), return_inverse=True)[1]
    for part in plan.composites[name]:
        values = np.array(_measured(part.removeprefix("-"), rows))
        if part.startswith("-"):
            values = -values
        for cell in range(places.max() + 1):
            here = places == cell
            known = here & np.isfinite(values)
            ranks = (rankdata(values[known]) - 0.5) / max(int(known.sum()), 1)
            total[known] += ranks / len(plan.composites[name])
            total[here & ~known] = np.nan
    return [round(float(value), 9) for value in total]  # equal sums of ranks are to be ties


def _measured(name: str, rows: Rows) -> list[float]:
    column = f"metric.{name}"
    if not any(column in row for row in rows):
        known = sorted(
            {key.removeprefix("metric.") for key in rows[0] if key.startswith("metric.")}
        )
        raise ParameterError.expected("A property", f"one of {', '.join(known)}", name)
    values = (row.get(column) for row in rows)
    return [math.nan if value is None else float(value) for value in values]


def _controls(rows: Rows) -> dict[str, list[float]]:
    depths = {row["n_layers"] for row in rows}
    if len(depths) == 1:
        numbers = range(1, depths.pop() + 1)
        return {
            f"log_edges_{number}": [math.log(max(row[f"edges.{number}"], 1)) for row in rows]
            for number in numbers
        }
    return {
        "log_edges": [math.log(max(row["n_edges"], 1)) for row in rows],
        "log_edges_first": [math.log(max(row["edges.1"], 1)) for row in rows],
        "log_edges_last": [math.log(max(row[f"edges.{row['n_layers']}"], 1)) for row in rows],
        "n_layers": [float(row["n_layers"]) for row in rows],
    }
