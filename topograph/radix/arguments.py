"""Integers as arguments: checked, and brought to Python's own kind."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from topograph.errors import ParameterError


def checked_integer(name: str, value: Any, lowest: int, hint: str | None = None) -> int:
    """Return the value as an ``int`` that is at least ``lowest``.

    Raises
    ------
    ParameterError
        If it is smaller, or no integer (booleans and whole floats are none).

    Examples
    --------
    >>> checked_integer("layers", 3, 1)
    3
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = lowest - 1
    if number < lowest or isinstance(value, bool):
        raise ParameterError.expected(name, f"an integer of at least {lowest}", value, hint)
    return number


def checked_integers(
    name: str, values: Any, lowest: int, hint: str | None = None
) -> tuple[int, ...]:
    """Return the values as a tuple of integers, none below ``lowest``.

    Raises
    ------
    ParameterError
        Naming the first that is not, with its place counted from 1.

    Examples
    --------
    >>> checked_integers("widths", [784, 300, 0], 1)
    Traceback (most recent call last):
    ...
    topograph.errors.ParameterError: Entry 3 of widths must be an integer of at least 1, but \
it is 0.
    """
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise ParameterError.expected(name, "a list of integers", values, hint)
    return tuple(
        checked_integer(f"Entry {place} of {name}", value, lowest, hint)
        for place, value in enumerate(values, start=1)
    )


def checked_direction(value: Any) -> int:
    """Return the sign of the shifts of a RadiX-Net, 1 or -1.

    Raises
    ------
    ParameterError
        If it is anything else.
    """
    if isinstance(value, bool) or value not in (1, -1):
        raise ParameterError.expected(
            "direction",
            "1 or -1",
            value,
            hint="1 as in the definition, -1 as in the official GraphChallenge files.",
        )
    return int(value)
