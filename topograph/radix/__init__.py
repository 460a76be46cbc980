"""The arithmetic of RadiX-Nets that generator, verifier and closed-form spectra share."""

from topograph.radix.counting import (
    approximate_density,
    exact_density,
    paths_per_pair,
    place_values,
)
from topograph.radix.degrees import specification_from_degrees
from topograph.radix.divisors import divisors
from topograph.radix.specification import RadixSpecification
from topograph.radix.spectrum import kronecker_singular_values
from topograph.radix.suggestion import RadixSuggestion, suggest_radix

__all__ = [
    "RadixSpecification",
    "RadixSuggestion",
    "approximate_density",
    "divisors",
    "exact_density",
    "kronecker_singular_values",
    "paths_per_pair",
    "place_values",
    "specification_from_degrees",
    "suggest_radix",
]
