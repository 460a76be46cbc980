"""How do outputs follow inputs? Singular values of the input-output Jacobian, image by image."""

from __future__ import annotations

import numpy as np

from topograph.errors import Undefined
from topograph.sharing import shared
from topograph.training.proxies.probing import Floats, Probe, check_finite


def input_output_jacobians(probe: Probe) -> Floats:
    """Derivatives of the outputs by the inputs, for each image.

    Returns
    -------
    ndarray, shape (n_images, n_classes, n_inputs)

    Raises
    ------
    Undefined
        If the outputs are not finite, or the array would exceed 1 GiB.
    """
    check_finite(probe)
    found = probe.jacobians()
    if not np.isfinite(found).all():
        raise Undefined("the derivatives are beyond the range of floats")
    return found


def jacobian_singular_value_mean(probe: Probe) -> float:
    r"""Mean singular value of the Jacobian, over all singular values and images.

    Of each image the ``min(n_classes, n_inputs)`` singular values count, zeros included; at
    least 0. Near 1 with little spread is dynamical isometry.

    Raises
    ------
    Undefined
        As of `input_output_jacobians`.

    References
    ----------
    Saxe, McClelland & Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", ICLR 2014; Lee, Ajanthan, Gould & Torr, "A signal propagation
    perspective for pruning neural networks at initialization", ICLR 2020.
    """
    return float(_singular_values(probe).mean())


def jacobian_condition_number(probe: Probe) -> float:
    r"""Condition number of the Jacobian: mean over images of ``log10(s_max / s_min)``.

    At least 0; 0 if the Jacobian is an isometry up to a factor.

    Raises
    ------
    Undefined
        If the Jacobian of an image is singular (see `jacobian_rank`). Else as of
        `input_output_jacobians`.

    References
    ----------
    Pennington, Schoenholz & Ganguli, "Resurrecting the sigmoid in deep learning through
    dynamical isometry: theory and practice", NeurIPS 2017.
    """
    values = _singular_values(probe)
    n_singular = int((_ranks(probe) < values.shape[1]).sum())
    if n_singular:
        raise Undefined(f"singular: for {n_singular} of {probe.n_images} images")
    return float(np.log10(values[:, 0] / values[:, -1]).mean())


def jacobian_rank(probe: Probe) -> float:
    r"""Rank of the Jacobian, mean over images: the directions in which outputs can move.

    The number of singular values above ``max(n_classes, n_inputs) x 2.2e-16`` of the
    largest; from 0 to ``min(n_classes, n_inputs)``.

    Raises
    ------
    Undefined
        As of `input_output_jacobians`.
    """
    return float(_ranks(probe).mean())


def _ranks(probe: Probe) -> Floats:
    values = _singular_values(probe)
    tolerance = max(probe.n_classes, probe.n_inputs) * np.finfo(float).eps
    ranks: Floats = (values > values[:, :1] * tolerance).sum(axis=1)
    return ranks


@shared
def _singular_values(probe: Probe) -> Floats:
    """Return the singular values of each image, descending; shape (n_images, smaller side)."""
    return np.asarray(
        np.linalg.svd(input_output_jacobians(probe), compute_uv=False), dtype=np.float64
    )
