"""Masks in memory, numpy, scipy or torch, as a layered graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import scipy.sparse

from topograph.biadjacency import Biadjacency
from topograph.errors import GraphError, ParameterError
from topograph.graph import Layer, LayeredGraph
from topograph.io.limits import Budget
from topograph.io.mask import checked_threshold, layer_of, sparse_values
from topograph.io.orientation import Orientation, check_orientation
from topograph.io.part import Part, join


def from_layers(
    masks: Mapping[str, Any] | Iterable[Any],
    *,
    names: Sequence[str] | None = None,
    orientation: Orientation | None = "in-out",
    threshold: float = 0.0,
    provenance: Mapping[str, Any] | None = None,
) -> LayeredGraph:
    """Join masks or weight matrices end to end into a layered graph.

    Parameters
    ----------
    masks : iterable or mapping
        One matrix a layer, in the order of the paths: numpy arrays, scipy sparse matrices,
        torch tensors (dense or sparse) or biadjacency operators. A mapping gives the names.
    names : sequence of str, optional
        One a layer; ``layer1, layer2, ...`` by default.
    orientation : {"in-out", "out-in"}, optional
        Whether the rows of all the matrices are inputs, the default here, or outputs, as
        torch has them; None lets the widths of neighbours decide.
    threshold : float, default 0.0
        Entries with ``|w| > threshold`` are edges.
    provenance : mapping, optional
        How the masks were made.

    Returns
    -------
    LayeredGraph
        A chain.

    Raises
    ------
    GraphError
        If a mask is not a matrix of finite numbers, or neighbours differ in width.
    ParameterError
        If an argument is outside what it may be.

    Examples
    --------
    >>> masks = [np.ones((2, 3)), np.ones((1, 2))]
    >>> from_layers(masks[::-1]).widths
    (1, 2, 3)
    >>> from_layers(masks, orientation="out-in").widths
    (3, 2, 1)
    """
    check_orientation(orientation)
    threshold = checked_threshold(threshold)
    if isinstance(masks, Mapping):
        if names is not None:
            raise ParameterError("names must be left out where masks is a mapping of names.")
        names, masks = list(masks), list(masks.values())
    matrices = list(masks)
    if names is None:
        names = [f"layer{number}" for number in range(1, len(matrices) + 1)]
    if len(names) != len(matrices):
        raise ParameterError(
            f"names must have one name a mask, but there are {len(names)} for {len(matrices)}."
        )
    if not matrices:
        raise GraphError("A graph needs at least one layer, but no mask is given.")
    budget = Budget.unlimited()
    layers = [
        _layer(name, matrix, threshold, budget)
        for name, matrix in zip(names, matrices, strict=True)
    ]
    return join([Part.chain(layers, provenance or {})], orientation, budget)


def _layer(name: str, mask: Any, threshold: float, budget: Budget) -> Layer:
    if isinstance(mask, Biadjacency):
        return Layer(name, 0, 1, mask)
    return layer_of(name, _matrix(name, mask), threshold, budget)


def _matrix(name: str, mask: Any) -> Any:
    """Return any mask as a numpy array or scipy sparse matrix."""
    if hasattr(mask, "detach"):
        return _from_tensor(mask.detach())
    if scipy.sparse.issparse(mask):
        return mask
    try:
        return np.asarray(mask)
    except ValueError as error:
        raise GraphError(
            f"layer {name!r}: A mask must be a matrix, but it is ragged or no array at all."
        ) from error


def _from_tensor(tensor: Any) -> Any:
    if str(tensor.layout) != "torch.strided" and tensor.ndim == 2:
        entries = tensor.to_sparse_coo().coalesce()
        values = sparse_values(_array(entries.values()))
        if values.ndim == 1:
            indices = tuple(entries.indices().cpu().numpy())
            return scipy.sparse.coo_array((values, indices), shape=tuple(tensor.shape))
    if str(tensor.layout) != "torch.strided":
        tensor = tensor.to_dense()
    return _array(tensor)


def _array(tensor: Any) -> Any:
    try:
        return tensor.cpu().numpy()
    except TypeError:  # a type that numpy has not, such as bfloat16
        return tensor.float().cpu().numpy()
