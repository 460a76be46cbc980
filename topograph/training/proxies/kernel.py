"""The empirical neural tangent kernel: how much can weights move the outputs, image by image?"""

from __future__ import annotations

import math

import numpy as np
from scipy import linalg

from topograph.errors import Undefined
from topograph.sharing import shared
from topograph.training.proxies.probing import Floats, Probe, check_finite

LARGEST_KERNEL = 4096  # rows; its eigenvalues take half a minute
MOST_OPERATIONS = 10**11  # multiplications: minutes on one core


def neural_tangent_kernel(probe: Probe) -> Floats:
    r"""Empirical neural tangent kernel: ``K = J J^T``, ``J`` the derivatives of outputs.

    ``J`` has a row for each image and output and a column for each weight on an edge; biases
    do not count. Row ``i * n_classes + a`` is output ``a`` for image ``i``. It is computed
    layer by layer without ``J``,

    ``K[(i, a), (j, b)] = sum_l sum_t d_l[t, i, a] d_l[t, j, b] sum_(s -> t) x_l[s, i] x_l[s, j]``

    with ``x_l`` what enters layer ``l`` and ``d_l`` the derivatives by its sums: for ``n``
    images, ``c`` outputs, ``e`` edges and ``u`` units, in ``e n^2 + u (n c)^2`` steps.

    Returns
    -------
    ndarray, shape (n_images * n_classes, n_images * n_classes)
        Symmetric, positive semidefinite.

    Raises
    ------
    Undefined
        If the outputs are not finite, or the kernel is too large: above 4096 rows, 10^11
        steps, or arrays of 1 GiB.

    References
    ----------
    Jacot, Gabriel & Hongler, "Neural tangent kernel: convergence and generalization in neural
    networks", NeurIPS 2018.
    """
    n_rows = probe.n_images * probe.n_classes
    if n_rows > LARGEST_KERNEL:
        raise Undefined(
            f"too large: images x classes are {n_rows}, and at most {LARGEST_KERNEL} are allowed"
        )
    steps = probe.kernel_steps
    if steps > MOST_OPERATIONS:
        raise Undefined(
            f"too large: the kernel takes {steps:.1e} steps, and at most {MOST_OPERATIONS:.0e} are "
            f"allowed"
        )
    check_finite(probe)
    whole = probe.kernel()
    if not np.isfinite(whole).all():
        raise Undefined("the derivatives are beyond the range of floats")
    return (whole + whole.T) / 2  # equal but for rounding


def ntk_trace(probe: Probe) -> float:
    r"""Trace of the kernel: ``sum_ij J_ij^2``, over images, outputs and weights.

    At least 0; 0 if no weight moves an output. It grows with the number of images.

    Raises
    ------
    Undefined
        As of `neural_tangent_kernel`.

    References
    ----------
    Shu, Cai, Dai, Ooi & Low, "NASI: label- and data-agnostic neural architecture search at
    initialization", ICLR 2022.
    """
    return float(_eigenvalues(probe).sum())


def ntk_condition_number(probe: Probe) -> float:
    r"""Condition number of the kernel, as ``log10(largest / smallest eigenvalue)``.

    At least 0. Small: all outputs for all images can be moved about equally well.

    Raises
    ------
    Undefined
        If the kernel is singular in double precision (the smallest eigenvalue is at most
        rows x 2.2e-16 of the largest): some output, or some difference of outputs, cannot be
        moved. Else as of `neural_tangent_kernel`.

    References
    ----------
    Chen, Gong & Wang, "Neural architecture search on ImageNet in four GPU hours: a
    theoretically inspired perspective", ICLR 2021.
    """
    values = _eigenvalues(probe)
    rank = int((values > values[-1] * values.size * np.finfo(float).eps).sum())
    if rank < values.size:
        raise Undefined(f"singular: the kernel has rank {rank} of {values.size}")
    return math.log10(values[-1] / values[0])


def ntk_effective_rank(probe: Probe) -> float:
    r"""Effective rank of the kernel: ``exp(-sum_i p_i ln p_i)``, ``p_i = v_i / sum_j v_j``.

    ``v_i`` are the eigenvalues. From 1 (one direction has it all) to images x outputs (all
    the same).

    Raises
    ------
    Undefined
        If the kernel is 0. Else as of `neural_tangent_kernel`.

    References
    ----------
    Roy & Vetterli, "The effective rank: a measure of effective dimensionality", EUSIPCO 2007.
    """
    values = _eigenvalues(probe)
    total = float(values.sum())
    if total == 0.0:
        raise Undefined("the kernel is 0: no weight moves an output")
    shares = values[values > 0] / total
    return math.exp(-float(shares @ np.log(shares)))


@shared
def _eigenvalues(probe: Probe) -> Floats:
    """Return the eigenvalues, ascending, rounding below 0 taken off."""
    found: Floats = linalg.eigvalsh(neural_tangent_kernel(probe), overwrite_a=True)
    return np.maximum(found, 0.0)
