"""Is a column fit for the statistics?"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import numpy.typing as npt

from topograph.errors import ParameterError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def numbers(name: str, values: npt.ArrayLike, length: int | None = None) -> Floats:
    """Return a column of finite numbers, one a row.

    Parameters
    ----------
    name : str
        What the column is called in the error.
    values : array_like
    length : int, optional
        The number of rows that the other columns have.

    Raises
    ------
    ParameterError
        If it is not one-dimensional, has another length or holds a value that is not finite.

    Examples
    --------
    >>> numbers("outcome", [1, 2]).tolist()
    [1.0, 2.0]
    """
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError.expected(name, "a column of numbers", values) from None
    _check_length(name, column, length)
    missing = np.flatnonzero(~np.isfinite(column))
    if missing.size:
        row = int(missing[0])
        raise ParameterError(
            f"{name} must be finite in every row, but row {row} holds {column[row]}.",
            hint="leave out rows without a value, and say how many they are",
        )
    return column


def labels(
    name: str, values: npt.ArrayLike, length: int | None = None
) -> tuple[Integers, tuple[str, ...]]:
    """Return codes 0, 1, ... of the labels in a column, and the labels in their order.

    Examples
    --------
    >>> codes, names = labels("stratum", ["b", "a", "b"])
    >>> codes.tolist(), names
    ([1, 0, 1], ('a', 'b'))
    """
    column = np.asarray(values)
    _check_length(name, column, length)
    found, codes = np.unique(column, return_inverse=True)
    return codes.astype(np.int64), tuple(str(label) for label in found)


def fraction(name: str, value: float) -> float:
    """Return a number strictly between 0 and 1."""
    if not 0 < value < 1:
        raise ParameterError.expected(name, "between 0 and 1", value)
    return float(value)


def positive(name: str, value: int) -> int:
    """Return a whole number of one at least."""
    if value < 1 or int(value) != value:
        raise ParameterError.expected(name, "a whole number of one at least", value)
    return int(value)


def joined(*columns: Integers) -> Integers:
    """Return codes of the combinations of several codes, in lexicographic order.

    Examples
    --------
    >>> import numpy as np
    >>> joined(np.array([0, 0, 1, 1]), np.array([5, 5, 5, 2])).tolist()
    [0, 0, 2, 1]
    """
    codes = columns[0]
    for column in columns[1:]:
        codes = codes * (int(column.max(initial=0)) + 1) + column
        codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return cast(Integers, np.unique(codes, return_inverse=True)[1].astype(np.int64))


def _check_length(name: str, column: npt.NDArray[Any], length: int | None) -> None:
    if column.ndim != 1:
        raise ParameterError.expected(name, "one value a row", f"of shape {column.shape}")
    if length is not None and column.size != length:
        raise ParameterError.expected(name, f"of {length} rows, as the others", f"of {column.size}")
