"""Is there anything for properties to explain? The stage before any property is looked at."""

from __future__ import annotations

from pathlib import Path

from topograph.errors import Undefined
from topograph.study.collecting import collect_study
from topograph.study.design.specification import Specification
from topograph.study.statistics import CellFinding, StudyTable
from topograph.study.statistics.cells_of_study import cell_findings
from topograph.study.views import environment_of, judged_outcome, rate_views, sampled


def ceiling_of_study(specification: Specification, folder: Path) -> tuple[CellFinding, ...]:
    """Split the variance of the outcome of every cell, at the tuned rate if rates were tried.

    Parameters
    ----------
    specification : Specification
    folder : Path

    Raises
    ------
    Undefined
        If no run is done yet.
    """
    rows = collect_study(specification, folder, with_properties=False)
    views = rate_views(rows, specification) if rows else {}
    view = sampled(next(iter(views.values()))) if views else []
    if not view:
        raise Undefined("no run of the study is done yet")
    columns = {
        name: [row[name] for row in view]
        for name in ("stratum", "topology", "labelling", "seed", "family")
    }
    columns["outcome"] = [judged_outcome(row) for row in view]
    columns["environment"] = [environment_of(row, specification) for row in view]
    plan = specification.statistics
    return cell_findings(
        StudyTable(columns, ()), plan.least_class_share, plan.level, plan.n_resamples, plan.seed
    )
