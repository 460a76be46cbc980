"""How numbers are written in sentences and tables."""

from __future__ import annotations

_FULL_DIGITS = 21  # longer integers are rounded, and their length is said


def spelled_count(count: int) -> str:
    """Write an integer in groups of three digits; long ones rounded, with their length.

    Examples
    --------
    >>> spelled_count(1048576), spelled_count(2**584), spelled_count(10**40 + 1)
    ('1,048,576', '2^584 (176 digits)', '1.00000e40 (41 digits)')
    """
    digits = str(count)
    if len(digits) <= _FULL_DIGITS:
        return f"{count:,}"
    power = count.bit_length() - 1
    if count == 1 << power:
        return f"2^{power} ({len(digits)} digits)"
    return f"{digits[0]}.{digits[1:6]}e{len(digits) - 1} ({len(digits)} digits)"


def number(value: bool | int | float | None) -> str:
    """Write a value for people: grouped integers, six significant digits, yes or no.

    Examples
    --------
    >>> number(True), number(0.123456789), number(None)
    ('yes', '0.123457', 'undefined')
    """
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return spelled_count(value) if isinstance(value, int) else f"{value:.6g}"


def counted(count: int, one: str, more: str | None = None) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> counted(1, "family", "families"), counted(1200, "net")
    ('1 family', '1,200 nets')
    """
    return f"{count:,} {one if count == 1 else more or one + 's'}"
