"""Looking at a module's gradients without leaving a trace in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


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
