"""How numbers are written in sentences and tables."""

from __future__ import annotations

_FULL_DIGITS = 21  # longer integers are rounded, and their length is said
DECIMAL_BITS = 14_000
"""Python writes and reads integers of up to 4300 digits in decimals."""


def count_text(count: int) -> str:
    """Write a count in full: in decimals, or as ``0x...`` where it has over 4200 of them.

    Examples
    --------
    >>> count_text(1048576), len(count_text(2**20_000))
    ('1048576', 5003)
    """
    return str(count) if count.bit_length() <= DECIMAL_BITS else hex(count)


def count_of(text: str) -> int:
    """Return the count that `count_text` wrote.

    Examples
    --------
    >>> count_of("1048576") == count_of("0x100000")
    True
    """
    return int(text, 16 if text.removeprefix("-").startswith("0x") else 10)


def spelled_count(count: int) -> str:
    """Write an integer in groups of three digits; long ones rounded, with their length.

    Examples
    --------
    >>> spelled_count(1048576), spelled_count(2**584), spelled_count(10**40 + 1)
    ('1,048,576', '2^584 (176 digits)', '1.00000e40 (41 digits)')
    >>> spelled_count(3**20_000)
    '2.66130e9542 (9543 digits)'
    """
    if abs(count) < 10**_FULL_DIGITS:
        return f"{count:,}"
    import decimal  # not at the start of every command

    six = decimal.Context(6, decimal.ROUND_DOWN, decimal.MIN_EMIN, decimal.MAX_EMAX)
    begins = six.create_decimal(count)
    ten = begins.adjusted()
    power = count.bit_length() - 1
    if count == 1 << power:
        return f"2^{power} ({ten + 1} digits)"
    return f"{begins.scaleb(-ten, six):.5f}e{ten} ({ten + 1} digits)"


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
