"""How far is a study?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topograph.study.design.specification import Specification
from topograph.study.design.units import units_of
from topograph.study.execution.store import stored_rows


@dataclass(frozen=True)
class CellProgress:
    """One stratum on one data set.

    Parameters
    ----------
    stratum, data : str
    n_runs, n_done : int
    n_untrained, n_diverged, n_missing_classes : int
        Of those done: accuracy below twice chance, loss not finite, a class never predicted.
    """

    stratum: str
    data: str
    n_runs: int
    n_done: int
    n_untrained: int
    n_diverged: int
    n_missing_classes: int


def progress_of(specification: Specification, folder: Path) -> list[CellProgress]:
    """Return how many runs there are and are done, stratum by stratum."""
    place: dict[str, tuple[str, str]] = {}
    total: dict[tuple[str, str], int] = {}
    for unit in units_of(specification):
        cell = (unit.topology.stratum, unit.data)
        place[unit.key] = cell
        total[cell] = total.get(cell, 0) + 1
    done: dict[tuple[str, str], list[dict[str, Any]]] = {cell: [] for cell in total}
    for row in stored_rows(folder):
        if row["key"] in place:
            done[place[row["key"]]].append(row)
    return [
        CellProgress(
            stratum,
            data,
            number,
            len(done[stratum, data]),
            sum(row["untrained"] for row in done[stratum, data]),
            sum(row["diverged"] for row in done[stratum, data]),
            sum(not row["predicts_all"] for row in done[stratum, data]),
        )
        for (stratum, data), number in total.items()
    ]
