"""Options of families that are shares of a whole."""

from __future__ import annotations

from typing import Any

from topograph.errors import ParameterError


def checked_share(name: str, value: Any, hint: str | None = None) -> float:
    """Return the value as a float from 0 to 1.

    Raises
    ------
    ParameterError
        If it lies outside, or is no number; the hint names the nearest share.

    Examples
    --------
    >>> checked_share("rewiring", 1)
    1.0
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1:
        if hint is None and is_number and value == value:  # NaN has no nearest
            hint = f"the nearest is {min(max(value, 0), 1)}."
        raise ParameterError.expected(name, "a number from 0 to 1", value, hint)
    return float(value)
