"""How uniform is the net from end to end?"""

from __future__ import annotations

import numpy as np

from topograph.counting import log10_paths, pair_blocks
from topograph.errors import Undefined
from topograph.graph import LayeredGraph
from topograph.metrics.registry import metric
from topograph.propagation import SCALED
from topograph.verification import check_symmetric

DENSE_PAIRS = 1 << 22  # path matrices up to this size are decomposed


def _path_matrix_too_large(graph: LayeredGraph) -> str | None:
    n_pairs = graph.n_inputs * graph.n_outputs
    if n_pairs <= DENSE_PAIRS or check_symmetric(graph).holds:
        return None
    return (
        f"the singular values of a path matrix are computed by default up to {DENSE_PAIRS:,} "
        f"pairs, and there are {n_pairs:,}; --all or --metric computes them"
    )


@metric("network", cost="spectral", too_costly=_path_matrix_too_large)
def end_to_end_gap(graph: LayeredGraph) -> float:
    """Relative gap of the two largest singular values of the path matrix.

    Returns
    -------
    float
        ``1 - s2 / s1`` of ``P = M_1 ... M_L``, from 0 to 1. It is 1 iff P has rank one: for
        symmetric nets, whatever the gaps of their layers, and 0 where the largest singular
        value is double.

    Raises
    ------
    Undefined
        If there is no path.

    Examples
    --------
    >>> from topograph.toy import butterfly, shortcut
    >>> end_to_end_gap(butterfly()), round(end_to_end_gap(shortcut()), 6)
    (1.0, 0.8)
    """
    if log10_paths(graph) == -np.inf:
        raise Undefined("no input reaches any output: there are no paths")
    if check_symmetric(graph).holds:
        return 1.0
    blocks = [block for _, block in pair_blocks(graph, SCALED)]
    top = max(block.exponent for block in blocks)
    matrix = np.hstack([np.ldexp(block.values, block.exponent - top) for block in blocks])
    values = np.linalg.svd(matrix / matrix.max(), compute_uv=False)
    return 1.0 - float(values[1] / values[0]) if values.size > 1 else 1.0
