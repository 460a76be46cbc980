"""Lines ``row column value`` as arrays, a block of lines at a time."""

from __future__ import annotations

import io
import re
import warnings
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from topograph.errors import GraphError, ReadError

Edges: TypeAlias = tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.float64] | float]

_PLAIN = re.compile(rb"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_TAB, _SPACE, _NEWLINE = 9, 32, 10
_ZEROS = np.uint64(0x3030303030303030)  # b"00000000"
_SIX = np.uint64(0x7676767676767676)
_HIGH = np.uint64(0x8080808080808080)


class LineForm(NamedTuple):
    """What every line of a file must be.

    Parameters
    ----------
    text : str
        The form in words, for errors.
    columns : tuple of str
        Some of "row", "column" and "value"; without a value it is 1.
    separator : str, optional
        Between the columns; any white space by default.
    """

    text: str
    columns: tuple[str, ...]
    separator: str | None = None

    @property
    def dtype(self) -> np.dtype[Any]:
        """The types of the columns: values are floats, units are integers."""
        return np.dtype([(name, "f8" if name == "value" else "i8") for name in self.columns])


TAB_SEPARATED = LineForm("row<TAB>column<TAB>value", ("row", "column", "value"), separator="\t")


def parse_edges(block: bytes, first_line: int = 1, form: LineForm = TAB_SEPARATED) -> Edges:
    r"""Return the rows, columns and values of a block of whole lines.

    Indices are read as integers, never by way of floats, which would lose those above
    2^24 or 2^53.

    Parameters
    ----------
    block : bytes
        Lines, each ended by a newline; empty ones are passed over.
    first_line : int
        The number of the first line, for errors.
    form : LineForm
        What every line must be.

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
    GraphError
        If a value is not finite.

    Examples
    --------
    >>> rows, columns, values = parse_edges(b"1\t16777217\t0.5\n")
    >>> int(columns[0]), values
    (16777217, 0.5)
    """
    edges = _parse_uniform(block, form)
    if edges is None:
        fields = parse_lines(block, first_line, form)
        edges = fields["row"], fields["column"], fields["value"] if "value" in form.columns else 1.0
    if not np.isfinite(edges[2]).all():
        raise GraphError(
            "A mask must hold finite numbers, but it has NaN or infinity.",
            hint="replace them before saving: a diverged weight is neither kept nor pruned.",
        )
    return edges


def parse_lines(block: bytes, first_line: int, form: LineForm) -> npt.NDArray[Any]:
    """Return the lines of a block as records of the form's columns; as `parse_edges`."""
    try:
        return _load(block, form)
    except (ValueError, OverflowError, DeprecationWarning) as error:
        number, line = _first_malformed(block, first_line, form)
        raise ReadError(
            f"Every line must be {form.text}, but line {number} is {line!r}."
        ) from error


def check_units(name: str, units: npt.NDArray[Any], width: int) -> None:
    """Raise ReadError unless the units, counted from 1, lie in ``1 .. width``."""
    if units.size and (units.min() < 1 or units.max() > width):
        stray = int(units.min()) if units.min() < 1 else int(units.max())
        raise ReadError(
            f"The {name} of every edge must lie in 1..{width}, but there is {stray}.",
            hint="such files count from 1 to the number of units they give.",
        )


def _parse_uniform(block: bytes, form: LineForm) -> Edges | None:
    """Parse lines of plain digits and one same value; None if the block is not like that.

    Twice as fast as `numpy.loadtxt`: the eight bytes before each separator are one word,
    whose digits are added up in parallel.
    """
    first = block[: block.find(b"\n")]
    between = _TAB if form.separator or b"\t" in first else _SPACE
    padded = b"0" * 8 + block
    text = np.frombuffer(padded, dtype=np.uint8)
    gaps = np.flatnonzero(text <= _SPACE)
    n_columns = len(form.columns)
    if gaps.size % n_columns:
        return None
    ends = gaps.reshape(-1, n_columns)
    if not (text[ends] == [between] * (n_columns - 1) + [_NEWLINE]).all():
        return None
    starts = np.concatenate(([7], ends[:-1, -1]))
    words: Any = np.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded, strides=(1,))
    value = first.split(bytes([between]))[-1] if n_columns > 2 else b"1"
    if n_columns > 2 and not _all_same(words, ends, len(value)):
        return None
    rows = _numbers(words[ends[:, 0] - 8], ends[:, 0] - starts - 1)
    columns = _numbers(words[ends[:, 1] - 8], ends[:, 1] - ends[:, 0] - 1)
    if rows is None or columns is None or not _PLAIN.fullmatch(value):
        return None
    return rows, columns, float(value)


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


def _load(block: bytes, form: LineForm) -> npt.NDArray[Any]:
    if not block.strip():
        return np.zeros(0, dtype=form.dtype)
    if b"\0" in block or b"_" in block:
        raise ValueError("bytes that are no part of a number")
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # integers written as floats
        lines = io.StringIO(block.decode("ascii"))
        return np.loadtxt(lines, dtype=form.dtype, delimiter=form.separator, comments=None, ndmin=1)


def _first_malformed(block: bytes, first_line: int, form: LineForm) -> tuple[int, str]:
    for number, line in enumerate(block.split(b"\n"), first_line):
        try:
            _load(line, form)
        except (ValueError, OverflowError, DeprecationWarning):
            return number, line[:40].decode("ascii", "backslashreplace")
    return first_line, ""
