"""On which device to compute."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias, TypeVar

import torch
from torch import nn

from topograph.errors import ParameterError

Precision: TypeAlias = Literal["tf32", "fp32"]
Net = TypeVar("Net", bound=nn.Module)


def find_device(name: str | torch.device = "auto") -> torch.device:
    """Return the device by name; ``auto`` is CUDA where there is a device, else the CPU.

    Raises
    ------
    ParameterError
        If there is no such device.

    Examples
    --------
    >>> find_device("cpu")
    device(type='cpu')
    """
    has_cuda = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if has_cuda else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ParameterError.expected("A device", "auto, cpu or cuda", name) from error
    if device.type == "cuda" and not has_cuda:
        raise ParameterError(
            f"The device {name!s} must exist, but torch finds no CUDA device.",
            hint="use cpu, or a torch that is built for CUDA.",
        )
    return device


def in_fast_layout(module: Net) -> Net:
    """Return a module whose weights of two-dimensional convolutions lie as its device likes.

    On a CPU channels come last: convolutions take two thirds of the time. Changed in place.
    """
    for parameter in module.parameters():
        if parameter.device.type == "cpu" and parameter.ndim == 4:
            parameter.data = parameter.data.to(memory_format=torch.channels_last)
    return module


def forget_peak_memory(device: torch.device) -> None:
    """Count the peak memory of a CUDA device anew; that of a process cannot be."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def memory_for_dense(device: torch.device) -> int:
    """Return how many bytes dense matrices may take: half of what a device has, or 4 GiB."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1]) // 2
    return 4 << 30


def peak_memory(device: torch.device) -> int:
    """Return the peak memory in bytes: of the process on a CPU, of torch on a CUDA device."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    try:
        import resource
    except ImportError:  # not on every system
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def describe_device(device: torch.device) -> str:
    """Return the name of a device for a record of results."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    return f"cpu, {torch.get_num_threads()} threads"


@contextmanager
def product_precision(device: torch.device, precision: Precision) -> Iterator[str]:
    """Compute products of float32 on a CUDA device as asked, and say how they are computed.

    Parameters
    ----------
    device : torch.device
        On a CPU nothing is changed: ``fp32``.
    precision : {"tf32", "fp32"}
    """
    if device.type != "cuda":
        yield "fp32"
        return
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = precision == "tf32"  # of convolutions
    try:
        yield precision
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]
