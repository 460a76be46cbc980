"""Matrix Market files, read without scipy.

`scipy.io.mmread` allocates what the header claims, and its parser (1.12 to 1.17 at least)
reads beyond its buffer on some malformed lines: the process dies of it. See scipy issue 19949.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import scipy.sparse

from topograph.errors import ReadError
from topograph.io.edge_lines import LineForm, check_units, parse_edges, parse_lines
from topograph.io.limits import Budget
from topograph.io.mask import layer_of
from topograph.io.matrix_market_header import Header, check_header, read_header
from topograph.io.part import Part, source
from topograph.io.paths import stem
from topograph.io.text import line_blocks, open_text

EXTENSIONS = (".mtx", ".mtx.gz")

_PATTERN = LineForm("'row column'", ("row", "column"))
_WEIGHTED = LineForm("'row column value'", ("row", "column", "value"))
_DENSE = LineForm("one number", ("value",))


def read_matrix_market(path: Path, threshold: float, budget: Budget) -> Part:
    """Read a ``.mtx`` or ``.mtx.gz`` file as one layer."""
    with open_text(path, budget) as (stream, most_bytes):
        header = read_header(stream)
        check_header(header, most_bytes, budget)
        read = _read_edges if header.layout == "coordinate" else _read_dense
        matrix = read(stream, header)
    layer = layer_of(stem(path), matrix, threshold, budget)
    return Part.chain([layer], source("matrix-market", threshold))


def _read_edges(stream: BinaryIO, header: Header) -> Any:
    form = _PATTERN if header.field == "pattern" else _WEIGHTED
    nothing = np.zeros(0, dtype=np.int32)
    pieces: list[tuple[Any, ...]] = [(nothing, nothing, np.zeros(0))]
    count = 0
    for block, line in _counted(line_blocks(stream), header.n_passed + 1):
        rows, columns, values = parse_edges(block, line, form)
        check_units("row", rows, header.n_rows)
        check_units("column", columns, header.n_columns)
        count += len(rows)
        _check_count(count, header, at_end=False)
        values = np.broadcast_to(values, rows.shape)
        pieces.append((rows.astype(np.int32), columns.astype(np.int32), values.astype(np.float64)))
    rows, columns, values = (np.concatenate(side) for side in zip(*pieces, strict=True))
    _check_count(count, header, at_end=True)
    rows -= 1
    columns -= 1
    if header.symmetry != "general":
        mirrored = np.flatnonzero(rows != columns)
        rows, columns = (
            np.concatenate((rows, columns[mirrored])),
            np.concatenate((columns, rows[mirrored])),
        )
        sign = 1 if header.symmetry == "symmetric" else -1
        values = np.concatenate((values, sign * values[mirrored]))
    shape = (header.n_rows, header.n_columns)
    return scipy.sparse.coo_array((values, (rows, columns)), shape=shape)


def _read_dense(stream: BinaryIO, header: Header) -> Any:
    values = np.empty(header.n_lines)
    done = 0
    for block, line in _counted(line_blocks(stream), header.n_passed + 1):
        piece = parse_lines(block, line, _DENSE)["value"]
        _check_count(done + piece.size, header, at_end=False)
        values[done : done + piece.size] = piece
        done += piece.size
    _check_count(done, header, at_end=True)
    if header.symmetry == "general":
        return values.reshape((header.n_rows, header.n_columns), order="F")
    return _unfolded(values, header)


def _unfolded(values: npt.NDArray[np.float64], header: Header) -> npt.NDArray[np.float64]:
    """Return the matrix whose lower triangle is given column by column."""
    width = header.n_rows
    below, sign = (0, 1) if header.symmetry == "symmetric" else (1, -1)
    matrix = np.zeros((width, width))
    done = 0
    for column in range(width):
        first = column + below
        stored = values[done : done + width - first]
        matrix[first:, column] = stored
        matrix[column, first:] = sign * stored
        done += stored.size
    return matrix


def _counted(blocks: Iterator[bytes], first_line: int) -> Iterator[tuple[bytes, int]]:
    """Give every block with the number of its first line."""
    for block in blocks:
        yield block, first_line
        first_line += block.count(b"\n")


def _check_count(count: int, header: Header, *, at_end: bool) -> None:
    if count > header.n_lines or (at_end and count < header.n_lines):
        there = "only " if at_end else "at least "
        raise ReadError(
            f"The header must be followed by the {header.n_lines} entries it promises, but there "
            f"are {there}{count}."
        )
