"""JSON of a file that is not trusted: every key once, numbers that JSON has."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from topograph.errors import ReadError
from topograph.io.paths import shown


def parse_json(text: bytes, name: str) -> Any:
    """Parse the JSON of a member of a file.

    Parameters
    ----------
    text : bytes
    name : str
        Of the member, for the error.

    Raises
    ------
    ReadError
        If it is no JSON, has NaN or infinity, a key twice, or is nested too deeply.

    Examples
    --------
    >>> parse_json(b'{"widths": [2, 3]}', "header.json")
    {'widths': [2, 3]}
    """
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_repetition)
    except (ValueError, RecursionError) as error:
        why = "too deeply nested" if isinstance(error, RecursionError) else shown(str(error))
        raise ReadError(f"{name} must be JSON, but it is not: {why}.") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _no_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("an object has the same key twice")
    return values
