"""What a study laid down before anything ran, and the proof that it was kept."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from topograph.digest import content_digest
from topograph.errors import ParameterError, ReadError
from topograph.io.paths import shown
from topograph.io.replacing import write_text
from topograph.study.design.specification import Specification
from topograph.study.execution.store import stored_rows
from topograph.version import topograph_version

PREREGISTRATION = "preregistration.json"
TESTS = (
    "cells (stratum x environment) with less than least_class_share of the variance between "
    "topologies are reported and not tested",
    "primaries: Kendall's tau within cells, permutation of topologies within cells, Holm",
    "exploratory: the same with Benjamini-Hochberg",
    "cluster bootstrap by topology; partial rank correlation given log edges of every layer; "
    "prediction of left-out families against the edges alone",
    "two parts: whether all classes are predicted, then the accuracy of those that do",
    "the test set is looked at once; rates are chosen on held-out training images",
)


def register(
    specification: Specification, folder: Path, *, amend: bool = False
) -> Mapping[str, Any]:
    """Write down a study before it runs, and return what was written.

    The same study may be registered again: what is there stays, its date with it. Another one
    is refused, unless it amends: the earlier one is then kept in ``amends``, with what changed and
    how many runs were done by then, for the report to tell.

    Raises
    ------
    ParameterError
        If another study is registered in the folder.
    """
    there = registered(folder)
    if there is not None and there["specification_hash"] == specification.digest():
        return there
    if not amend:
        check_free(specification, folder)
    content = {
        "format": "topograph-preregistration",
        "format_version": 1,
        "name": specification.name,
        "question": specification.question,
        "registered": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "topograph": topograph_version(),
        "primaries": list(specification.statistics.primaries),
        "exploratory": list(specification.statistics.exploratory),
        "strata": [
            regime.stratum(density)
            for regime in specification.regimes
            for density in regime.densities
        ],
        "tests": list(TESTS),
        "specification_hash": specification.digest(),
        "specification": specification.as_dict(),
        "amends": [] if there is None else [*there["amends"], _kept(there, specification, folder)],
    }
    content["hash"] = content_digest(content)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(json.dumps(content, indent=1) + "\n", folder / PREREGISTRATION)
    return content


def check_free(specification: Specification, folder: Path) -> None:
    """Refuse a folder in which another study is registered.

    Raises
    ------
    ParameterError
        Naming what differs.
    """
    there = registered(folder)
    if there is not None and there["specification_hash"] != specification.digest():
        raise ParameterError(
            f"{shown(folder)}: The study registered here must be this one, but it is another "
            f"({', '.join(_changed(there['specification'], specification.as_dict()))} differ).",
            hint="take another folder, or say --amend: the report then tells of the change.",
        )


def registered(folder: Path) -> dict[str, Any] | None:
    """Return what is registered in a folder; None if nothing is.

    Raises
    ------
    ReadError
        If the file was changed since: its hash must be that of the rest.
    """
    place = folder / PREREGISTRATION
    if not place.is_file():
        return None
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
        said = content.pop("hash")
        if said != content_digest(content):
            raise ReadError(
                f"{shown(place)}: The preregistration must be as it was written, but its hash "
                f"does not fit.",
                hint="take the file from where it was published, or start in a new folder.",
            )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReadError(
            f"{shown(place)}: A preregistration must be here, but it is none."
        ) from error
    return content | {"hash": said}  # type: ignore[no-any-return]


def check_registered(specification: Specification, folder: Path) -> None:
    """Refuse a study that was not registered as it is.

    Raises
    ------
    ParameterError
        If nothing, or another study, is registered in the folder.
    """
    there = registered(folder)
    if there is None:
        raise ParameterError(
            f"{shown(folder)}: A study must be registered before it runs, but it is not.",
            hint="topograph study plan STUDY.toml does that.",
        )
    if there["specification_hash"] != specification.digest():
        raise ParameterError(
            f"{shown(folder)}: The study must be the registered one, but it differs in "
            f"{', '.join(_changed(there['specification'], specification.as_dict()))}.",
            hint="topograph study plan --amend registers the change, and the report tells of it.",
        )


def _changed(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the keys that differ; what an earlier version did not know counts as empty."""
    differ = (key for key in {*one, *other} if (one.get(key) or None) != (other.get(key) or None))
    return sorted(differ)


def _kept(there: Mapping[str, Any], specification: Specification, folder: Path) -> dict[str, Any]:
    return {
        "registered": there["registered"],
        "hash": there["hash"],
        "changed": _changed(there["specification"], specification.as_dict()),
        "runs_done": len(stored_rows(folder)),
    }
