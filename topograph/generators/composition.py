"""The same layers, joined to each other at random."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

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
        If a convolution in groups leaves a hidden level: its channels cannot change places; or
        if layers that leave one level take its units by unlike parts.

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
    layers: list[Layer] = []
    orders: dict[int, Order] = {}
    for layer in graph.layers:
        operator = layer.biadjacency
        if layer.source > 0 and not layer.is_structural:
            try:
                if layer.source not in orders:
                    orders[layer.source] = _order_of(graph, layer.source, seed)
                operator = _reordered(operator, orders[layer.source])
            except ParameterError as error:
                raise error.within(f"Layer {layer.name!r}") from None
        layers.append(Layer(layer.name, layer.source, layer.target, operator))
    provenance = derived_by("layer_preserving_twin", {"seed": seed}, graph)
    return LayeredGraph(graph.widths, layers, provenance, graph.notes)


def _order_of(graph: LayeredGraph, level: int, seed: int) -> Order:
    """Return what gives the order of the units of a level, or of a part of a layer's units.

    Where a convolution and a dense layer leave the same level, the dense one takes the units
    channel by channel in the order of the channels.

    Raises
    ------
    ParameterError
        If layers that leave the level take its units by unlike parts.
    """
    width = graph.widths[level]

    def drawn(count: int) -> Values:
        return stream("layer_preserving_twin", seed, level).permutation(count)

    leaving = [layer for layer in graph.layers if layer.source == level and not layer.is_structural]
    if len(leaving) == 1:
        return drawn
    readers = [made(layer.biadjacency) for layer in leaving]
    orders = [_units(held, drawn) for held in readers]
    in_parts = [order for held, order in zip(readers, orders, strict=True) if _is_in_parts(held)]
    if not in_parts or all(np.array_equal(order, orders[0]) for order in orders):
        return drawn
    if not all(np.array_equal(order, in_parts[0]) for order in in_parts):
        raise ParameterError(
            f"Layers that leave a level must take its units by the same parts to be joined anew, "
            f"but those that leave level {level} do not.",
            hint="keep the degrees or the density instead.",
        )
    return lambda count: in_parts[0] if count == width else drawn(count)


def _is_in_parts(held: Biadjacency) -> bool:
    """Whether a layer takes units in groups, such as channels, and not one by one."""
    return isinstance(held, Placed | KroneckerProduct | Convolution) or (
        isinstance(held, Transposed) and isinstance(held.operator, Convolution)
    )


def _units(operator: Biadjacency, order_of: Order) -> Values:
    """Return the order in which a layer takes the units of its level."""
    held = made(operator)
    n_in = held.shape[0]
    if getattr(held, "is_structural", False):
        return np.arange(n_in)
    if isinstance(held, Placed):
        order = np.arange(n_in)
        places = order if held.sources is None else np.asarray(held.sources)
        order[places] = places[_units(held.operator, order_of)]
        return order
    if isinstance(held, KroneckerProduct):
        left, right = (_units(part, order_of) for part in (held.left, held.right))
        return np.asarray((left[:, None] * right.size + right).ravel())
    channels = 0
    if isinstance(held, Convolution):
        channels = held.c_in
    elif isinstance(held, Transposed) and isinstance(held.operator, Convolution):
        channels = held.operator.c_out
    if channels:
        return np.asarray(np.arange(n_in).reshape(channels, -1)[order_of(channels)].ravel())
    return order_of(n_in)


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
