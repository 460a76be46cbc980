"""RadiX-Nets trained without index arrays."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np
import torch
from torch import Tensor

from topograph.biadjacency import Kronecker
from topograph.errors import ParameterError
from topograph.training.engines.member import LayerParameters, Member
from topograph.training.engines.radix_layers import banded_linear, suitable_form
from topograph.training.engines.sparse import SparseEngine
from topograph.training.sparse_layers import SparseLayout, sparse_linear


class RadixEngine(SparseEngine):
    """RadiX layers as products of dense tiles, one member after another.

    A layer whose Kronecker factor is wide, or that is the last digit of its mixed-radix
    system and long, or whose radix is large, is a `BandedForm`; another one is a sparse
    layer of its own. A complete layer is one tile; any other is a sparse layer.

    Parameters
    ----------
    members, data, recipe, device
        As of `SparseEngine`; each net must have a RadiX layer.

    Raises
    ------
    ParameterError
        If a net has none, numbers of layers differ, or the data do not fit.
    """

    name: ClassVar[str] = "radix"

    def _lay_out(self) -> None:
        for member in self.members:
            _check_radix(member)
        self._steps = [
            [_RadixStep(member, number, self.device) for number in range(len(member.patterns))]
            for member in self.members
        ]

    def _make(
        self,
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor | float], list[Tensor | float]]:
        made = super()._make()
        for number, weights in enumerate(made[0]):
            parts = torch.split(weights, self._n_edges[number])
            for steps, part in zip(self._steps, parts, strict=True):
                part.copy_(steps[number].from_pattern(part))
        return made

    def _forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        weights = self._by_member(self.weights, self._n_edges)
        biases = self._by_member(self.biases, self._n_units[: len(self.biases)])
        inputs, logits, hidden = images.t().contiguous(), [], []
        for index, steps in enumerate(self._steps):
            values = inputs
            for number, step in enumerate(steps):
                bias = biases[number][index] if biases else None
                values = step(weights[number][index], values, bias)
                if number < len(steps) - 1:
                    values = values.relu_()
                    hidden.append(values)
            logits.append(values.relu_() if self.recipe.relu_logits else values)
        return torch.stack(logits).permute(0, 2, 1), hidden

    def _by_member(
        self, tensors: Sequence[Tensor], counts: Sequence[Sequence[int]]
    ) -> list[tuple[Tensor, ...]]:
        if len(self.members) == 1:
            return [(tensor,) for tensor in tensors]
        return [torch.split(*both) for both in zip(tensors, map(list, counts), strict=True)]

    def _is_active(self, hidden: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], ...]:
        levels = [(values > 0).any(dim=1).cpu() for values in hidden]
        n_levels = len(self.weights) - 1
        starts = (index * n_levels for index in range(len(self.members)))
        return tuple(tuple(levels[start : start + n_levels]) for start in starts)

    def parameters(self) -> list[list[LayerParameters]]:
        """Return copies of the weights and biases of every member, on the CPU."""
        return [
            [
                LayerParameters(step.to_pattern(layer.weights), layer.biases)
                for step, layer in zip(steps, layers, strict=True)
            ]
            for steps, layers in zip(self._steps, super().parameters(), strict=True)
        ]


class _Product(Protocol):
    def __call__(self, weights: Tensor, /, *, x: Tensor) -> Tensor: ...


class _RadixStep:
    """One layer of a member, in the form that suits it."""

    def __init__(self, member: Member, number: int, device: torch.device) -> None:
        layer = radix_layer(member, number)
        self._form = None if layer is None else suitable_form(layer)
        self._inputs = None
        if layer is None or self._form is None:
            layout = SparseLayout.of_patterns([member.patterns[number]], device)
            self._product: _Product = functools.partial(sparse_linear, layout=layout)
            return
        self._product = functools.partial(banded_linear, form=self._form)
        if layer.row_order is not None:
            self._inputs = torch.from_numpy(np.argsort(layer.row_order)).to(device)

    def __call__(self, weights: Tensor, x: Tensor, biases: Tensor | None) -> Tensor:
        """Return the outputs, (n_out, batch)."""
        if self._inputs is not None:
            x = x.index_select(0, self._inputs)
        result = self._product(weights, x=x)
        return result if biases is None else result.add_(biases[:, None])

    def from_pattern(self, weights: Tensor) -> Tensor:
        """Return weights in the order of the form."""
        order = self._order(weights.device)
        return (
            weights if order is None else torch.empty_like(weights).index_copy_(0, order, weights)
        )

    def to_pattern(self, weights: Tensor) -> Tensor:
        """Return weights in the order of the pattern."""
        order = self._order(weights.device)
        return weights if order is None else weights[order]

    def _order(self, device: torch.device) -> Tensor | None:
        """Return the place in the form of each edge of the pattern.

        Worked out when it is asked for and not kept: training needs no indices.
        """
        if self._form is None:
            return None
        targets, sources = self._form.edges()
        if self._inputs is not None:
            sources = self._inputs.cpu().numpy()[sources]
        return torch.from_numpy(np.lexsort((sources, targets))).to(device)


def radix_layer(member: Member, number: int) -> Kronecker | None:
    """Return what a layer is if it is a RadiX or a complete layer, else None.

    A layer that is held edge by edge is none, whatever its edges are.
    """
    pattern, layer = member.patterns[number], member.graph.layers[number].biadjacency
    if pattern.n_edges == math.prod(pattern.shape):
        return Kronecker(1, 1, 1, *pattern.shape)
    if isinstance(layer, Kronecker) and layer.n_edges == pattern.n_edges:
        return layer
    return None


def is_index_free(member: Member) -> bool:
    """Whether every layer of a net has a form in which it needs no indices."""
    layers = [radix_layer(member, number) for number in range(len(member.patterns))]
    return all(layer is not None and suitable_form(layer) is not None for layer in layers)


def _check_radix(member: Member) -> None:
    has_radix = any(isinstance(layer.biadjacency, Kronecker) for layer in member.graph.layers)
    if not has_radix:
        raise ParameterError(
            f"{member.name} must have a RadiX layer for the engine radix, but its layers are held "
            f"edge by edge.",
            hint="topograph.generators.radix_net makes such layers; the engine sparse takes any.",
        )
