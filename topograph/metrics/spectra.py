"""How well does each layer expand?"""

from __future__ import annotations

import math

from topograph.biadjacency import Sparse
from topograph.errors import Undefined
from topograph.graph import Layer, LayeredGraph
from topograph.metrics.degrees import fans_in, fans_out
from topograph.metrics.registry import metric
from topograph.metrics.singular import two_largest

SPECTRAL_EDGES = 3_000_000
_ROUNDING = 1e-9  # relative: a sigma_2 this close to the bound counts as on it


def _spectra_too_costly(graph: LayeredGraph) -> str | None:
    held = sum(la.n_edges for la in graph.layers if isinstance(la.biadjacency, Sparse))
    if held <= SPECTRAL_EDGES:
        return None
    return (
        f"singular values are computed by default up to {SPECTRAL_EDGES:,} edges held as indices, "
        f"and there are {held:,}; --all or --metric computes them"
    )


@metric("layer", cost="spectral", too_costly=_spectra_too_costly)
def sigma_1(layer: Layer) -> float:
    """Largest singular value of the 0/1 biadjacency of the layer.

    Returns
    -------
    float
        ``s1``, at least 0; ``sqrt(fan-out * fan-in)`` for a biregular layer.

    Examples
    --------
    >>> from topograph.toy import fano
    >>> round(sigma_1(fano().layers[0]), 12)
    3.0
    """
    return two_largest(layer)[0]


@metric("layer", cost="spectral", too_costly=_spectra_too_costly)
def sigma_2(layer: Layer) -> float:
    """Second largest singular value of the 0/1 biadjacency of the layer.

    Returns
    -------
    float
        ``s2 <= s1``, multiplicity counted: equal to ``s1`` where two components share it.
        A missing singular value counts as 0.

    Examples
    --------
    >>> from topograph.toy import fano
    >>> round(sigma_2(fano().layers[0]) ** 2, 12)
    2.0
    """
    return two_largest(layer)[1]


@metric("layer", cost="spectral", too_costly=_spectra_too_costly)
def spectral_gap(layer: Layer) -> float:
    """Difference of the two largest singular values of the layer.

    Returns
    -------
    float
        ``s1 - s2``, at least 0. In a RadiX-Net 0 for every layer but the first of each
        system, although the net is perfectly uniform end to end.

    Raises
    ------
    Undefined
        If the layer has no edges.

    Examples
    --------
    >>> from topograph.toy import butterfly
    >>> [round(spectral_gap(layer), 6) for layer in butterfly().layers]
    [0.585786, 0.0]
    """
    first, second = two_largest(layer)
    if first == 0.0:
        raise Undefined("the layer has no edges")
    return first - second


@metric("layer", cost="spectral", too_costly=_spectra_too_costly)
def ramanujan_gap(layer: Layer) -> float:
    """Margin by which sigma_2 stays below the Ramanujan bound of the mean degrees.

    Returns
    -------
    float
        ``Delta_R = sqrt(dL - 1) + sqrt(dR - 1) - s2``, dL and dR the mean fan-out and
        fan-in after removing units of degree 0; not normalised. At least 0 for an expander as good
        as a Ramanujan graph.

    Raises
    ------
    Undefined
        If a mean degree is below 3, as published.

    References
    ----------
    Pal et al., "A study on the Ramanujan graph property of winning lottery tickets",
    ICML 2022; Hoang et al., "Revisiting pruning at initialization through the lens of
    Ramanujan graph", ICLR 2023.

    Examples
    --------
    >>> from topograph.toy import fano
    >>> round(ramanujan_gap(fano().layers[0]), 6)
    1.414214
    """
    return _ramanujan_bound(layer) - two_largest(layer)[1]


@metric("layer", cost="spectral", too_costly=_spectra_too_costly)
def is_ramanujan(layer: Layer) -> bool:
    """Whether a biregular layer is a Ramanujan graph.

    Returns
    -------
    bool
        ``s2 <= sqrt(fan-out - 1) + sqrt(fan-in - 1)``, with a relative tolerance of 1e-9
        for rounding. A disconnected layer is never Ramanujan.

    Raises
    ------
    Undefined
        If the layer is not biregular, or a degree is below 3.

    References
    ----------
    Lubotzky, Phillips & Sarnak, "Ramanujan graphs", 1988; Feng & Li, "Spectra of
    hypergraphs and applications", 1996, for the bound of bipartite biregular graphs.

    Examples
    --------
    >>> from topograph.toy import fano
    >>> is_ramanujan(fano().layers[0])
    True
    """
    for word, fans in (("fan-outs", fans_out(layer)), ("fan-ins", fans_in(layer))):
        if fans.min() != fans.max():
            raise Undefined(
                f"the layer is not biregular: its {word} run from {fans.min()} to {fans.max()}"
            )
    bound = _ramanujan_bound(layer)
    first, second = two_largest(layer)
    if second >= first * (1.0 - _ROUNDING):
        return False
    return second <= bound * (1.0 + _ROUNDING)


def _ramanujan_bound(layer: Layer) -> float:
    if not layer.n_edges:
        raise Undefined("the layer has no edges")
    means = [layer.n_edges / int((fans > 0).sum()) for fans in (fans_out(layer), fans_in(layer))]
    if min(means) < 3:
        raise Undefined(
            f"mean degrees must be at least 3, but they are {means[0]:.4g} and {means[1]:.4g}"
        )
    return math.sqrt(means[0] - 1) + math.sqrt(means[1] - 1)
