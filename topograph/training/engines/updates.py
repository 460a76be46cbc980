"""The optimizers of PyTorch, with a learning rate for each member of an ensemble."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from topograph.training.recipes import Recipe


class Updates:
    """SGD with momentum, Adam or AdamW on tensors that hold several members.

    The arithmetic is that of ``torch.optim``, the learning rate a factor for each entry.

    Parameters
    ----------
    recipe : Recipe
        Optimizer, momentum or betas, and decay.
    parameters : sequence of Tensor
        Changed in place.
    decayed : sequence of bool
        Which of them l2 or weight decay is for.
    factors : sequence of Tensor or float
        For each, what the rate is multiplied by: a number, or a tensor that broadcasts.

    Examples
    --------
    >>> from topograph.training.recipes import MODERN
    >>> weights = torch.zeros(2)
    >>> updates = Updates(MODERN, [weights], [True], [torch.tensor([1.0, 10.0])])
    >>> updates.step([torch.ones(2)], 0.5)
    >>> weights
    tensor([-0.5000, -5.0000])
    """

    def __init__(
        self,
        recipe: Recipe,
        parameters: Sequence[Tensor],
        decayed: Sequence[bool],
        factors: Sequence[Tensor | float],
    ) -> None:
        self.recipe = recipe
        self.parameters = list(parameters)
        self.decayed = [tensor for tensor, is_so in zip(parameters, decayed, strict=True) if is_so]
        self._decayed_at = [index for index, is_so in enumerate(decayed) if is_so]
        self.factors = list(factors)
        self._are_all_one = all(isinstance(factor, float) and factor == 1.0 for factor in factors)
        self.steps = 0
        n_moments = 2 if recipe.optimizer != "sgd" else 1 if recipe.momentum else 0
        self.moments = [
            [torch.zeros_like(tensor) for tensor in parameters] for _ in range(n_moments)
        ]

    @torch.no_grad()
    def step(self, gradients: Sequence[Tensor], rate: float) -> None:
        """Take one step; the gradients are used up.

        Parameters
        ----------
        gradients : sequence of Tensor
            One a parameter, of its shape.
        rate : float
            Learning rate before the factors.
        """
        self.steps += 1
        recipe, change = self.recipe, list(gradients)
        if recipe.l2 and self.decayed:
            chosen = [change[index] for index in self._decayed_at]
            torch._foreach_add_(chosen, self.decayed, alpha=recipe.l2)
        if recipe.optimizer == "sgd":
            if recipe.momentum:
                (moving,) = self.moments
                torch._foreach_mul_(moving, recipe.momentum)
                torch._foreach_add_(moving, change)
                change = moving
            self._move(change, -rate)
            return
        if recipe.weight_decay:
            for index in self._decayed_at:
                self.parameters[index].mul_(1 - rate * recipe.weight_decay * self.factors[index])
        first, second = recipe.betas
        means, squares = self.moments
        torch._foreach_mul_(means, first)
        torch._foreach_add_(means, change, alpha=1 - first)
        torch._foreach_mul_(squares, second)
        torch._foreach_addcmul_(squares, change, change, value=1 - second)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_div_(roots, (1 - second**self.steps) ** 0.5)
        torch._foreach_add_(roots, recipe.epsilon)
        self._move(torch._foreach_div(means, roots), -rate / (1 - first**self.steps))

    def _move(self, change: Sequence[Tensor], scale: float) -> None:
        if self._are_all_one:
            torch._foreach_add_(self.parameters, list(change), alpha=scale)
            return
        for tensor, by, factor in zip(self.parameters, change, self.factors, strict=True):
            tensor.add_(by * factor, alpha=scale)

    def state(self) -> dict[str, Tensor]:
        """Return copies of the moments and the number of steps, on the CPU."""
        kept = {"steps": torch.tensor(self.steps)}
        for number, tensors in enumerate(self.moments):
            for index, tensor in enumerate(tensors):
                kept[f"moment{number}.{index}"] = tensor.detach().cpu().clone()
        return kept

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        self.steps = int(state["steps"])
        for number, tensors in enumerate(self.moments):
            for index, tensor in enumerate(tensors):
                tensor.copy_(state[f"moment{number}.{index}"])
