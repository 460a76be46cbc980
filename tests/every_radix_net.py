"""All RadiX-Nets there are, for small widths."""

import itertools
import math

from topograph.errors import ParameterError
from topograph.radix import RadixSpecification, divisors


def every_radix_specification(widths):
    """Every specification of a RadiX-Net of these widths, radices of 1 included."""
    for base in divisors(math.gcd(*widths)):
        for radices in itertools.product(divisors(base), repeat=len(widths) - 1):
            for cuts in itertools.product((False, True), repeat=len(radices) - 1):
                systems = [[radices[0]]]
                for cut, radix in zip(cuts, radices[1:], strict=True):
                    if cut:
                        systems.append([])
                    systems[-1].append(radix)
                dense_widths = [width // base for width in widths]
                if math.prod(systems[0]) == base:
                    for direction in (1, -1):
                        try:
                            yield RadixSpecification(systems, dense_widths, direction, True)
                        except ParameterError:
                            continue
