"""A RadiX specification from layer widths and out-degrees: Robinett's form."""

from __future__ import annotations

import math
from collections.abc import Sequence

from topograph.errors import ParameterError
from topograph.radix.arguments import checked_integers
from topograph.radix.divisors import divisors, nearest_listed
from topograph.radix.specification import RadixSpecification


def specification_from_degrees(
    widths: Sequence[int],
    out_degrees: Sequence[int],
    direction: int = 1,
    allow_unit_radix: bool = False,
) -> RadixSpecification:
    """Return the RadiX specification whose net has these widths and these out-degrees.

    ``N' = gcd(widths)``, ``D_i = widths_i / N'``, ``radix_i = degree_i / D_i``. Radices are
    gathered into a system until their product is ``N'``, then the next system starts; what
    remains at the end is the last system.

    Parameters
    ----------
    widths : sequence of int, length K + 1
        Units of each level.
    out_degrees : sequence of int, length K
        Fan-out of the units of every level but the last.
    direction, allow_unit_radix
        As of `RadixSpecification`.

    Raises
    ------
    ParameterError
        If a degree is no multiple of the dense width it feeds, or the radices so far do
        not divide ``N'``; the hint lists the degrees that would do.

    References
    ----------
    Robinett & Kepner, "Neural network topologies for sparse training", arXiv 1809.05242.

    Examples
    --------
    >>> specification_from_degrees([800, 300, 100], [30, 10]).systems
    ((10, 10),)
    >>> specification_from_degrees([12, 6, 18, 6], [2, 9, 2]).systems
    ((2, 3), (2,))
    """
    wide = checked_integers("widths", widths, 1, "the units of each level, inputs first.")
    degrees = checked_integers(
        "out_degrees", out_degrees, 1, "the fan-out of each level but the last."
    )
    if len(wide) < 2 or len(degrees) != len(wide) - 1:
        raise ParameterError(
            f"There must be two widths or more and one out-degree fewer than widths, but "
            f"there are {len(wide)} widths and {len(degrees)} out-degrees.",
            hint="for example widths 800, 300, 100 with out-degrees 30, 10.",
        )
    base = math.gcd(*wide)
    dense_widths = [width // base for width in wide]
    systems: list[list[int]] = []
    left = 1
    for layer, (degree, dense) in enumerate(zip(degrees, dense_widths[1:], strict=True), start=1):
        if left == 1:
            systems.append([])
            left = base
        radix = degree // dense
        lowest = 1 if allow_unit_radix else 2
        if degree % dense or radix < lowest or left % radix:
            raise _no_such_degree(layer, degree, dense, left, base, wide, lowest)
        systems[-1].append(radix)
        left //= radix
    return RadixSpecification(systems, dense_widths, direction, allow_unit_radix)


def _no_such_degree(
    layer: int,
    degree: int,
    dense: int,
    left: int,
    base: int,
    widths: tuple[int, ...],
    lowest: int,
) -> ParameterError:
    used = "" if left == base else f", of which the radices before it leave {left}"
    choices = tuple(dense * radix for radix in divisors(left) if radix >= lowest)
    hint = (
        f"make it {nearest_listed(choices, degree)}."
        if choices
        else "choose widths with a common divisor, and bring the net to size with fit_widths."
    )
    return ParameterError(
        f"The out-degree of layer {layer} must be {dense} (its {widths[layer]} target units "
        f"over N' = {base}, the greatest common divisor of the widths) times a radix of at "
        f"least {lowest} that divides {base}{used}, but it is {degree}.",
        hint=hint,
    )
