"""How good is a new metric on a table of trained nets?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from topograph.errors import ParameterError, Undefined
from topograph.graph import LayeredGraph
from topograph.study.design.statistical_plan import StatisticalPlan
from topograph.study.metric_files import MetricFile
from topograph.study.remeasuring import Remeasured, remeasured
from topograph.study.statistics import (
    OutOfFamily,
    PropertyFinding,
    StudyFindings,
    StudyTable,
    analyse,
    out_of_family,
)
from topograph.study.views import Rows, environment_of, rate_views, sampled, study_table

BEST_KNOWN = (
    "connected_pair_fraction",
    "path_count_cv",
    "output_fan_in_min",
    "effective_density",
    "spectral_gap.mean",
    "end_to_end_gap",
)
_NEEDED = (
    *("topology", "labelling", "seed", "rate_factor", "data", "variant", "regime", "stratum"),
    *("family", "role", "making", "n_layers", "n_edges", "edges.1"),
    *("test_accuracy", "n_classes", "predicts_all"),
)


@dataclass(frozen=True)
class MetricScore:
    """How a metric orders the nets of a table, beside the properties that are known to do well.

    Parameters
    ----------
    metric : str
    findings : StudyFindings
        The metric is the primary; the known properties of the table are exploratory.
    gains : dict of str to OutOfFamily
        Of each known property, all densities together; that of the metric is in the findings.
    rates : str
        ``tuned`` or ``fixed`` learning rates.
    n_classes, n_runs : int
        Isomorphism classes that were measured, and their runs.
    undefined : dict of str to int
        In how many classes the metric has no value, by reason.
    left_out : dict of str to int
        How many classes could not be made again, by reason.
    """

    metric: str
    findings: StudyFindings
    gains: dict[str, OutOfFamily]
    rates: str
    n_classes: int
    n_runs: int
    undefined: dict[str, int]
    left_out: dict[str, int]

    @property
    def finding(self) -> PropertyFinding:
        """What was found of the metric."""
        return self.findings.primaries[0]

    @property
    def n_undefined(self) -> int:
        """Classes in which the metric has no value."""
        return sum(self.undefined.values())

    @property
    def n_left_out(self) -> int:
        """Classes that could not be made again."""
        return sum(self.left_out.values())

    def as_dict(self) -> dict[str, Any]:
        """Return plain dicts, lists and values: ready for ``json.dumps``."""
        return asdict(self)


@dataclass(frozen=True)
class _Design:
    """What a table says of the design of its study."""

    variants: tuple[str, ...]
    rate_factors: tuple[float, ...]
    statistics: StatisticalPlan


def is_needed(column: str) -> bool:
    """Return whether `score_metric` looks at a column: a table may have many more."""
    metric = column.removeprefix("metric.")
    needed = {*_NEEDED, "validation_accuracy", "factor.repaired"}
    return column in needed or column.startswith("edges.") or metric in BEST_KNOWN


def score_metric(
    function: Callable[[LayeredGraph], Any],
    rows: Rows,
    *,
    name: str | None = None,
    folder: Path | None = None,
    n_topologies: int | None = None,
    jobs: int = 1,
    n_permutations: int = 2000,
    n_resamples: int = 2000,
    seed: int = 0,
    progress: Callable[[str, int, int], None] | None = None,
) -> MetricScore:
    """Measure every class of a table with a function, and test how it orders trained nets.

    The nets are made again from the column ``making``, each isomorphism class once, with the
    natural labelling of its units: a metric should not depend on the labelling. The runs are
    those at the tuned rate if the table has several rate factors and validation accuracies, else
    those at the fixed rate; series of doses and repaired nets are left out. The environment is
    data set and regime, and the variant if there are several; `analyse` says what is tested.

    Parameters
    ----------
    function : callable
        Takes a LayeredGraph and returns a number; may raise `topograph.errors.Undefined`. For
        several jobs it must be of a module, or come from
        `topograph.study.metric_files.read_metric`.
    rows : list of dict
        As `topograph.study.collecting.collect_study` returns.
    name : str, optional
        By default that of the function, or "metric" if it has none.
    folder : Path, optional
        Of the study: without it pruned masks cannot be made again, and are left out.
    n_topologies : int, optional
        Take so many classes in each cell at most, the first by key; keys are hashes, so that
        this is a random choice, always the same.
    jobs : int, default 1
    n_permutations, n_resamples, seed : int
    progress : callable, optional

    Raises
    ------
    ParameterError
        If the table lacks a column, or the function returns no number.
    Undefined
        If no class is left, or no cell can be tested.
    """
    design = _design(rows)
    rates, runs = next(iter(rate_views(rows, design).items()))
    runs = _first(sampled(runs), design, n_topologies)
    if not runs:
        raise Undefined("the table has no run at the rate factor 1 of a sampled topology")
    measured = remeasured(function, runs, folder=folder, jobs=jobs, progress=progress)
    left_out = Counter(one.left_out for one in measured.values() if one.left_out)
    if len(measured) == left_out.total():
        raise Undefined(f"no class of the table could be made again: {next(iter(left_out))}")
    known = tuple(one for one in BEST_KNOWN if f"metric.{one}" in runs[0])
    called = _called(name or _name_of(function), known)
    judged = [
        row | {f"metric.{called}": measured[str(row["topology"])].value}
        for row in runs
        if not measured[str(row["topology"])].left_out
    ]
    plan = StatisticalPlan(primaries=(called,), exploratory=known)
    table = study_table(judged, _Design(design.variants, design.rate_factors, plan))
    if progress is not None:
        progress("test", 0, 1)
    findings = analyse(
        table,
        (called,),
        known,
        n_permutations=n_permutations,
        n_resamples=n_resamples,
        seed=seed,
    )
    return MetricScore(
        metric=called,
        findings=findings,
        gains=_gains(table, findings),
        rates=rates,
        n_classes=len(measured) - left_out.total(),
        n_runs=len(judged),
        undefined=_reasons(measured),
        left_out={str(reason): count for reason, count in left_out.items()},
    )


def _design(rows: Rows) -> _Design:
    if not rows:
        raise ParameterError("A table must have one row at least, but it has none.")
    missing = [name for name in _NEEDED if name not in rows[0]]
    if missing:
        raise ParameterError(
            f"The table of a study must have the columns {', '.join(missing)}, which it lacks.",
            hint="`topograph study collect` writes such tables; other tables are for "
            "`topograph study import`.",
        )
    factors = tuple(sorted({float(row["rate_factor"]) for row in rows}))
    if all(row.get("validation_accuracy") is None for row in rows):
        factors = (1.0,)
    variants = tuple(sorted({str(row["variant"]) for row in rows}))
    return _Design(variants, factors, StatisticalPlan())


def _first(rows: Rows, design: _Design, count: int | None) -> Rows:
    """Return the runs of the first classes of each cell."""
    if count is None:
        return rows
    cells = [(environment_of(row, design), row["stratum"]) for row in rows]
    classes: dict[tuple[str, str], set[str]] = {}
    for cell, row in zip(cells, rows, strict=True):
        classes.setdefault(cell, set()).add(row["topology"])
    chosen = {cell: set(sorted(found)[:count]) for cell, found in classes.items()}
    return [row for cell, row in zip(cells, rows, strict=True) if row["topology"] in chosen[cell]]


def _name_of(function: Callable[[LayeredGraph], Any]) -> str:
    if isinstance(function, MetricFile):
        return function.name
    return str(getattr(function, "__name__", "metric"))


def _called(name: str, known: Sequence[str]) -> str:
    """Return the name of the metric, told from the table's own of the same name."""
    reserved = ("outcome", "environment", "predicts_all", "stratum", "topology", "family")
    taken = name in (*known, *reserved, "labelling", "seed") or name.startswith("log_edges")
    return f"{name} (yours)" if taken else name


def _reasons(measured: Mapping[str, Remeasured]) -> dict[str, int]:
    return dict(Counter(one.undefined for one in measured.values() if one.undefined))


def _gains(table: StudyTable, findings: StudyFindings) -> dict[str, OutOfFamily]:
    """Return what each known property adds to densities, where that has a value."""
    cells = [f"{one.environment} | {one.stratum}" for one in findings.cells if one.tested]
    tested = np.isin(table.cell, cells)
    found = {}
    for name in (one.name for one in findings.exploratory):
        rows = tested & np.isfinite(table.arrays[name])
        here = {key: array[rows] for key, array in table.arrays.items()}
        try:
            found[name] = out_of_family(
                [here[name]],
                here["outcome"],
                [here[control] for control in table.controls],
                here["family"],
                here["environment"],
                here["topology"],
                here["environment"],
                n_resamples=findings.settings["n_resamples"],  # type: ignore[arg-type]
                seed=findings.settings["seed"],  # type: ignore[arg-type]
            )
        except Undefined:
            continue
    return found
