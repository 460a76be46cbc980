"""Which units and weights of a net lie on input-output paths, cheaply and again and again?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from topograph.biadjacency import Sparse
from topograph.counting import liveness
from topograph.errors import ParameterError, TopographError
from topograph.graph import LayeredGraph
from topograph.metrics import effective_edges

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class PathFindings:
    """What sweeps tell: of units in a chain of linear layers, else of channels."""

    effective_density: float
    dead_units: int
    dead_outputs: int


class PathSweeps:
    """How the layers of a module follow one another, traced once.

    Parameters
    ----------
    module : nn.Module
    names : sequence of str
        Of its linear layers and convolutions.
    input_shape : sequence of int, optional
        Of one sample; of a net of linear layers by default what the first one reads.
    """

    def __init__(
        self, module: nn.Module, names: Sequence[str], input_shape: Sequence[int] | None
    ) -> None:
        from torch import nn

        self.module, self.encoding, self.reason = module, "", ""
        self._names = tuple(names)
        self.idle: tuple[str, ...] = ()  # layers that no input passes
        parts = [module.get_submodule(name) for name in names]
        linear = all(isinstance(part, nn.Linear) for part in parts)
        if input_shape is None and not linear:
            self.reason = "the net has convolutions: paths need input_shape"
            return
        shape = (parts[0].in_features,) if input_shape is None else tuple(input_shape)
        self._shape: tuple[Any, ...] = shape
        try:
            self._graph = self._traced(None)
        except TopographError as error:
            self.reason = f"the paths cannot be traced: {error.message}"
            return
        parameters = self._graph.provenance["parameters"]
        self._layers = {
            layer.name: _scope(parameters.get(layer.name)) for layer in self._graph.layers
        }
        self._n_possible = sum(layer.n_edges for layer in self._graph.weighted_layers)
        in_order = [self._layers[layer.name] for layer in self._graph.layers]
        weights = [None if name is None else module.get_submodule(name) for name in in_order]
        is_chain = self._graph.is_chain and all(isinstance(one, nn.Linear) for one in weights)
        self._chain = [name for name in in_order if name is not None] if is_chain else []
        self.encoding = "unit" if is_chain and self._fits_chain() else "channel"
        self._is_template = all(
            layer.is_structural or self._has_own_shape(layer.name) for layer in self._graph.layers
        )

    def find(self, masks: Mapping[str, Tensor]) -> PathFindings:
        """Sweep through the net that the masks, by layer, leave."""
        if self.encoding == "unit":
            return _of_chain([masks[name] for name in self._chain])
        if self._is_template:
            graph = self._filled(masks)
        else:
            graph = self._traced({f"{name}.weight": mask.cpu() for name, mask in masks.items()})
        live = liveness(graph)
        dead = sum(int((~flags).sum()) for flags in live.live[1:-1])
        effective = sum(effective_edges(graph, layer) for layer in graph.weighted_layers)
        outputs = int((~live.reached[-1]).sum())
        return PathFindings(effective / self._n_possible, dead, outputs)

    def _traced(self, masks: Mapping[str, Any] | None) -> LayeredGraph:
        from topograph.interop.torch import from_module
        from topograph.interop.torch.untouched import untouched
        from topograph.interop.torch.weights import weight_shapes

        if masks is None:
            with untouched(self.module):  # shapes of computed weights are known by computing them
                shapes = weight_shapes(self.module)
            masks = {name: np.ones(shape, bool) for name, shape in shapes.items() if len(shape) > 1}
        if self.idle:
            masks = {name: mask for name, mask in masks.items() if _scope(name) not in self.idle}
        try:
            return from_module(self.module, self._shape, encoding="channel", masks=masks)
        except ParameterError:
            if self.idle:
                raise
            self.idle = self._never_called()
            if not self.idle:
                raise
        return self._traced(masks)

    def _never_called(self) -> tuple[str, ...]:
        """Return the layers that an input does not pass: their masks reach nothing."""
        import torch

        from topograph.interop.torch.untouched import untouched

        called: set[str] = set()
        parts = {name: self.module.get_submodule(name) for name in self._names}
        handles = [
            part.register_forward_pre_hook(lambda _, __, name=name: called.add(name))
            for name, part in parts.items()
        ]
        some = next(self.module.parameters())
        try:
            with untouched(self.module):
                self.module(torch.zeros(1, *self._shape, dtype=some.dtype, device=some.device))
        except Exception:  # who knows what would have been called; tracing says what is wrong
            return ()
        finally:
            for handle in handles:
                handle.remove()
        return tuple(name for name in self._names if name not in called) if called else ()

    def _fits_chain(self) -> bool:
        """Whether the layers join all of each other's units, and none is used twice."""
        parts = [self.module.get_submodule(name) for name in self._chain]
        widths = [(part.in_features, part.out_features) for part in parts]
        fit = all(one[1] == other[0] for one, other in pairwise(widths))
        levels = (widths[0][0], *(width for _, width in widths))
        return fit and levels == self._graph.widths and len(set(self._chain)) == len(self._chain)

    def _has_own_shape(self, layer: str) -> bool:
        """Whether the channels of a layer's kernel are the units that it joins."""
        from torch import nn

        name = self._layers[layer]
        part: Any = None if name is None else self.module.get_submodule(name)
        if isinstance(part, nn.Linear):
            shape = (part.in_features, part.out_features)
        elif isinstance(part, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            shape = (part.in_channels, part.out_channels)
        else:
            return False
        return self._graph.layer(layer).shape == shape

    def _filled(self, masks: Mapping[str, Tensor]) -> LayeredGraph:
        layers = []
        for layer in self._graph.layers:
            name = self._layers[layer.name]
            if name is None:
                layers.append(layer)
                continue
            kept = masks[name].flatten(2).any(2) if masks[name].ndim > 2 else masks[name]
            matrix: Any = kept.cpu().numpy().T
            groups = getattr(self.module.get_submodule(name), "groups", 1)
            if groups > 1:
                blocks = [block.T for block in matrix.T.reshape(groups, -1, matrix.shape[0])]
                matrix = scipy.sparse.block_diag(blocks, format="csr")
            layers.append(replace(layer, biadjacency=Sparse.from_matrix(matrix)))
        return LayeredGraph(self._graph.widths, layers)


def _scope(said: Any) -> str | None:
    """Return the module whose whole weight a layer is."""
    if not isinstance(said, str):
        return None
    scope, _, attribute = said.rpartition(".")
    return scope if attribute == "weight" else None


def _of_chain(masks: Sequence[Tensor]) -> PathFindings:
    """One sweep each way through linear layers, where their masks are."""
    import torch

    weights = [_floats(mask) for mask in masks]
    arriving = [weights[0].new_ones(masks[0].shape[1])]
    counts = []
    for weight in weights:
        counts.append(weight @ arriving[-1])
        arriving.append((counts[-1] > 0).float())
    leaving = weights[-1].new_ones(masks[-1].shape[0])
    effective, dead = [], []
    for weight, count, reached in zip(
        reversed(weights), reversed(counts), reversed(arriving[:-1]), strict=True
    ):
        effective.append((count * leaving).sum(dtype=torch.float64))
        leaving = ((leaving @ weight) > 0).float()
        dead.append((reached * leaving == 0).sum())
    dead[-1] = torch.zeros_like(dead[-1])  # inputs are no hidden units
    numbers = torch.stack(
        [torch.stack(effective).sum(), torch.stack(dead).sum(), (arriving[-1] == 0).sum()]
    ).tolist()
    size = sum(mask.numel() for mask in masks)
    return PathFindings(numbers[0] / size, int(numbers[1]), int(numbers[2]))


def _floats(mask: Tensor) -> Tensor:
    import torch

    if mask.device.type == "cpu":  # several times as fast as torch's own
        return torch.from_numpy(mask.numpy().astype(np.float32))
    return mask.float()
