"""How are the inputs and the outputs of units distributed?"""

from __future__ import annotations

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.errors import Undefined
from topograph.graph import Layer, LayeredGraph
from topograph.metrics.registry import metric
from topograph.sharing import shared


@shared
def fans_in(layer: Layer) -> Values:
    """Return `Layer.fan_in`, computed once a layer."""
    return layer.fan_in()


@shared
def fans_out(layer: Layer) -> Values:
    """Return `Layer.fan_out`, computed once a layer."""
    return layer.fan_out()


def _variation(fans: Values, word: str) -> float:
    mean = float(fans.mean())
    if mean == 0.0:
        raise Undefined(f"the layer has no edges: the mean {word} is 0")
    return float(fans.std()) / mean


@metric("layer", unit="edges")
def fan_in_min(layer: Layer) -> int:
    """Smallest number of inputs of a target unit of the layer.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    int
        ``min`` of the column sums of M, from 0 to ``n_in``.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> fan_in_min(broken_bridge().layers[1])
    1
    """
    return int(fans_in(layer).min())


@metric("layer", unit="edges")
def fan_in_mean(layer: Layer) -> float:
    """Mean number of inputs of the target units of the layer.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    float
        ``mean`` of the column sums of M: edges over target units.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> round(fan_in_mean(broken_bridge().layers[1]), 4)
    2.0
    """
    return float(fans_in(layer).mean())


@metric("layer", unit="edges")
def fan_in_max(layer: Layer) -> int:
    """Largest number of inputs of a target unit of the layer.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    int
        ``max`` of the column sums of M, from 0 to ``n_in``.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> fan_in_max(broken_bridge().layers[1])
    3
    """
    return int(fans_in(layer).max())


@metric("layer")
def fan_in_cv(layer: Layer) -> float:
    """Standard deviation over mean of the number of inputs of the target units.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    float
        0 iff all are equal.

    Raises
    ------
    Undefined
        If the layer has no edges.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> round(fan_in_cv(broken_bridge().layers[1]), 4)
    0.5
    """
    return _variation(fans_in(layer), "fan-in")


@metric("layer", unit="edges")
def fan_out_min(layer: Layer) -> int:
    """Smallest number of outputs of a source unit of the layer.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    int
        ``min`` of the row sums of M, from 0 to ``n_out``.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> fan_out_min(broken_bridge().layers[1])
    1
    """
    return int(fans_out(layer).min())


@metric("layer", unit="edges")
def fan_out_mean(layer: Layer) -> float:
    """Mean number of outputs of the source units of the layer.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    float
        ``mean`` of the row sums of M: edges over source units.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> round(fan_out_mean(broken_bridge().layers[1]), 4)
    1.3333
    """
    return float(fans_out(layer).mean())


@metric("layer", unit="edges")
def fan_out_max(layer: Layer) -> int:
    """Largest number of outputs of a source unit of the layer.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    int
        ``max`` of the row sums of M, from 0 to ``n_out``.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> fan_out_max(broken_bridge().layers[1])
    2
    """
    return int(fans_out(layer).max())


@metric("layer")
def fan_out_cv(layer: Layer) -> float:
    """Standard deviation over mean of the number of outputs of the source units.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    float
        0 iff all are equal.

    Raises
    ------
    Undefined
        If the layer has no edges.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> round(fan_out_cv(broken_bridge().layers[1]), 4)
    0.3536
    """
    return _variation(fans_out(layer), "fan-out")


@metric("network", unit="edges", better="more")
def output_fan_in_min(graph: LayeredGraph) -> int:
    """Smallest number of inputs of an output unit of the network.

    Returns
    -------
    int
        Over all layers that lead to the last level; 0 if an output has no input. Networks
        truncated so that it is 1 mostly do not train (Kwak et al.).

    References
    ----------
    Kwak, West, Jananthan & Kepner, arXiv 2311.03609.

    Examples
    --------
    >>> from topograph.toy import broken_bridge
    >>> output_fan_in_min(broken_bridge())
    1
    """
    fans = [fans_in(layer) for layer in graph.incoming(graph.n_levels - 1)]
    return int(np.sum(fans, axis=0).min())
