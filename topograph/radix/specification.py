"""What defines one RadiX-Net: mixed-radix systems and dense widths, checked."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from topograph.errors import ParameterError
from topograph.radix.arguments import checked_direction, checked_integers
from topograph.radix.divisors import divisors, nearest_listed


@dataclass(frozen=True)
class RadixSpecification:
    """The mixed-radix systems and dense widths that define one RadiX-Net, checked.

    With ``N'`` the product of the first system, the net has ``K + 1`` levels for ``K``
    radices, level ``i`` of ``D_i N'`` units.

    Parameters
    ----------
    systems : sequence of sequences of int
        The mixed-radix systems ``N_1 .. N_M``, one after the other; one radix a layer.
        Every radix is above 1. Every system but the last has product ``N'``; the product
        of the last divides ``N'``.
    dense_widths : sequence of int, optional
        ``D_0 .. D_K``: one positive number a level; all ones by default.
    direction : {1, -1}, default 1
        The sign of the shifts: +1 in the definition, -1 in the official GraphChallenge
        files. The two nets are isomorphic, but their masks differ.
    allow_unit_radix : bool, default False
        Whether a radix may be 1: its layer joins equal places of the blocks, and mixes
        nothing.

    Raises
    ------
    ParameterError
        If the numbers define no RadiX-Net; the hint lists those that would.

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416.

    Examples
    --------
    >>> net = RadixSpecification([[10, 10]], [8, 3, 1])
    >>> net.base, net.radices, net.widths
    (100, (10, 10), (800, 300, 100))
    >>> RadixSpecification([[2, 3], [4]])
    Traceback (most recent call last):
    ...
    topograph.errors.ParameterError: The product of the last system, [4], must divide 6, the \
product of the first, but it is 4. Hint: make it 2, 3 or 6 (nearest: 3).
    """

    systems: tuple[tuple[int, ...], ...]
    dense_widths: tuple[int, ...]
    direction: int
    allow_unit_radix: bool

    def __init__(
        self,
        systems: Sequence[Sequence[int]],
        dense_widths: Sequence[int] | None = None,
        direction: int = 1,
        allow_unit_radix: bool = False,
    ) -> None:
        checked = _checked_systems(systems, allow_unit_radix)
        n_layers = sum(len(system) for system in checked)
        object.__setattr__(self, "systems", checked)
        object.__setattr__(self, "dense_widths", _checked_dense_widths(dense_widths, n_layers))
        object.__setattr__(self, "direction", checked_direction(direction))
        object.__setattr__(self, "allow_unit_radix", bool(allow_unit_radix))

    @property
    def base(self) -> int:
        """``N'``, the product of the first system."""
        return math.prod(self.systems[0])

    @property
    def radices(self) -> tuple[int, ...]:
        """The radices of all systems in order: one a layer."""
        return tuple(radix for system in self.systems for radix in system)

    @property
    def widths(self) -> tuple[int, ...]:
        """``D_i N'``: the units of every level."""
        return tuple(width * self.base for width in self.dense_widths)


def _checked_systems(systems: Any, allow_unit_radix: bool) -> tuple[tuple[int, ...], ...]:
    example = "give a list of lists of radices, such as [[10, 10], [10]]."
    if isinstance(systems, str) or not isinstance(systems, Iterable):
        raise ParameterError.expected("systems", "a list of lists of radices", systems, example)
    given = list(systems)
    if not given:
        raise ParameterError.expected("systems", "one mixed-radix system or more", given, example)
    if not any(isinstance(system, Iterable) for system in given):
        raise ParameterError.expected(
            "systems", "a list of lists of radices", given, f"one system alone is [{given}]."
        )
    hint = (
        "a radix is the fan-out inside its layer's circulant; leave out radices of 1, or allow "
        "them with allow_unit_radix=True (--allow-unit-radix)."
    )
    if allow_unit_radix:
        hint = "a radix is the fan-out inside its layer's circulant."
    lowest = 1 if allow_unit_radix else 2
    checked = []
    for place, system in enumerate(given, start=1):
        checked.append(checked_integers(f"system {place}", system, lowest, hint))
        if not checked[-1]:
            raise ParameterError(f"System {place} must hold one radix or more.", hint=example)
    _check_products(checked, lowest)
    return tuple(checked)


def _check_products(systems: list[tuple[int, ...]], lowest: int) -> None:
    first, last = list(systems[0]), list(systems[-1])
    base = math.prod(first)
    for place, system in enumerate(systems[:-1], start=1):
        product = math.prod(system)
        if product != base:
            raise ParameterError(
                f"The product of system {place}, {list(system)}, must be {base}, that of the "
                f"first, {first}, but it is {product}.",
                hint=f"take radices whose product is {base}; only the last system may have a "
                f"smaller product, a divisor of {base}.",
            )
    product = math.prod(last)
    if base % product:
        choices = tuple(divisor for divisor in divisors(base) if divisor >= lowest)
        raise ParameterError(
            f"The product of the last system, {last}, must divide {base}, the product of the "
            f"first, but it is {product}.",
            hint=f"make it {nearest_listed(choices, product)}.",
        )


def _checked_dense_widths(dense_widths: Any, n_layers: int) -> tuple[int, ...]:
    if dense_widths is None:
        return (1,) * (n_layers + 1)
    checked = checked_integers(
        "dense_widths", dense_widths, 1, "1 for a level of N' units, D for one of D N' units."
    )
    if len(checked) != n_layers + 1:
        nearest = list((checked + (1,) * (n_layers + 1))[: n_layers + 1])
        raise ParameterError(
            f"dense_widths must have {n_layers + 1} entries, one a level (the number of "
            f"radices, {n_layers}, and one more), but {list(checked)} has {len(checked)}.",
            hint=f"for example {nearest}; leave it out for all ones.",
        )
    return checked
