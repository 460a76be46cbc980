"""Do the kept inputs of every unit come at most N to a group of M?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse

from topograph.biadjacency import BitPacked, Convolution, Identity, Kronecker, Transposed, made
from topograph.biadjacency.kronecker_product import KroneckerProduct
from topograph.biadjacency.operator import Biadjacency, Values
from topograph.biadjacency.placed import Placed
from topograph.errors import Undefined
from topograph.graph import Layer
from topograph.metrics.registry import metric
from topograph.sharing import shared

_GROUP = 4
_CHUNK = 1 << 20  # bytes of bits counted at once
_NIBBLES = np.array(
    [[(byte & 15).bit_count(), (byte >> 4).bit_count()] for byte in range(256)], dtype=np.int64
)


@metric("layer", unit="edges", is_invariant=False)
def nm_max_per_group_4(layer: Layer) -> int:
    """Largest number of edges from four consecutive inputs to one unit: N of the pattern N:4.

    Returns
    -------
    int
        ``max_{g,j} sum_{i in g} M_ij`` over the groups ``g`` of inputs 0-3, 4-7, ... and all
        target units j; from 0 to 4. Groups run along the input dimension: down the columns of
        M, along the rows of a weight of PyTorch. If 4 does not divide ``n_in``, the last group
        is shorter. The order of the units matters, by definition. Of a
        convolution the groups are four consecutive input channels at the same place of the
        kernel, as hardware has it; of a layer that stands at every token, those of its weight.

    Raises
    ------
    Undefined
        If the layer is attention or another product without weights.

    References
    ----------
    Mishra et al., "Accelerating sparse deep neural networks", arXiv 2104.08378; Zhou et al.,
    "Learning N:M fine-grained structured sparse neural networks from scratch", ICLR 2021.

    Examples
    --------
    >>> from topograph.toy import butterfly, fano
    >>> nm_max_per_group_4(butterfly().layers[0]), nm_max_per_group_4(fano().layers[0])
    (2, 3)
    """
    return int(np.flatnonzero(_group_counts(layer)).max())


@metric("layer", is_invariant=False)
def is_2_4(layer: Layer) -> bool:
    """Whether at most two of any four consecutive inputs feed the same unit.

    Returns
    -------
    bool
        ``nm_max_per_group_4 <= 2``: the pattern 2:4 in the sense of at most, along the input
        dimension. With a density of 1/2 and ``n_in`` a multiple of 4, exactly two of every four
        are kept.

    Raises
    ------
    Undefined
        As of `nm_max_per_group_4`.

    References
    ----------
    Mishra et al., "Accelerating sparse deep neural networks", arXiv 2104.08378.

    Examples
    --------
    >>> from topograph.toy import butterfly, fano
    >>> is_2_4(butterfly().layers[0]), is_2_4(fano().layers[0])
    (True, False)
    """
    return nm_max_per_group_4(layer) <= 2


@metric("layer", is_invariant=False)
def share_2_4(layer: Layer) -> float:
    """Share of the groups of four consecutive inputs of a unit that keep at most two.

    Returns
    -------
    float
        From 0 to 1; 1 iff `is_2_4`. Of random masks of density 1/2 it is 11/16 where 4 divides
        ``n_in``.

    Raises
    ------
    Undefined
        As of `nm_max_per_group_4`.

    References
    ----------
    Mishra et al., "Accelerating sparse deep neural networks", arXiv 2104.08378.

    Examples
    --------
    >>> from topograph.toy import fano
    >>> round(share_2_4(fano().layers[0]), 4)  # 1 of 14 groups keeps three
    0.9286
    """
    counts = _group_counts(layer)
    return float(counts[:3].sum() / counts.sum())


@shared
def _group_counts(layer: Layer) -> Values:
    """Return how many groups keep 0, 1, ... 4."""
    return _counts(made(layer.biadjacency))


def _counts(operator: Biadjacency) -> Values:
    if isinstance(operator, Placed):
        return _counts(operator.operator)
    if isinstance(operator, KroneckerProduct):
        return _of_product(operator)
    if isinstance(operator, Convolution):
        return _along(operator.kernel_mask, 1)
    if isinstance(operator, Transposed) and isinstance(operator.operator, Convolution):
        mask, groups = operator.operator.kernel_mask, operator.operator.groups
        return _along(mask.reshape(groups, -1, *mask.shape[1:]), 1)
    if isinstance(operator, BitPacked):
        return _of_bits(operator)
    if isinstance(operator, Kronecker):
        operator = replace(operator, dense_out=1)  # the other blocks of columns are copies
    return _of_rows(operator.to_csr())


def _of_product(product: KroneckerProduct) -> Values:
    """Count in the factor that stands at every token."""
    if product.is_structural:
        raise Undefined("the layer has no weights of which two in four could be kept")
    for one, other in ((product.left, product.right), (product.right, product.left)):
        if isinstance(one, Identity):
            return _counts(other)
    return _of_rows(product.to_csr())


def _of_rows(rows: Any) -> Values:
    """Merge each group of rows into one, adding up what meets in a column."""
    n_groups = -(-rows.shape[0] // _GROUP) * rows.shape[1]
    indptr = np.append(rows.indptr[:-1:_GROUP], rows.indptr[-1])
    ones = np.ones(rows.nnz, dtype=np.int8)
    merged = scipy.sparse.csr_array(
        (ones, rows.indices.copy(), indptr), shape=(indptr.size - 1, rows.shape[1])
    )
    merged.sum_duplicates()
    counts = np.bincount(merged.data, minlength=_GROUP + 1)
    counts[0] = n_groups - merged.nnz
    return counts


def _of_bits(layer: BitPacked) -> Values:
    """Look up both halves of each byte: eight inputs of a unit."""
    n_in, n_out = layer.shape
    flat = layer.bits.reshape(-1)
    bytes_of = sum(
        np.bincount(flat[first : first + _CHUNK], minlength=256)
        for first in range(0, flat.size, _CHUNK)
    )
    counts = np.zeros(_GROUP + 1, dtype=np.int64)
    for half in _NIBBLES.T:
        np.add.at(counts, half, bytes_of)
    if 0 < n_in % 8 <= _GROUP:
        counts[0] -= n_out  # halves without an input
    return counts


def _along(mask: Values, axis: int) -> Values:
    """Add up each group of entries along an axis."""
    starts = np.arange(0, mask.shape[axis], _GROUP)
    sums = np.add.reduceat(mask, starts, axis=axis, dtype=np.int8)
    return np.bincount(sums.reshape(-1), minlength=_GROUP + 1)
