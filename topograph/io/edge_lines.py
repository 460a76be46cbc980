"""Lines ``row<TAB>column<TAB>value`` as arrays, a block of lines at a time."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from topograph.errors import ReadError

Edges: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.float64] | float]

_LINE = re.compile(rb"[ ]*[+-]?[0-9]{1,18}[ ]*\t[ ]*[+-]?[0-9]{1,18}[ ]*\t[^\t_\0]{1,31}")
_VALUE_BYTES = 32
_FIELDS = np.dtype([("row", "i8"), ("column", "i8"), ("value", f"S{_VALUE_BYTES}")])
_TAB, _NEWLINE = 9, 10
_ZEROS = np.uint64(0x3030303030303030)  # b"00000000"
_SIX = np.uint64(0x7676767676767676)
_HIGH = np.uint64(0x8080808080808080)


def parse_edges(block: bytes, first_line: int = 1) -> Edges:
    r"""Return the rows, columns and values of a block of whole lines.

    Indices are read as integers, never by way of floats, which would lose those above
    2^24 or 2^53.

    Parameters
    ----------
    block : bytes
        Lines, each ended by a newline; empty ones are passed over.
    first_line : int
        The number of the first line, for errors.

    Returns
    -------
    rows, columns : ndarray of int
        As they stand in the file.
    values : ndarray of float64, or float
        One a line; a single number when the text of all of them is the same.

    Raises
    ------
    ReadError
        If a line is malformed; its number and text are given.

    Examples
    --------
    >>> rows, columns, values = parse_edges(b"1\t16777217\t0.5\n")
    >>> int(columns[0]), values
    (16777217, 0.5)
    """
    try:
        uniform = _parse_uniform(block)
        return _parse_any(block) if uniform is None else uniform
    except (ValueError, OverflowError, DeprecationWarning) as error:
        number, line = _first_malformed(block, first_line)
        raise ReadError(
            f"Every line must be row<TAB>column<TAB>value, but line {number} is {line!r}."
        ) from error


def _parse_uniform(block: bytes) -> Edges | None:
    """Parse lines of plain digits and one same value; None if the block is not like that.

    Twice as fast as `numpy.loadtxt`: the eight bytes before each separator are one word,
    whose digits are added up in parallel.
    """
    first_end = block.find(b"\n")
    value = block[:first_end].rpartition(b"\t")[2]
    padded = b"0" * 8 + block
    text = np.frombuffer(padded, dtype=np.uint8)
    controls = np.flatnonzero(text < 32)
    if controls.size % 3:
        return None
    ends = controls.reshape(-1, 3)
    if not (text[ends] == (_TAB, _TAB, _NEWLINE)).all():
        return None
    starts = np.concatenate(([7], ends[:-1, 2]))
    words: Any = np.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded, strides=(1,))
    if not _all_same(words, ends, len(value)):
        return None
    rows = _numbers(words[ends[:, 0] - 8], ends[:, 0] - starts - 1)
    columns = _numbers(words[ends[:, 1] - 8], ends[:, 1] - ends[:, 0] - 1)
    return None if rows is None or columns is None else (rows, columns, _value(value))


def _all_same(words: npt.NDArray[np.uint64], ends: npt.NDArray[Any], length: int) -> bool:
    """Whether the text of ``length`` bytes before the last end is the same in every line."""
    if (ends[:, 2] - ends[:, 1] != length + 1).any():
        return False
    others = np.uint64(8 * max(8 - length, 0))
    for offset in (*range(0, length - 8, 8), max(length - 8, 0)):
        word = words[ends[:, 2] - (8 + offset)] >> others
        if (word != word[0]).any():
            return False
    return True


def _numbers(words: npt.NDArray[np.uint64], lengths: npt.NDArray[Any]) -> Any:
    """Return the numbers whose last digit is the last byte of each word; None if unfit."""
    if lengths.min() < 1 or lengths.max() > 8:
        return None
    unused = (8 - lengths).astype(np.uint64) << np.uint64(3)
    digits = ((words ^ _ZEROS) >> unused) << unused
    if (((digits + _SIX) | digits) & _HIGH).any():
        return None
    pairs = (digits * np.uint64(10) + (digits >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    eights = fours * np.uint64(10000) + (fours >> np.uint64(32))
    return (eights & np.uint64(0xFFFFFFFF)).astype(np.int64)


def _parse_any(block: bytes) -> Edges:
    if not block.strip():
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, 0.0
    if b"\0" in block or b"_" in block:
        raise ValueError("bytes that are no part of a number")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # integers written as floats
        lines = io.StringIO(block.decode("ascii"))
        fields = np.loadtxt(lines, dtype=_FIELDS, delimiter="\t", comments=None, ndmin=1)
    values = np.ascontiguousarray(fields["value"])
    if values.view(np.uint8).reshape(-1, _VALUE_BYTES)[:, -1].any():
        raise ValueError("a value of too many characters")
    return fields["row"], fields["column"], values.astype(np.float64)


def _value(text: bytes) -> float:
    if b"_" in text or len(text) >= _VALUE_BYTES:
        raise ValueError("bytes that are no part of a number")
    return float(text)


def _first_malformed(block: bytes, first_line: int) -> tuple[int, str]:
    lines = block.split(b"\n")
    for number, line in enumerate(lines, first_line):
        if line.strip() and not (_LINE.fullmatch(line) and _is_number(line.rpartition(b"\t")[2])):
            return number, line[:40].decode("ascii", "backslashreplace")
    return first_line, lines[0][:40].decode("ascii", "backslashreplace")


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
