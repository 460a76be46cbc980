"""Nets of absolute weights, without biases and normalisation: what synaptic flow runs through."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from topograph.architectures.response_normalisation import ResponseNormalisation

# Not homogeneous in what they are given; they leave signals where they are.
_PASSED_OVER = (
    ResponseNormalisation,
    nn.LocalResponseNorm,
    nn.CrossMapLRN2d,
    nn.LayerNorm,
    nn.RMSNorm,
    nn.GroupNorm,
    nn.modules.instancenorm._InstanceNorm,
)


@torch.no_grad()
def of_absolute_weights(module: nn.Module) -> nn.Module:
    """Return a copy in double precision whose weights are positive and whose biases are 0."""
    absolute = copy.deepcopy(module).double().eval().requires_grad_(True)
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
    passed_over = [
        child
        for child in module.modules()
        if isinstance(child, _PASSED_OVER) or _is_without_variance(child)
    ]
    for child in passed_over:
        child.forward = _unchanged
    try:
        yield
    finally:
        for child in passed_over:
            del child.forward


def _is_without_variance(module: nn.Module) -> bool:
    is_norm = isinstance(module, nn.modules.batchnorm._BatchNorm)
    return is_norm and module.running_var is None


def _unchanged(values: Tensor) -> Tensor:
    return values
