"""On which device to compute."""

from __future__ import annotations

import torch

from topograph.errors import ParameterError


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
