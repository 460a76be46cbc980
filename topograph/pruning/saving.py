"""Pruned masks as a layered graph, or as a file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from topograph.errors import GraphError
from topograph.graph import LayeredGraph
from topograph.io import from_layers, write
from topograph.pruning.convolution_archive import write_convolutions
from topograph.pruning.record import PrunedMasks
from topograph.training.masking import masks_by_all_names


def graph_of_masks(
    pruned: PrunedMasks, module: nn.Module, provenance: Mapping[str, Any] | None = None
) -> LayeredGraph:
    """Masks of fully connected layers, joined end to end, as a layered graph.

    torch's masks, ``(n_out, n_in)``, are transposed; the layers have the names of the
    module's, in the order in which it defines them. A weight that layers share makes as many
    layers of the graph.

    Parameters
    ----------
    pruned : PrunedMasks
        Of the module.
    module : nn.Module
        A chain of linear layers.
    provenance : mapping, optional
        See `topograph.pruning.provenance.pruning_provenance`.

    Raises
    ------
    GraphError
        If a layer is a convolution, or neighbours do not fit.

    Examples
    --------
    >>> from topograph.pruning import prune_random
    >>> net = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 2))
    >>> graph_of_masks(prune_random(net, 0.5), net)
    LayeredGraph(widths=(6, 4, 2), n_layers=2, n_edges=16)
    """
    layers = {}
    for name, mask in masks_by_all_names(module, pruned.masks).items():
        layer = name.removesuffix(".weight")
        if mask.ndim != 2:
            raise GraphError(
                f"Layer {layer!r} must be fully connected to become a layer of a graph, but its "
                f"weight has {mask.ndim} dimensions.",
                hint="topograph.pruning.save_masks writes the masks of convolutions.",
            )
        layers[layer] = mask.numpy().T
    return from_layers(layers, provenance=provenance)


def save_masks(
    pruned: PrunedMasks,
    module: nn.Module,
    path: str | os.PathLike[str],
    *,
    input_shape: Sequence[int],
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write masks as ``.npz``: an archive of topograph, or of convolutions if there are any.

    Parameters
    ----------
    pruned : PrunedMasks
    module : nn.Module
        The module that was pruned.
    path : path
        Must end in ``.npz``; written whole or not at all, the same bytes for the same masks
        and provenance.
    input_shape : sequence of int
        Of one input, without the batch.
    provenance : mapping, optional

    Raises
    ------
    ParameterError
        If the file cannot be written there.
    GraphError
        If the layers cannot be described.
    """
    if all(mask.ndim == 2 for mask in pruned.masks.values()):
        write(graph_of_masks(pruned, module, provenance), path)
    else:
        masks = masks_by_all_names(module, pruned.masks)
        write_convolutions(masks, module, path, input_shape, provenance or {})
