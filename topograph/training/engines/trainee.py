"""One net in training on its own: module, masks and optimizer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from topograph.training.engines.member import LayerParameters
from topograph.training.masking import check_zeros_outside, prunable_parameters
from topograph.training.modes import evaluation_mode
from topograph.training.optimizers import l2_in_gradients, optimizer_of
from topograph.training.recipes import Recipe

_CHUNK = 1000  # images at once, where only outputs are asked for


class Trainee:
    """A module with masks, trained by PyTorch's optimizer.

    Parameters
    ----------
    module : nn.Module
        On its device, weights outside the masks 0; changed in place.
    masks : mapping of str to Tensor
        Boolean, by parameter name, of the weight's shape.
    recipe : Recipe
    rate_factor : float
        What learning rates are multiplied by.
    input_shape : sequence of int
        The shape that the module takes one image in.

    Attributes
    ----------
    is_stopped : bool
        Whether a loss was not finite, or the net is retired: it is trained no further.
    """

    def __init__(
        self,
        module: nn.Module,
        masks: Mapping[str, Tensor],
        recipe: Recipe,
        rate_factor: float,
        input_shape: Sequence[int],
    ) -> None:
        self.module, self._recipe, self._rate_factor = module.train(), recipe, rate_factor
        self._shape = tuple(input_shape)
        self._weights = {
            name: weight for name, weight in prunable_parameters(module).items() if name in masks
        }
        # In the layout of the weights, so that masking walks through memory in order.
        self._masks = {
            name: torch.empty_like(weight, dtype=torch.bool).copy_(masks[name])
            for name, weight in self._weights.items()
        }
        self._outside = {name: ~mask for name, mask in self._masks.items()}
        self._optimizer = optimizer_of(module, recipe)
        self.is_stopped = False

    def step(self, images: Tensor, labels: Tensor, rate: float) -> float:
        """Take one step on a batch; return the loss before it, nan if the net has stopped."""
        if self.is_stopped:
            return math.nan
        for group in self._optimizer.param_groups:
            group["lr"] = rate * self._rate_factor
        self._optimizer.zero_grad(set_to_none=True)
        logits = self.module(self._shaped(images))
        smoothing = self._recipe.label_smoothing
        loss = functional.cross_entropy(logits, labels, label_smoothing=smoothing)
        value = float(loss.detach())
        if not math.isfinite(value):
            self.is_stopped = True
            return math.nan
        loss.backward()  # type: ignore[no-untyped-call]
        for name, weight in self._weights.items():
            if weight.grad is not None:  # filled, as nan times 0 would be nan
                weight.grad.masked_fill_(self._outside[name], 0.0)
        with l2_in_gradients(self.module, self._recipe):
            self._optimizer.step()
        return value

    @torch.no_grad()
    def infer(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the logits, and for each hidden ReLU which units are above 0 for an image.

        Normalisation is by the running means; the mode of the module is as before afterwards.
        """
        parts: list[Tensor] = []
        active: list[Tensor] = []
        with evaluation_mode(self.module):
            for chunk in torch.split(self._shaped(images), _CHUNK):
                logits, levels = _watched(self.module, chunk)
                parts.append(logits)
                active = [old | new for old, new in zip(active or levels, levels, strict=True)]
        return torch.cat(parts), tuple(level.cpu() for level in active)

    def _shaped(self, images: Tensor) -> Tensor:
        return images.reshape(len(images), *self._shape)

    def gradient_norms(self) -> list[float]:
        """Return the norm of the last gradient on each weight with a mask; nan if there is none."""
        if self.is_stopped:
            return [math.nan] * len(self._weights)
        return [
            math.nan if weight.grad is None else float(weight.grad.norm())
            for weight in self._weights.values()
        ]

    def parameters(self) -> list[LayerParameters]:
        """Return copies of the layers with masks: weights kept, in flat order, and biases."""
        layers = []
        for name, weight in self._weights.items():
            bias = self.module.get_submodule(name.rpartition(".")[0]).bias
            biases = bias.detach().cpu().clone() if isinstance(bias, Tensor) else None
            layers.append(LayerParameters(weight.detach()[self._masks[name]].cpu(), biases))
        return layers

    @torch.no_grad()
    def retire(self) -> None:
        """Set all parameters and all state of the optimizer to 0, for good."""
        self.is_stopped = True
        self._optimizer.zero_grad(set_to_none=True)
        for parameter in self.module.parameters():
            parameter.zero_()
            for value in self._optimizer.state.get(parameter, {}).values():
                if isinstance(value, Tensor):
                    value.zero_()

    def state(self) -> dict[str, Tensor]:
        """Return copies of parameters, buffers and the optimizer's state, on the CPU."""
        kept = {f"module.{name}": value for name, value in self.module.state_dict().items()}
        for name, parameter in self.module.named_parameters():
            for key, value in self._optimizer.state.get(parameter, {}).items():
                if isinstance(value, Tensor):
                    kept[f"optimizer.{key}.{name}"] = value
        copies = {name: value.detach().cpu().clone() for name, value in kept.items()}
        return copies | {"is_stopped": torch.tensor(self.is_stopped)}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned, bit by bit; gradients are forgotten."""
        self.is_stopped = bool(state["is_stopped"])
        own = {key: value for key, value in state.items() if key.startswith("module.")}
        self.module.load_state_dict({key.removeprefix("module."): own[key] for key in own})
        self._optimizer.zero_grad(set_to_none=True)
        self._optimizer.state.clear()
        parameters = dict(self.module.named_parameters())
        for said, value in state.items():
            kind, _, rest = said.partition(".")
            if kind != "optimizer":
                continue
            key, _, name = rest.partition(".")
            parameter = parameters[name]
            held = value.clone()  # the count of steps stays on the CPU
            if key != "step":
                held = torch.empty_like(parameter).copy_(value)
            self._optimizer.state[parameter][key] = held

    def check_zeros_outside(self) -> None:
        """Assert that no weight outside a mask is other than exactly 0."""
        check_zeros_outside(self.module, self._masks)


def _watched(module: nn.Module, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Return the logits, and what the ReLUs but for one on the logits put out, by channel."""
    levels: list[Tensor] = []
    last: list[Tensor] = []

    def keep(_child: nn.Module, _given: tuple[Tensor, ...], got: Tensor) -> None:
        others = [dimension for dimension in range(got.ndim) if dimension != 1]
        levels.append((got > 0).any(dim=others))
        last[:] = [got]

    handles = [
        child.register_forward_hook(keep)
        for child in module.modules()
        if isinstance(child, nn.ReLU)
    ]
    try:
        logits = module(images)
    finally:
        for handle in handles:
            handle.remove()
    if last and last[0] is logits:
        levels.pop()
    return logits, levels
