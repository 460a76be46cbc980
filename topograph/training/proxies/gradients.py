"""How large is the gradient of the loss on the weights that are there, layer by layer?"""

from __future__ import annotations

import math

from topograph.errors import Undefined
from topograph.sharing import shared
from topograph.training.proxies.probing import Probe, check_finite


@shared
def layer_gradient_norms(probe: Probe) -> tuple[float, ...]:
    r"""Norm of the loss gradient on the weights of each layer: ``||dL / dW_l||``.

    ``L`` is the mean cross entropy over the images (with the label smoothing of the recipe,
    without decay). Only weights on edges count, biases do not; a layer without edges has
    norm 0.

    Returns
    -------
    tuple of float
        At least 0, one a layer.

    Raises
    ------
    Undefined
        If the outputs of the net are not finite.

    References
    ----------
    Evci, Ioannou, Keskin & Dauphin, "Gradient flow in sparse neural networks and how lottery
    tickets win", AAAI 2022.
    """
    check_finite(probe)
    return probe.gradient_norms()


def gradient_norm(probe: Probe) -> float:
    r"""Norm of the loss gradient on all weights: ``||g||``, ``g = dL / dw``.

    The root of the sum of squares of `layer_gradient_norms`; at least 0.

    Raises
    ------
    Undefined
        If the outputs of the net are not finite.

    References
    ----------
    Evci, Ioannou, Keskin & Dauphin, AAAI 2022.
    """
    return math.hypot(*layer_gradient_norms(probe))


def gradient_flow(probe: Probe) -> float:
    r"""First-order decrease of the loss for a gradient step of rate 1: ``g^T g = ||g||^2``.

    The square of `gradient_norm`, and so of the same rank; at least 0.

    Raises
    ------
    Undefined
        If the outputs of the net are not finite.

    References
    ----------
    Wang, Zhang & Grosse, "Picking winning tickets before training by preserving gradient
    flow", ICLR 2020; Evci, Ioannou, Keskin & Dauphin, AAAI 2022.
    """
    norm = gradient_norm(probe)
    return norm * norm


def gradient_balance(probe: Probe) -> float:
    r"""Do all layers get gradients of one size? ``log10(min_l r_l / max_l r_l)``.

    ``r_l = ||dL / dW_l|| / sqrt(edges of l)``, the root mean square over the weights of a
    layer. 0 if all layers have the same, else negative. A definition of this project.

    Raises
    ------
    Undefined
        If a layer has no edge or no gradient, or the outputs are not finite.
    """
    means = []
    for number, norm in enumerate(layer_gradient_norms(probe)):
        n_edges = probe.edges[number]
        if not n_edges:
            raise Undefined(f"layer {number + 1} has no edge")
        if norm == 0.0:
            raise Undefined(f"no gradient arrives at layer {number + 1}")
        means.append(norm / math.sqrt(n_edges))
    return math.log10(min(means) / max(means))
