"""One row a trained net: its design, what came of it, and what its topology is like."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from topograph.errors import MissingExtraError
from topograph.study.design.specification import Specification
from topograph.study.design.topologies import Topology
from topograph.study.design.units import units_of
from topograph.study.execution.store import stored_rows
from topograph.study.properties import measured
from topograph.training.bundle.collecting import write_table

CURVES = ("accuracy", "loss", "train_loss")


def collect_study(
    specification: Specification,
    folder: Path,
    *,
    jobs: int = 1,
    with_properties: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Return the table of a study: a row for every run that it asks for and that is done.

    Parameters
    ----------
    specification : Specification
    folder : Path
    jobs : int, default 1
        Processes that measure topologies at the same time.
    with_properties : bool, default True
        Whether topologies are measured.
    progress : callable, optional

    Returns
    -------
    list of dict
        As the page on studies in the documentation lists its columns.
    """
    known = {unit.key: unit for unit in units_of(specification)}
    rows = [row for row in stored_rows(folder) if row["key"] in known]
    properties: dict[str, dict[str, Any]] = {}
    if with_properties:
        trained = (known[row["key"]].topology for row in rows)
        properties = measured(trained, folder, jobs=jobs, progress=progress)
    collected = []
    for row in rows:
        unit = known[row["key"]]
        topology, variant = unit.topology, unit.variant
        own = properties.get(topology.key, {})
        factors = {f"factor.{name}": value for name, value in variant.factors.items()}
        if topology.repaired is not None:
            factors["factor.repaired"] = topology.repaired
        collected.append(
            {"unit": row["key"]}
            | {key: value for key, value in row.items() if key != "key"}
            | {"variant": variant.name}  # it may have been called otherwise when it was trained
            | factors
            | _design(topology, own)
            | {key: value for key, value in own.items() if key != "key"}
        )
    return collected


def write_study_table(rows: list[dict[str, Any]], folder: Path) -> Path:
    """Write the table into the study's folder, as Parquet if polars is there, and return where."""
    for name in ("table.parquet", "table.jsonl"):
        try:
            write_table(rows, folder / name)
        except MissingExtraError:
            continue
        return folder / name
    raise AssertionError("lines of JSON need nothing")


def without_curves(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows without the columns that are curves."""
    return [{key: value for key, value in row.items() if key not in CURVES} for row in rows]


def _design(topology: Topology, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "making": json.dumps(topology.making),
        "regime": topology.regime,
        "stratum": topology.stratum,
        "family": topology.family,
        "role": topology.role,
        "base": topology.base,
        "series": topology.series,
        "moved": topology.moved,
        "dose": properties.get(f"metric.{topology.moved}") if topology.moved else None,
    }
