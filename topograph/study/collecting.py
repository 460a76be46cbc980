"""One row a trained net: its design, what came of it, and what its topology is like."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from topograph.study.design.specification import Specification
from topograph.study.design.topologies import Topology, topologies_of
from topograph.study.execution.store import stored_rows
from topograph.study.properties import measured


def collect_study(
    specification: Specification,
    folder: Path,
    *,
    jobs: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[dict[str, Any]]:
    """Return the table of a study: a row for every run that it asks for and that is done.

    Parameters
    ----------
    specification : Specification
    folder : Path
    jobs : int, default 1
        Processes that measure topologies at the same time.
    progress : callable, optional

    Returns
    -------
    list of dict
        As the page on studies in the documentation lists its columns.
    """
    known = {(one.key, one.labelling): one for one in topologies_of(specification)}
    variants = {variant.name: variant for variant in specification.variants}
    rows = [
        row
        for row in stored_rows(folder)
        if (row["topology"], row["labelling"]) in known
        and row["variant"] in variants
        and row["data"] in specification.data
        and row["seed"] in specification.seeds
        and row["rate_factor"] in specification.rate_factors
    ]
    trained = _first_labellings(known[row["topology"], row["labelling"]] for row in rows)
    properties = measured(trained, folder, jobs=jobs, progress=progress)
    collected = []
    for row in rows:
        topology = known[row["topology"], row["labelling"]]
        own = properties[topology.key]
        factors = {
            f"factor.{name}": value for name, value in variants[row["variant"]].factors.items()
        }
        if topology.repaired is not None:
            factors["factor.repaired"] = topology.repaired
        collected.append(
            {"unit": row["key"]}
            | {key: value for key, value in row.items() if key != "key"}
            | factors
            | _design(topology, own)
            | {key: value for key, value in own.items() if key != "key"}
        )
    return collected


def _design(topology: Topology, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "regime": topology.regime,
        "stratum": topology.stratum,
        "family": topology.family,
        "role": topology.role,
        "base": topology.base,
        "series": topology.series,
        "moved": topology.moved,
        "dose": properties.get(f"metric.{topology.moved}") if topology.moved else None,
    }


def _first_labellings(topologies: Iterable[Topology]) -> list[Topology]:
    """Return one topology a class; every labelling has the same properties."""
    found: dict[str, Topology] = {}
    for topology in topologies:
        if topology.key not in found or topology.labelling == 0:
            found[topology.key] = topology
    return list(found.values())
