"""Members of any widths and densities as one block-diagonal sparse net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from topograph.errors import ParameterError
from topograph.training.data.dataset import Dataset
from topograph.training.engines.autograd import AutogradEngine
from topograph.training.engines.member import LayerParameters, Member, initial_parameters
from topograph.training.recipes import Recipe
from topograph.training.sparse_layers import SparseLayout, sparse_linear


class SparseEngine(AutogradEngine):
    """One product a layer over the edges of all members.

    The first layers stand side by side on shared inputs, the further ones form a
    block-diagonal matrix: the members are the components of one sparse net. Weights of a
    layer are one vector, member by member, each in the order of its `Pattern`. Memory and
    time grow with edges; only stored entries are multiplied, so nothing passes between
    members.

    Parameters
    ----------
    members, data, recipe, device
        As of `Engine`; all members must have the same number of layers.

    Raises
    ------
    ParameterError
        If numbers of layers differ, or the data do not fit.
    """

    name: ClassVar[str] = "sparse"

    def __init__(
        self, members: Sequence[Member], data: Dataset, recipe: Recipe, device: torch.device
    ) -> None:
        depths = sorted({len(member.patterns) for member in members})
        if len(depths) > 1:
            raise ParameterError.expected(
                "Members of a sparse ensemble", "of the same number of layers", depths
            )
        super().__init__(members, data, recipe, device)

    def _make(
        self,
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor | float], list[Tensor | float]]:
        device = self.device
        layers = list(zip(*(member.patterns for member in self.members), strict=True))
        self._lay_out()
        self._n_edges = [[pattern.n_edges for pattern in patterns] for patterns in layers]
        self._n_units = [[pattern.shape[1] for pattern in patterns] for patterns in layers]
        drawn = [initial_parameters(member, self.recipe) for member in self.members]
        by_layer = list(zip(*drawn, strict=True))
        weights = [torch.cat([each.weights for each in held]).to(device) for held in by_layer]
        biases = []
        for held in by_layer:
            own = [each.biases for each in held if each.biases is not None]
            if own:
                biases.append(torch.cat(own).to(device))
        weight_factors = [self._rate_factors(counts) for counts in self._n_edges]
        bias_factors = [self._rate_factors(counts) for counts in self._n_units[: len(biases)]]
        return weights, biases, weight_factors, bias_factors

    def _lay_out(self) -> None:
        """Find the place of every weight."""
        layers = zip(*(member.patterns for member in self.members), strict=True)
        self._layouts = [
            SparseLayout.of_patterns(patterns, self.device, shared_inputs=number == 0)
            for number, patterns in enumerate(layers)
        ]

    def _rate_factors(self, counts: Sequence[int]) -> Tensor | float:
        """Return each member's rate factor for each of its entries, or 1 if all are 1."""
        rates = [member.rate_factor for member in self.members]
        if set(rates) == {1.0}:
            return 1.0
        repeats = torch.tensor(counts, device=self.device)
        return torch.tensor(rates, device=self.device).repeat_interleave(repeats)

    def _forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        values = images.t().contiguous()
        hidden: list[Tensor] = []
        for number, layout in enumerate(self._layouts):
            biases = self.biases[number] if self.biases else None
            values = sparse_linear(self.weights[number], layout, values, biases)
            if number < len(self._layouts) - 1:
                values = values.relu_()
                hidden.append(values)
        if self.recipe.relu_logits:
            values = values.relu_()
        return values.view(len(self.members), -1, len(images)).permute(0, 2, 1), hidden

    def _is_active(self, hidden: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], ...]:
        levels = [
            torch.split((values > 0).any(dim=1).cpu(), counts)
            for values, counts in zip(hidden, self._n_units, strict=False)
        ]
        return tuple(tuple(level[index] for level in levels) for index in range(len(self.members)))

    def _norms(self, gradients: Sequence[Tensor]) -> Tensor:
        parts = [
            part
            for gradient, counts in zip(gradients, self._n_edges, strict=True)
            for part in torch.split(gradient, counts)
        ]
        return torch.stack(torch._foreach_norm(parts)).view(len(gradients), -1).t()

    def _slices(self, member: int) -> list[tuple[Tensor, Tensor]]:
        counts = [*self._n_edges, *self._n_units[: len(self.biases)]]
        return [
            (tensor, _places(count, member).to(self.device))
            for tensor, count in zip(self._tensors, counts, strict=True)
        ]

    def parameters(self) -> list[list[LayerParameters]]:
        """Return copies of the weights and biases of every member, on the CPU."""
        weights = self._split(self.weights, self._n_edges)
        biases = self._split(self.biases, self._n_units[: len(self.biases)])
        return [
            [
                LayerParameters(
                    weights[number][index].clone(),
                    biases[number][index].clone() if biases else None,
                )
                for number in range(len(weights))
            ]
            for index in range(len(self.members))
        ]

    @staticmethod
    def _split(
        tensors: Sequence[Tensor], counts: Sequence[Sequence[int]]
    ) -> list[tuple[Tensor, ...]]:
        return [
            torch.split(tensor.detach().cpu(), list(own))
            for tensor, own in zip(tensors, counts, strict=True)
        ]

    def check_zeros_outside(self) -> None:
        """Assert that no weight outside a mask is other than exactly 0: none is held."""


def _places(counts: Sequence[int], member: int) -> Tensor:
    """Return the places of a member among entries that stand member by member."""
    first = sum(counts[:member])
    return torch.arange(first, first + counts[member])
