"""The record of finished runs: a line of JSON each, appended and never changed."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from topograph.errors import ReadError
from topograph.io.paths import shown
from topograph.training.bundle.locks import locked

RESULTS = "results.jsonl"


def append_results(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append rows in one go, and see to it that they are on the disk.

    A last line that was cut off when a machine stopped is dropped first. Numbers that are not
    finite become null.
    """
    lines = [json.dumps(_finite(dict(row)), allow_nan=False).encode() + b"\n" for row in rows]
    with locked(path), path.open("a+b") as file:
        _drop_half_a_line(file)
        file.write(b"".join(lines))
        file.flush()
        os.fsync(file.fileno())


def read_results(path: Path) -> list[dict[str, Any]]:
    """Return the rows; of rows with the same key the first, and no line that was cut off.

    Raises
    ------
    ReadError
        Naming the line that is no row of results.
    """
    if not path.exists():
        return []
    rows: dict[str, dict[str, Any]] = {}
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            rows.setdefault(row["key"], row)
        except (ValueError, TypeError, KeyError) as error:
            raise ReadError(
                f"{shown(path)}: Line {number} must be a row of results, but it is damaged.",
                hint="remove the line; its run is then done again.",
            ) from error
    return list(rows.values())


def _drop_half_a_line(file: Any) -> None:
    end = file.seek(0, os.SEEK_END)
    if not end:
        return
    start, tail = end, b""
    while start and b"\n" not in tail:
        step = min(start, 1 << 16)
        start -= step
        file.seek(start)
        tail = file.read(step) + tail
    cut = tail.rfind(b"\n") + 1
    if cut < len(tail):
        file.truncate(start + cut)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(entry) for entry in value]
    return value
