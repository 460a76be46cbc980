"""How much weight do all paths carry together?"""

from __future__ import annotations

import math

import numpy as np

from topograph.errors import Undefined
from topograph.training.engines.pattern import Indices
from topograph.training.proxies.probing import Floats, Probe


def synflow_total(probe: Probe) -> float:
    r"""Total synaptic flow, as ``log10(sum over paths of the product of |w| along the path)``.

    ``log10(1^T |W_1| ... |W_L| 1)``, any finite number; without biases and without images.
    With all ``|w| = 1`` it is log10 of the number of paths. The sweep holds the logarithm of
    every unit's value: no net is too deep.

    Raises
    ------
    Undefined
        If no path has weights other than 0, or a weight is not finite.

    References
    ----------
    Tanaka, Kunin, Yamins & Ganguli, "Pruning neural networks without any data by iteratively
    conserving synaptic flow", NeurIPS 2020.
    """
    logarithms = np.zeros(probe.widths[0])
    for pattern, weights in zip(probe.patterns, probe.weights, strict=True):
        if not np.isfinite(weights.data).all():
            raise Undefined("weights are not finite")
        with np.errstate(divide="ignore"):
            terms = np.log(np.abs(weights.data)) + logarithms[pattern.sources]
        logarithms = _log_sums(terms, pattern.offsets)
    (total,) = _log_sums(logarithms, np.array([0, logarithms.size]))
    if total == -math.inf:
        raise Undefined("no path from an input to an output has weights other than 0")
    return float(total) / math.log(10)


def _log_sums(terms: Floats, offsets: Indices) -> Floats:
    """Return ``ln(sum(exp(terms)))`` of each part ``offsets[j]`` to ``offsets[j + 1]``."""
    sizes = np.diff(offsets)
    found = np.full(sizes.size, -np.inf)
    filled = np.flatnonzero(sizes)
    if filled.size:
        starts = offsets[filled]
        largest = np.maximum.reduceat(terms, starts)
        shift = np.where(np.isfinite(largest), largest, 0.0)
        sums = np.add.reduceat(np.exp(terms - np.repeat(shift, sizes[filled])), starts)
        with np.errstate(divide="ignore"):
            found[filled] = np.log(sums) + shift
    return found
