"""Residues modulo random primes: proofs about path counts of any size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.biadjacency import Biadjacency
from topograph.biadjacency.operator import Values
from topograph.propagation.algebra import Direction, apply

_LOWEST, _HIGHEST = 2**30, 2**31
_WITNESSES = (2, 7, 61)  # decide primality below 4,759,123,141


@dataclass(frozen=True)
class PrimeFields:
    """(+, x) modulo one prime a column; values are int64 of shape ``(n, k)``.

    Parameters
    ----------
    primes : tuple of int, length k
        Below 2^31, so that a sum over up to 2^32 neighbours stays inside int64.
    """

    primes: tuple[int, ...]

    def start(self, values: npt.ArrayLike) -> Values:
        """Return the residues of the values."""
        return np.asarray(np.asarray(values, dtype=np.int64) % np.array(self.primes))

    def pull(self, operator: Biadjacency, values: Values, direction: Direction) -> Values:
        """Sum over the neighbours, then reduce."""
        return np.asarray(apply(operator, values, direction) % np.array(self.primes))

    def merge(self, first: Values, second: Values) -> Values:
        """Add and reduce."""
        return np.asarray((first + second) % np.array(self.primes))

    def nothing(self, width: int, like: Values) -> Values:
        """Return zeros."""
        return np.zeros((width, *like.shape[1:]), dtype=np.int64)


def random_primes(count: int, rng: np.random.Generator) -> tuple[int, ...]:
    """Draw primes uniformly and independently between 2^30 and 2^31.

    There are about 5.07e7 of them, so that a non-zero number of ``b`` bits is divisible
    by one with probability at most ``floor(b / 30) / 5.07e7``.
    """
    found: list[int] = []
    while len(found) < count:
        candidate = int(rng.integers(_LOWEST, _HIGHEST)) | 1
        if _is_prime(candidate):
            found.append(candidate)
    return tuple(found)


def _is_prime(odd: int) -> bool:
    """Miller-Rabin, deterministic for odd numbers in the range used here."""
    if any(odd % small == 0 for small in (3, 5, 7, 11, 13)):
        return False
    twos = ((odd - 1) & (1 - odd)).bit_length() - 1
    for witness in _WITNESSES:
        power = pow(witness, (odd - 1) >> twos, odd)
        if power in (1, odd - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % odd
            if power == odd - 1:
                break
        else:
            return False
    return True
