"""Members of the same widths as one batch of dense matrices, masks on their gradients."""

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


class DenseEngine(AutogradEngine):
    """Batched products of dense matrices.

    Every layer is one tensor ``(n_members, n_in, n_out)``. Masks are applied to gradients,
    not to weights: weights that start at 0 outside stay there. Memory and time grow with the
    widths, whatever the density.

    Parameters
    ----------
    members, data, recipe, device
        As of `Engine`; all members must have the same widths.

    Raises
    ------
    ParameterError
        If widths differ, or the data do not fit.
    """

    name: ClassVar[str] = "dense"

    def __init__(
        self, members: Sequence[Member], data: Dataset, recipe: Recipe, device: torch.device
    ) -> None:
        widths = {member.widths for member in members}
        if len(widths) > 1:
            raise ParameterError.expected(
                "Members of a dense ensemble", "of the same widths", sorted(widths)
            )
        super().__init__(members, data, recipe, device)

    def _make(
        self,
    ) -> tuple[list[Tensor], list[Tensor], list[Tensor | float], list[Tensor | float]]:
        n_members, device = len(self.members), self.device
        drawn = [initial_parameters(member, self.recipe) for member in self.members]
        weights, biases = [], []
        self._masks, self._places = [], []
        for number, (n_in, n_out) in enumerate(p.shape for p in self.members[0].patterns):
            whole = torch.zeros(n_members, n_in, n_out)
            mask = torch.zeros(n_members, n_in, n_out)
            places = []
            for index, member in enumerate(self.members):
                pattern = member.patterns[number]
                sources = torch.from_numpy(pattern.sources).long()
                place = sources * n_out + torch.from_numpy(pattern.targets()).long()
                whole[index].view(-1)[place] = drawn[index][number].weights
                mask[index].view(-1)[place] = 1.0
                places.append(place)
            weights.append(whole.to(device))
            self._masks.append(mask.to(device))
            self._places.append(places)
            held = [layers[number].biases for layers in drawn]
            stacked = [tensor for tensor in held if tensor is not None]
            if stacked:
                biases.append(torch.stack(stacked).unsqueeze(1).to(device))
        rates = [member.rate_factor for member in self.members]
        factor: Tensor | float = 1.0
        if set(rates) != {1.0}:
            factor = torch.tensor(rates, device=device).view(-1, 1, 1)
        return weights, biases, [factor] * len(weights), [factor] * len(biases)

    def _forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        values = images.expand(len(self.members), -1, -1)
        hidden: list[Tensor] = []
        for number, weights in enumerate(self.weights):
            if self.biases:
                values = torch.baddbmm(self.biases[number], values, weights)
            else:
                values = torch.bmm(values, weights)
            if number < len(self.weights) - 1:
                values = values.relu()
                hidden.append(values)
        return (values.relu() if self.recipe.relu_logits else values), hidden

    def _mask(self, gradients: Sequence[Tensor]) -> None:
        torch._foreach_mul_(list(gradients[: len(self._masks)]), self._masks)

    def _is_active(self, hidden: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], ...]:
        levels = [(values > 0).any(dim=1).cpu() for values in hidden]
        return tuple(tuple(level[index] for level in levels) for index in range(len(self.members)))

    def _norms(self, gradients: Sequence[Tensor]) -> Tensor:
        return torch.stack([gradient.flatten(1).norm(dim=1) for gradient in gradients], dim=1)

    def _slices(self, member: int) -> list[tuple[Tensor, Tensor]]:
        index = torch.tensor(member, device=self.device)
        return [(tensor, index) for tensor in self._tensors]

    def parameters(self) -> list[list[LayerParameters]]:
        """Return copies of the weights and biases of every member, on the CPU."""
        weights = [tensor.detach().cpu() for tensor in self.weights]
        biases = [tensor.detach().cpu() for tensor in self.biases]
        return [
            [
                LayerParameters(
                    whole[index].flatten()[self._places[number][index]],
                    biases[number][index, 0].clone() if biases else None,
                )
                for number, whole in enumerate(weights)
            ]
            for index in range(len(self.members))
        ]

    @torch.no_grad()
    def check_zeros_outside(self) -> None:
        """Assert that no weight outside a mask is other than exactly 0."""
        for number, (weights, mask) in enumerate(zip(self.weights, self._masks, strict=True)):
            stray = sum(
                int(torch.count_nonzero(own.masked_fill(kept.bool(), 0.0)))
                for own, kept in zip(weights, mask, strict=True)
            )
            if stray:
                raise AssertionError(f"{stray} weights of layer {number + 1} outside are not 0.")
