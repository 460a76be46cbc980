"""Rows of a report as a data frame of polars or pandas, whichever there is."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from topograph.errors import MissingExtraError
from topograph.wording import count_of

_NUMBERS = {
    "value",
    "log10",
    "standard_error",
    "difference",
    "ratio",
    "null_mean",
    "null_standard_deviation",
    "z",
    "p",
}


def data_frame(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> Any:
    """Return rows as a ``polars.DataFrame``, or a ``pandas.DataFrame`` where polars is missing.

    Values, differences and other numbers are 64-bit floats: truth values are 1 and 0, and counts
    beyond the range of floats are null, as are values that are undefined. Other columns are text,
    or whole numbers.

    Raises
    ------
    MissingExtraError
        If neither is installed.
    """
    data = {
        name: [_float(row[name]) if name in _NUMBERS else row[name] for row in rows]
        for name in columns
    }
    kinds = {name: _kind(name, values) for name, values in data.items()}
    try:
        import polars as pl
    except ImportError:
        return _pandas_frame(data, kinds)
    types = {"number": pl.Float64, "whole": pl.Int64, "text": pl.String}
    return pl.DataFrame(data, schema={name: types[kind] for name, kind in kinds.items()})


def _pandas_frame(data: Mapping[str, list[Any]], kinds: Mapping[str, str]) -> Any:
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtraError.of("polars or pandas", "tables") from error
    types = {"number": "float64", "whole": "Int64", "text": "object"}
    return pd.DataFrame(
        {name: pd.Series(values, dtype=types[kinds[name]]) for name, values in data.items()}
    )


def _kind(name: str, values: Sequence[Any]) -> str:
    if name in _NUMBERS:
        return "number"
    found = {type(value) for value in values if value is not None}
    return "whole" if found == {int} else "text"


def _float(value: bool | int | float | str | None) -> float | None:
    if value is None:
        return None
    try:
        number = float(count_of(value) if isinstance(value, str) else value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
