"""The same layers, joined to each other at random."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from topograph.biadjacency import (
    Biadjacency,
    Convolution,
    Kronecker,
    KroneckerProduct,
    Placed,
    Sparse,
    Transposed,
    compact,
    made,
)
from topograph.biadjacency.operator import Values
from topograph.errors import ParameterError
from topograph.generators.kernel_twins import with_kernel
from topograph.generators.provenance import derived_by
from topograph.generators.streams import stream
from topograph.graph import Layer, LayeredGraph

Order = Callable[[int], Values]


def layer_preserving_twin(graph: LayeredGraph, seed: int = 0) -> LayeredGraph:
    """Net of the same layers, in which those that leave a hidden level take its units at random.

    What enters a unit and what leaves a unit are as in the net; which goes with which is drawn,
    each matching alike. So every layer is isomorphic to its own, and all properties of
    layers by themselves stay, spectra and degrees included; only their composition is random.
    Of a convolution the channels are put in another order, of a layer used at every
    token the features. Inputs, outputs and layers without parameters stay.

    Parameters
    ----------
    graph : LayeredGraph
        The net; it stays as it is.
    seed : int, default 0
        The order of level ``k`` comes from ``(seed, k)``, whatever the others are. Layers that
        leave the same level take it in the same order.

    Returns
    -------
    LayeredGraph
        Same levels and layer names. RadiX layers need no indices, as before.

    Raises
    ------
    ParameterError
        If a convolution in groups leaves a hidden level: its channels cannot change places.

    Examples
    --------
    >>> from topograph.generators import radix_net
    >>> from topograph.metrics import path_count_cv, sigma_2
    >>> net = radix_net([[10, 10]])
    >>> twin = layer_preserving_twin(net)
    >>> path_count_cv(net), round(path_count_cv(twin), 2)
    (0.0, 0.83)
    >>> round(sigma_2(net.layers[0]) - sigma_2(twin.layers[0]), 9)
    0.0
    """
    layers = []
    for layer in graph.layers:
        operator = layer.biadjacency
        if layer.source > 0 and not layer.is_structural:
            order_of = _orders(seed, layer.source)
            try:
                operator = _reordered(operator, order_of)
            except ParameterError as error:
                raise error.within(f"Layer {layer.name!r}") from None
        layers.append(Layer(layer.name, layer.source, layer.target, operator))
    provenance = derived_by("layer_preserving_twin", {"seed": seed}, graph)
    return LayeredGraph(graph.widths, layers, provenance, graph.notes)


def _orders(seed: int, level: int) -> Order:
    return lambda width: stream("layer_preserving_twin", seed, level).permutation(width)


def _reordered(operator: Biadjacency, order_of: Order) -> Biadjacency:
    """Return the layer whose row ``i`` is row ``order[i]`` of this one."""
    held = made(operator)
    if getattr(held, "is_structural", False):
        return operator
    if isinstance(held, Placed):
        return dataclasses.replace(held, operator=_reordered(held.operator, order_of))
    if isinstance(held, KroneckerProduct):
        left, right = (_reordered(part, order_of) for part in (held.left, held.right))
        return dataclasses.replace(held, left=left, right=right)
    if isinstance(held, Convolution):
        _check_one_group(held)
        return with_kernel(held, held.kernel_mask[:, order_of(held.c_in)])
    if isinstance(held, Transposed) and isinstance(held.operator, Convolution):
        _check_one_group(held.operator)
        mask = held.operator.kernel_mask[order_of(held.operator.c_out)]
        return Transposed(with_kernel(held.operator, mask))
    order = order_of(held.shape[0])
    if isinstance(held, Kronecker):
        rows = order if held.row_order is None else held.row_order[order]
        return dataclasses.replace(held, row_order=rows)
    return compact(Sparse.from_matrix(held.to_csr()[order]))


def _check_one_group(layer: Convolution) -> None:
    if layer.groups > 1:
        raise ParameterError(
            f"Only a convolution in one group can take its channels in another order, but this "
            f"one has {layer.groups} groups.",
            hint="keep the degrees or the density instead.",
        )
