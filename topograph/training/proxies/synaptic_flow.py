"""How much weight do all paths carry together?"""

from __future__ import annotations

import math

from topograph.errors import Undefined
from topograph.training.proxies.probing import Probe


def synflow_total(probe: Probe) -> float:
    r"""Total synaptic flow, as ``log10(sum over paths of the product of |w| along the path)``.

    ``log10(1^T |W_1| ... |W_L| 1)``, any finite number; without biases and without images.
    With all ``|w| = 1`` it is log10 of the number of paths. No chain is too deep. Of a module
    it is the sum of the outputs for an input of ones, all weights absolute, without
    normalisation other than that of batches; a maximum pooling passes the largest flow on.

    Raises
    ------
    Undefined
        If no path has weights other than 0, a weight is not finite, or
        the flow of a module leaves the range of floats.

    References
    ----------
    Tanaka, Kunin, Yamins & Ganguli, "Pruning neural networks without any data by iteratively
    conserving synaptic flow", NeurIPS 2020.
    """
    total = probe.log10_flow()
    if math.isnan(total):
        raise Undefined("weights are not finite")
    if total == -math.inf:
        raise Undefined("no path from an input to an output has weights other than 0")
    if total == math.inf:
        raise Undefined("beyond the range of floats")
    return total
