"""What does a function say of the topologies of a table?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topograph.errors import ParameterError, ReadError, TopographError, Undefined
from topograph.graph import LayeredGraph
from topograph.study.design.building import net_of
from topograph.study.execution.backends import results_of
from topograph.study.metric_files import number_of

NEEDS_FOLDER = "masks kept in the study's folder"
_AT_ONCE = 8


@dataclass(frozen=True)
class Remeasured:
    """One isomorphism class, measured.

    Parameters
    ----------
    topology : str
    value : float or None
    undefined : str or None
        Why the function has no value.
    left_out : str or None
        Why the net could not be made again.
    """

    topology: str
    value: float | None = None
    undefined: str | None = None
    left_out: str | None = None


def remeasured(
    function: Callable[[LayeredGraph], Any],
    rows: Iterable[Mapping[str, Any]],
    *,
    folder: Path | None = None,
    jobs: int = 1,
    progress: Callable[[str, int, int], None] | None = None,
) -> dict[str, Remeasured]:
    """Make every class of a table again and measure it once, in its natural labelling.

    Parameters
    ----------
    function : callable
        Takes a graph and returns a number; may raise Undefined. For several jobs it must be of a
        module, or a `topograph.study.metric_files.MetricFile`.
    rows : iterable of mapping
        Of a study's table, with the column ``making``.
    folder : Path, optional
        Of the study; without it pruned masks and series of doses are left out.
    jobs : int, default 1
    progress : callable, optional

    Raises
    ------
    ParameterError
        If there is no column ``making``, or the function returns no number.
    """
    wanted: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        wanted.setdefault(str(row["topology"]), row)
    tasks = [(name, _making(row), _edges(row)) for name, row in wanted.items()]
    blocks = [tasks[start : start + _AT_ONCE] for start in range(0, len(tasks), _AT_ONCE)]
    found: dict[str, Remeasured] = {}
    for block in results_of(_measure, ((function, block, folder) for block in blocks), jobs=jobs):
        found |= {one.topology: one for one in block}
        if progress is not None:
            progress("measure", len(found), len(tasks))
    return {name: found[name] for name in wanted}


def _making(row: Mapping[str, Any]) -> dict[str, Any]:
    text = row.get("making")
    try:
        making = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        making = None
    if not isinstance(making, dict):
        raise ParameterError.expected(
            f"making of topology {row['topology']}",
            "JSON text that says how the net is made",
            text,
            hint="`topograph study collect` writes tables with this column.",
        )
    return making


def _edges(row: Mapping[str, Any]) -> list[int]:
    return [row[f"edges.{layer}"] for layer in range(1, row["n_layers"] + 1)]


def _measure(
    function: Callable[[LayeredGraph], Any],
    block: list[tuple[str, dict[str, Any], list[int]]],
    folder: Path | None,
) -> list[Remeasured]:
    return [_measured(function, *task, folder) for task in block]


def _measured(
    function: Callable[[LayeredGraph], Any],
    topology: str,
    making: dict[str, Any],
    edges: list[int],
    folder: Path | None,
) -> Remeasured:
    if folder is None and ("series" in making or making.get("family") == "pruned"):
        return Remeasured(topology, left_out=NEEDS_FOLDER)
    try:
        graph = net_of(making, folder or Path())
    except (ReadError, ParameterError) as reason:
        return Remeasured(topology, left_out=reason.message)
    if [layer.n_edges for layer in graph.layers] != edges:
        return Remeasured(topology, left_out="made again, it has other edges than in the table")
    try:
        return Remeasured(topology, number_of(function(graph)))
    except Undefined as reason:
        return Remeasured(topology, undefined=reason.message)
    except TopographError as error:
        raise error.within(f"topology {topology}") from error
    except Exception as error:
        error.add_note(f"The function was called with the net of topology {topology}.")
        raise
