"""Symmetry decided by counts modulo random primes alone."""

from __future__ import annotations

from topograph.verification import symmetry


def leave_all_to_primes(patch):
    """Have no net counted in full, nor decided by a complete layer or by its quotient."""
    patch.setattr(symmetry, "COUNT_ALL_PAIRS_SECONDS", -1.0)
    patch.setattr(symmetry, "symmetry_by_complete_layer", lambda _: None)
    patch.setattr(symmetry, "symmetry_by_quotient", lambda _: None)
