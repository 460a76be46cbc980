"""Using a module without leaving a trace in it: modes, buffers, what is differentiated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def evaluation_mode(module: nn.Module) -> Iterator[None]:
    """Put a module in evaluation mode, and every part back in its own mode afterwards.

    Examples
    --------
    >>> net = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(2).eval())
    >>> with evaluation_mode(net):
    ...     modes = [part.training for part in net]
    >>> modes, [part.training for part in net]
    ([False, False], [True, False])
    """
    with _in_mode(module, is_training=False):
        yield


@contextmanager
def training_mode(module: nn.Module) -> Iterator[None]:
    """Put a module in training mode, and every part back in its own mode afterwards.

    Examples
    --------
    >>> net = nn.Sequential(nn.Dropout().eval())
    >>> with training_mode(net):
    ...     inside = net[0].training
    >>> inside, net[0].training
    (True, False)
    """
    with _in_mode(module, is_training=True):
        yield


@contextmanager
def _in_mode(module: nn.Module, *, is_training: bool) -> Iterator[None]:
    modes = [(part, part.training) for part in module.modules()]
    module.train(is_training)
    try:
        yield
    finally:
        for part, was_training in modes:
            part.training = was_training


@contextmanager
def unchanged_buffers(module: nn.Module) -> Iterator[None]:
    """Put back the buffers of a module, such as running means, after it has been called.

    Examples
    --------
    >>> norm = nn.BatchNorm1d(1)
    >>> with unchanged_buffers(norm):
    ...     _ = norm(torch.tensor([[1.0], [3.0]]))
    >>> norm.running_mean
    tensor([0.])
    """
    kept = {name: values.clone() for name, values in module.named_buffers()}
    try:
        yield
    finally:
        with torch.no_grad():
            for name, values in module.named_buffers():
                values.copy_(kept[name])


@contextmanager
def first_step(module: nn.Module) -> Iterator[None]:
    """Let a module be as in a step of training, but without chance and without a trace.

    Batches are normalised by their own means and variances, nothing drops out; all parameters
    can be differentiated. Modes, buffers and ``requires_grad`` are as before afterwards.

    Examples
    --------
    >>> net = nn.Sequential(nn.BatchNorm1d(1), nn.Dropout()).eval()
    >>> with first_step(net):
    ...     values = net(torch.tensor([[1.0], [3.0]]))
    >>> values.round(decimals=2).flatten().tolist(), net[0].running_mean
    ([-1.0, 1.0], tensor([0.]))
    """
    frozen = [parameter for parameter in module.parameters() if not parameter.requires_grad]
    with evaluation_mode(module), unchanged_buffers(module):
        for part in module.modules():
            part.training = isinstance(part, nn.modules.batchnorm._BatchNorm)
        for parameter in frozen:
            parameter.requires_grad_(True)
        try:
            yield
        finally:
            for parameter in frozen:
                parameter.requires_grad_(False)


def gradients_of(
    value: Tensor, weights: Mapping[str, Tensor], create_graph: bool = False
) -> dict[str, Tensor]:
    """Return the gradient of a number by each weight: 0 by one that it does not depend on.

    Examples
    --------
    >>> one, other = torch.ones(2, requires_grad=True), torch.ones(1, requires_grad=True)
    >>> gradients_of(one.sum(), {"one": one, "other": other})
    {'one': tensor([1., 1.]), 'other': tensor([0.])}
    """
    found = torch.autograd.grad(
        value,
        list(weights.values()),
        create_graph=create_graph,
        allow_unused=True,
        materialize_grads=True,
    )
    return dict(zip(weights, found, strict=True))
