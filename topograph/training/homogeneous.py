"""Nets of absolute weights, without biases and normalisation: what synaptic flow runs through."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from topograph.architectures.response_normalisation import ResponseNormalisation

# Not homogeneous in what they are given; they leave signals where they are.
_PASSED_OVER = (ResponseNormalisation, nn.LocalResponseNorm, nn.LayerNorm, nn.GroupNorm, nn.Dropout)


@torch.no_grad()
def of_absolute_weights(module: nn.Module) -> nn.Module:
    """Return a copy in double precision whose weights are positive and whose biases are 0."""
    absolute = copy.deepcopy(module).double().eval()
    for name, parameter in absolute.named_parameters():
        if name.rpartition(".")[2] == "bias":
            parameter.zero_()
        else:
            parameter.abs_()
    for name, values in absolute.named_buffers():
        if name.rpartition(".")[2] == "running_mean":
            values.zero_()
    return absolute


def total_flow(absolute: nn.Module, input_shape: Sequence[int]) -> Tensor:
    """Return the sum of all outputs for an input of ones, with its gradient.

    Parameters
    ----------
    absolute : nn.Module
        As of `of_absolute_weights`.
    input_shape : sequence of int
        Of one input, without the batch.
    """
    device = next(absolute.parameters()).device
    ones = torch.ones(1, *input_shape, dtype=torch.float64, device=device)
    with _homogeneous(absolute):
        total: Tensor = absolute(ones).sum()
    return total


@contextmanager
def _homogeneous(module: nn.Module) -> Iterator[None]:
    """Make normalisation layers give back what they are given."""
    handles = [
        child.register_forward_hook(_unchanged)
        for child in module.modules()
        if isinstance(child, _PASSED_OVER)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _unchanged(_: nn.Module, given: tuple[Any, ...], __: Any) -> Any:
    return given[0]
