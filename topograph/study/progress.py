"""How far is a study?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topograph.study.design.specification import Specification
from topograph.study.design.topologies import topologies_of
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
    each = len(specification.variants) * len(specification.seeds) * len(specification.rate_factors)
    data_of = {regime.name: specification.data_of(regime) for regime in specification.regimes}
    place: dict[tuple[str, int], str] = {}
    masks: dict[tuple[str, str], int] = {}
    for topology in topologies_of(specification):
        place[topology.key, topology.labelling] = topology.stratum
        for data in data_of[topology.regime]:
            cell = (topology.stratum, data)
            masks[cell] = masks.get(cell, 0) + 1
    done: dict[tuple[str, str], list[dict[str, Any]]] = {cell: [] for cell in masks}
    for row in stored_rows(folder):
        stratum = place.get((row["topology"], row["labelling"]))
        if stratum is not None and (stratum, row["data"]) in done:
            done[stratum, row["data"]].append(row)
    return [
        CellProgress(
            stratum,
            data,
            number * each,
            len(done[stratum, data]),
            sum(row["untrained"] for row in done[stratum, data]),
            sum(row["diverged"] for row in done[stratum, data]),
            sum(not row["predicts_all"] for row in done[stratum, data]),
        )
        for (stratum, data), number in masks.items()
    ]
