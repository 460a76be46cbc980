"""GraphChallenge edge lists: ``n1024-l3.tsv`` is layer 3 of a net of 1024 units a level."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from topograph.biadjacency import Sparse, compact
from topograph.errors import GraphError, ParameterError, ReadError
from topograph.graph import Layer
from topograph.io.edge_lines import check_units, parse_edges
from topograph.io.limits import MAX_UNITS, Budget
from topograph.io.mask import hold_edges
from topograph.io.part import Part, source
from topograph.io.paths import naming, shown, stem
from topograph.io.text import line_blocks, open_text

EXTENSIONS = (".tsv", ".tsv.gz")

_NEURONS = re.compile(r"(?:^|[^0-9a-z])n([0-9]{1,18})-", re.IGNORECASE | re.ASCII)
_LAYER = re.compile(r"-l([0-9]{1,9})\.tsv(?:\.gz)?\Z", re.IGNORECASE | re.ASCII)


def layer_number(name: str) -> int | None:
    """Return which layer a file of a folder is by its name; None if it is none.

    Examples
    --------
    >>> layer_number("n1024-l3.tsv.gz"), layer_number("results.tsv")
    (3, None)
    """
    match = _LAYER.search(name)
    return None if match is None else int(match[1])


def read_folder(
    folder: Path, layers: tuple[int, int] | None, threshold: float, budget: Budget
) -> Part:
    """Read the layers of a folder in the order of their numbers.

    Parameters
    ----------
    folder : Path
        Its files ``*-l<k>.tsv`` or ``*-l<k>.tsv.gz`` are the layers 1, 2, ...; other files
        are passed over.
    layers : (int, int), optional
        First and last layer wanted; only their files are read.

    Raises
    ------
    ReadError
        If a layer is missing, comes twice, or has another number of units in its name.
    ParameterError
        If the folder has no such layers.
    """
    with naming(shown(folder)):
        found = _numbered(folder)
        first, last = layers or (1, len(found))
        if not 1 <= first <= last <= len(found):
            raise ParameterError(
                f"Layers must be chosen from 1:{len(found)}, but {first}:{last} was asked for.",
                hint="FIRST:LAST counts from 1 and includes both ends.",
            )
    part = read_files(found[first - 1 : last], threshold, budget)
    if layers is None:
        return part
    provenance = {"layers": f"{first}:{last}", "of": dict(part.provenance)}
    return replace(part, provenance=provenance)


def read_files(paths: Sequence[Path], threshold: float, budget: Budget) -> Part:
    """Read edge lists as the layers of a chain, in the order given.

    A name without ``n<neurons>-`` leaves the width open: it is then the largest index of
    all such files, and a note says so.
    """
    layers = []
    open_widths = []
    for path in paths:
        named = _NEURONS.search(path.name)
        with naming(shown(path)):
            edges = _read_edges(path, int(named[1]) if named else None, threshold, budget)
        layers.append((stem(path), edges, named is None))
        if named is None:
            open_widths.append(edges.shape[0])
    widest = max(open_widths, default=0)
    chained = [
        Layer(name, 0, 1, compact(_widened(edges, widest) if is_open else edges))
        for name, edges, is_open in layers
    ]
    notes = []
    if widest:
        notes.append(
            f"No file name gives the number of units as n<units>-; {widest}, the largest "
            f"index, was taken."
        )
    provenance = source("graphchallenge-tsv", threshold)
    return Part.chain(chained, provenance, notes, is_in_out=True)


def _numbered(folder: Path) -> list[Path]:
    names = sorted(entry.name for entry in folder.iterdir())
    numbers: dict[int, str] = {}
    neurons: dict[str, str] = {}
    for name in names:
        number = layer_number(name)
        if number is None:
            continue
        if number in numbers:
            raise ReadError(
                f"A folder must have one file a layer, but {shown(numbers[number])} and "
                f"{shown(name)} are both layer {number}."
            )
        numbers[number] = name
        units = _NEURONS.search(name)
        neurons.setdefault(str(int(units[1])) if units else "no", name)
    if not numbers:
        raise ReadError(
            "A folder must hold the layers of one net as files NAME-l1.tsv, NAME-l2.tsv, ... "
            "(or .tsv.gz), but it holds no such file.",
            hint="give the files of other formats themselves, in the order of the layers.",
        )
    if len(neurons) > 1:
        (one, first), (other, second) = list(neurons.items())[:2]
        raise ReadError(
            f"A folder must hold the layers of one net, but {shown(first)} has {one} units "
            f"and {shown(second)} {other} in its name.",
            hint="keep one folder a net.",
        )
    if 0 in numbers:
        raise ReadError(
            f"The layers of a folder must be counted from 1, but there is {shown(numbers[0])}.",
            hint="rename the files, or give them one by one in the order of the layers.",
        )
    highest = max(numbers)
    if lost := highest - len(numbers):
        missing = [number for number in range(1, len(numbers) + 6) if number not in numbers]
        some = ", ".join(map(str, missing[: min(lost, 5)])) + (", ..." if lost > 5 else "")
        raise ReadError(
            f"The layers of a folder must be numbered 1 to {highest} without a gap, but "
            f"{lost} of them {'is' if lost == 1 else 'are'} missing: {some}.",
            hint="fetch them, or give the files wanted one by one.",
        )
    return [folder / numbers[number] for number in sorted(numbers)]


def _read_edges(path: Path, neurons: int | None, threshold: float, budget: Budget) -> Sparse:
    if neurons is not None:
        if neurons < 1:
            raise GraphError(f"A level must have at least one unit, but the name says {neurons}.")
        budget.check_width(neurons)
    nothing = np.zeros(0, dtype=np.int32)
    pieces: list[tuple[Any, Any]] = [(nothing, nothing)]
    n_edges, line = 0, 1
    with open_text(path, budget) as (stream, _):
        for block in line_blocks(stream):
            rows, columns, values = parse_edges(block, line)
            line += block.count(b"\n")
            for name, units in (("row", rows), ("column", columns)):
                check_units(name, units, neurons or MAX_UNITS)
            kept = _kept(values, threshold)
            rows, columns = rows[kept], columns[kept]
            n_edges += len(rows)
            budget.check_entries(n_edges)
            pieces.append((rows.astype(np.int32), columns.astype(np.int32)))
    ends = [(int(rows.max()), int(columns.max())) for rows, columns in pieces if rows.size]
    largest = neurons or max((max(pair) for pair in ends), default=0)
    if not largest:
        raise GraphError(
            "The number of units must be known, but there is no edge and no n<units>- in the name.",
            hint="name the file as GraphChallenge does: n1024-l1.tsv.",
        )
    budget.check_width(largest)
    rows, columns = (np.concatenate(side) for side in zip(*pieces, strict=True))
    rows -= 1
    columns -= 1
    ones = np.ones(n_edges, dtype=np.bool_)
    matrix = scipy.sparse.coo_array((ones, (rows, columns)), shape=(largest, largest))
    edges = Sparse.from_matrix(matrix)
    hold_edges(edges, budget)
    return edges


def _kept(values: npt.NDArray[np.float64] | float, threshold: float) -> Any:
    """Return an index of the lines that are edges."""
    if isinstance(values, float):
        return slice(None) if abs(values) > threshold else slice(0)
    return np.abs(values) > threshold


def _widened(edges: Sparse, width: int) -> Sparse:
    added = np.full(width - edges.shape[0], edges.n_edges, dtype=edges.indptr.dtype)
    return Sparse(np.concatenate((edges.indptr, added)), edges.indices, (width, width))
