"""Read the tables of studies again."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from topograph.errors import MissingExtraError, ReadError
from topograph.io.paths import listed, naming, shown
from topograph.training.bundle.collecting import check_table_name

_TEXT = {
    *("unit", "topology", "making", "data", "variant", "regime", "stratum", "family", "role"),
    *("base", "series", "moved", "engine"),
}  # a name may look like a number: 16 hexadecimal digits may be 12345e6789012345
_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_TRUTH = {"True": True, "False": False}


def read_table(
    path: str | os.PathLike[str], columns: Callable[[str], bool] | None = None
) -> list[dict[str, Any]]:
    """Read rows that `topograph.training.bundle.collecting.write_table` wrote.

    A column that a row lacks is None, as is an empty cell of CSV. In CSV a column is whole and
    decimal numbers, truth values or lists if all its cells are, else text; mappings come back as
    the JSON text that they were written as.

    Parameters
    ----------
    path : path
        Ends in .parquet, .csv or .jsonl.
    columns : callable, optional
        Says of a column's name whether it is wanted; all are by default.

    Raises
    ------
    ReadError
        If the file cannot be read, or a line of it is damaged.
    ParameterError
        If the name has another ending.
    MissingExtraError
        If it is Parquet and polars is not installed.
    """
    (file,) = listed([os.fspath(path)])
    place, ending = shown(file), check_table_name(file)
    with naming(place):
        if ending == ".parquet":
            return _parquet(file, columns)
        content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError(f"{place}: The table must be text in UTF-8, but it is not.") from error
    with naming(place):
        return _lines(text, columns) if ending == ".jsonl" else _csv(text, columns)


def _parquet(file: Path, columns: Callable[[str], bool] | None) -> list[dict[str, Any]]:
    try:
        import polars as pl
    except ImportError as error:
        raise MissingExtraError.of("polars", "tables") from error
    try:
        with file.open("rb") as stream:
            names = pl.read_parquet_schema(stream)
            wanted = [name for name in names if columns is None or columns(name)]
            return pl.read_parquet(stream, columns=wanted).to_dicts()
    except pl.exceptions.PolarsError as error:
        raise ReadError(
            "The table must be Parquet, but it is damaged or something else."
        ) from error


def _lines(text: str, columns: Callable[[str], bool] | None) -> list[dict[str, Any]]:
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise ReadError(f"Line {number} must be a JSON object, but it is not.")
            rows.append(row)
    names = _wanted((name for row in rows for name in row), columns)
    return [{name: row.get(name) for name in names} for row in rows]


def _csv(text: str, columns: Callable[[str], bool] | None) -> list[dict[str, Any]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise ReadError(f"Line {reader.line_num} must be CSV, but it is not ({error}).") from error
    if not lines:
        raise ReadError("A table must have a line with the names of its columns, but it is empty.")
    header = [name.strip() for name in lines[0][1]]
    doubles = sorted({name for name in header if header.count(name) > 1})
    if doubles:
        raise ReadError(f"The names of columns must differ, but {doubles[0]!r} comes twice.")
    for number, cells in lines[1:]:
        if len(cells) != len(header):
            raise ReadError(
                f"Line {number} must have {len(header)} cells, as the first line has, but it has "
                f"{len(cells)}."
            )
    found = {
        name: _column(name, [cells[at] for _, cells in lines[1:]])
        for at, name in enumerate(header)
        if columns is None or columns(name)
    }
    return [{name: column[at] for name, column in found.items()} for at in range(len(lines) - 1)]


def _wanted(names: Iterable[str], columns: Callable[[str], bool] | None) -> list[str]:
    return [name for name in dict.fromkeys(names) if columns is None or columns(name)]


def _column(name: str, cells: list[str]) -> list[Any]:
    if name in _TEXT:
        return list(cells)
    for convert in (_TRUTH.__getitem__, _number, _list):
        try:
            return [convert(cell) if cell else None for cell in cells]
        except (ValueError, KeyError):
            continue
    return [cell or None for cell in cells]


def _number(cell: str) -> int | float:
    if _WHOLE.fullmatch(cell):
        return int(cell)
    value = float(cell)
    padded = re.match(r"[+-]?0[0-9]", cell.strip())  # 007 is a name
    if padded or "_" in cell or (math.isfinite(value) and not re.search("[0-9]", cell)):
        raise ValueError(cell)
    return value


def _list(cell: str) -> list[Any]:
    value = json.loads(cell)
    if not isinstance(value, list):
        raise ValueError(cell)
    return value
