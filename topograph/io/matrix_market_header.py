"""The header of a Matrix Market file: what it claims, checked before it is believed."""

from __future__ import annotations

import re
from typing import BinaryIO, NamedTuple

from topograph.errors import GraphError, ReadError
from topograph.io.limits import Budget
from topograph.io.paths import shown

_LINE_BYTES = 1024
_COMMENT_LINES = 10_000
_FIELDS = ("real", "double", "integer", "unsigned-integer", "pattern")
_SYMMETRIES = ("general", "symmetric", "skew-symmetric")


class Header(NamedTuple):
    """What the first lines say.

    Parameters
    ----------
    layout : {"coordinate", "array"}
        Whether entries or all the numbers of the matrix follow.
    field : str
        Their type; "pattern" entries have no value.
    symmetry : {"general", "symmetric", "skew-symmetric"}
        Whether the upper triangle is left out.
    n_rows, n_columns : int
        The shape claimed.
    n_lines : int
        How many entries or numbers must follow.
    n_passed : int
        Lines of the header and its comments.
    """

    layout: str
    field: str
    symmetry: str
    n_rows: int
    n_columns: int
    n_lines: int
    n_passed: int

    @property
    def least_bytes(self) -> int:
        """The shortest body: ``i j`` a line, or one digit, the last newline left out."""
        shortest = {"coordinate": 4 if self.field == "pattern" else 6, "array": 2}
        return self.n_lines * shortest[self.layout] - 1


def read_header(stream: BinaryIO) -> Header:
    """Read the first lines of a Matrix Market file, up to its sizes.

    Raises
    ------
    ReadError
        If they are malformed, or those of something that can be no mask.
    """
    line = _line(stream)
    words = line.decode("ascii", "replace").lower().split()
    if len(words) != 5 or words[:2] != ["%%matrixmarket", "matrix"]:
        raise ReadError(
            "A Matrix Market file must start with '%%MatrixMarket matrix FORMAT FIELD SYMMETRY', "
            f"but this one starts with {shown(line[:40].decode('ascii', 'backslashreplace'))!r}."
        )
    layout, field, symmetry = words[2:]
    if layout not in ("coordinate", "array"):
        raise ReadError(f"The matrix must be a coordinate or array one, not {shown(layout)!r}.")
    if field not in _FIELDS or (field == "pattern" and layout == "array"):
        raise ReadError(
            f"The entries of a mask must be real, integer or pattern, not {shown(field)!r}.",
            hint="write the absolute values of complex weights.",
        )
    if symmetry not in _SYMMETRIES or (field == "pattern" and symmetry == "skew-symmetric"):
        raise ReadError(
            f"A {field} matrix must be general or symmetric, but it is {shown(symmetry)!r}."
        )
    sizes, passed = _line(stream), 0
    while not sizes.strip() or sizes.startswith(b"%"):
        passed += 1
        if passed > _COMMENT_LINES or not sizes:
            raise ReadError("The comments must be followed by the sizes, but they are not.")
        sizes = _line(stream)
    n_sizes = 3 if layout == "coordinate" else 2
    if not re.fullmatch(rb"\s*[0-9]{1,18}(\s+[0-9]{1,18}){%d}\s*" % (n_sizes - 1), sizes):
        said = shown(sizes[:40].decode("ascii", "backslashreplace").strip())
        raise ReadError(f"The sizes must be {n_sizes} whole numbers in one line, not {said!r}.")
    n_rows, n_columns, *rest = (int(size) for size in sizes.split())
    n_lines = rest[0] if rest else _n_stored(symmetry, n_rows, n_columns)
    return Header(layout, field, symmetry, n_rows, n_columns, n_lines, passed + 2)


def _line(stream: BinaryIO) -> bytes:
    line = stream.readline(_LINE_BYTES)
    if len(line) == _LINE_BYTES and not line.endswith(b"\n"):
        raise ReadError(f"A line of the header must be shorter than {_LINE_BYTES} bytes.")
    return line


def _n_stored(symmetry: str, n_rows: int, n_columns: int) -> int:
    if symmetry == "general":
        return n_rows * n_columns
    return n_rows * (n_rows + (1 if symmetry == "symmetric" else -1)) // 2


def check_header(header: Header, most_bytes: int, budget: Budget) -> None:
    """Raise an error if ``most_bytes`` of text cannot hold what is claimed, or memory cannot."""
    n_rows, n_columns, n_lines = header.n_rows, header.n_columns, header.n_lines
    if n_rows < 1 or n_columns < 1:
        raise GraphError(
            f"A layer must join at least one unit to one unit, not {n_rows} to {n_columns}."
        )
    if header.symmetry != "general" and n_rows != n_columns:
        raise ReadError(
            f"A {header.symmetry} matrix must be square, but it is {n_rows} x {n_columns}."
        )
    budget.check_width(n_rows)
    budget.check_width(n_columns)
    if header.least_bytes > most_bytes:
        raise ReadError(
            f"The header claims {n_lines} entries, but the file is too short to hold them."
        )
    if header.layout == "array":
        budget.check(16 * n_rows * n_columns, "a dense matrix")
    else:
        budget.check_entries(n_lines if header.symmetry == "general" else 2 * n_lines)
