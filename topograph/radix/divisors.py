"""The divisors of a number: the sizes that a last system, or a radix, may have."""

from __future__ import annotations

_SHOWN = 8


def divisors(number: int) -> tuple[int, ...]:
    """All positive divisors of a positive integer, in ascending order.

    By trial division, in time proportional to the root of the largest prime factor.

    Examples
    --------
    >>> divisors(12)
    (1, 2, 3, 4, 6, 12)
    """
    found, rest, prime = [1], number, 2
    while rest > 1:
        if prime * prime > rest:
            prime = rest
        power, smaller = 1, tuple(found)
        while rest % prime == 0:
            rest //= prime
            power *= prime
            found.extend(divisor * power for divisor in smaller)
        prime += 1
    return tuple(sorted(found))


def nearest_listed(choices: tuple[int, ...], wish: int) -> str:
    """List the choices nearest to what was wished for, for a hint.

    Examples
    --------
    >>> nearest_listed(divisors(1000), 90)
    '8, 10, 20, 25, 40, 50, 100 or 125 (nearest: 100)'
    """
    near = sorted(choices, key=lambda choice: abs(choice - wish))
    shown = [str(choice) for choice in sorted(near[:_SHOWN])]
    if len(shown) == 1:
        return shown[0]
    return f"{', '.join(shown[:-1])} or {shown[-1]} (nearest: {near[0]})"
