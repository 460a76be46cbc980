"""In which strata is there anything to explain?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from topograph.errors import Undefined
from topograph.study.statistics.columns import labels
from topograph.study.statistics.components_of_variance import (
    VarianceComponents,
    variance_components,
)
from topograph.study.statistics.findings import CellFinding
from topograph.study.statistics.table import StudyTable
from topograph.study.statistics.units import grouped


def cell_findings(
    table: StudyTable, least_class_share: float, level: float, n_resamples: int, seed: int
) -> tuple[CellFinding, ...]:
    """Share of the variance between topologies in each cell, and whether the cell is tested.

    A cell whose share is below ``least_class_share`` is not tested. A cell whose share is unknown,
    for want of second seeds, is tested, and its note says so.

    Parameters
    ----------
    table : StudyTable
    least_class_share, level : float
    n_resamples, seed : int
        Of the interval of the share.
    """
    cell = labels("cell", table.cell)[0]
    return tuple(
        _cell(table, rows, least_class_share, level, n_resamples, seed) for rows in grouped(cell)
    )


def _cell(
    table: StudyTable,
    rows: npt.NDArray[np.int64],
    least: float,
    level: float,
    n_resamples: int,
    seed: int,
) -> CellFinding:
    arrays = {
        name: table.arrays[name][rows] for name in ("outcome", "topology", "labelling", "seed")
    }
    components: VarianceComponents | None = None
    note = None
    tested = True
    try:
        components = variance_components(
            **arrays, level=level, n_resamples=n_resamples, random_seed=seed
        )
    except Undefined as reason:
        note = f"share of the topology unknown: {reason.message}"
    if components is not None and components.topology_share < least:
        tested = False
        note = (
            f"nothing to explain: the topology has {components.topology_share:.0%} of the "
            f"variance, less than {least:.0%}; not tested"
        )
    return CellFinding(
        environment=str(table.arrays["environment"][rows[0]]),
        stratum=str(table.arrays["stratum"][rows[0]]),
        n_topologies=int(np.unique(arrays["topology"]).size),
        n_rows=int(rows.size),
        mean_outcome=float(arrays["outcome"].mean()),
        class_share=None if components is None else components.topology_share,
        tested=tested,
        components=components,
        note=note,
    )
