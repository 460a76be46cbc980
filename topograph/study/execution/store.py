"""The results of a study: lines of JSON that are appended and never changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from topograph.training.bundle.results import append_results, read_results

RESULTS = "results"


def keep_rows(folder: Path, rows: Iterable[Mapping[str, Any]], name: str) -> None:
    """Append finished runs, and see to it that they are on the disk.

    A run is there or is not: a line that a crash cut off is dropped.

    Parameters
    ----------
    folder : Path
    rows : iterable of mapping
    name : str
        Of the file: every shard has its own, so that machines which share the folder do not
        wait for each other.
    """
    place = folder / RESULTS / f"{name}.jsonl"
    place.parent.mkdir(parents=True, exist_ok=True)
    append_results(place, rows)


def stored_rows(folder: Path) -> list[dict[str, Any]]:
    """Return all finished runs; of a run that was done twice the first.

    Raises
    ------
    ReadError
        Naming the line that is damaged.
    """
    found: dict[str, dict[str, Any]] = {}
    for place in sorted((folder / RESULTS).glob("*.jsonl")):
        for row in read_results(place):
            found.setdefault(row["key"], row)
    return list(found.values())
