"""The distortions of CIFAR-10 in training, a batch at a time.

Crop to 24 x 24, flip, brightness, contrast, then per-image standardisation: the input
pipeline of Alford et al. 2018, which is that of the TensorFlow tutorial for CIFAR-10.
"""

from __future__ import annotations

import torch
from torch import Tensor

from topograph.training.data.standardisation import standardise_each

CROP = 24
BRIGHTNESS = 63.0  # largest shift, in grey levels of 255
CONTRAST = (0.2, 1.8)  # factors around the mean of each channel
SENTENCE = (
    f"crop {CROP} x {CROP} (random in training), flip, brightness +-{BRIGHTNESS:g}, contrast "
    f"{CONTRAST[0]}..{CONTRAST[1]}, each image standardised"
)


def augment(images: Tensor, generator: torch.Generator, size: int = CROP) -> Tensor:
    """Distort a batch of training images, each on its own.

    Parameters
    ----------
    images : Tensor of uint8, shape (n, channels, height, width)
        On any device.
    generator : torch.Generator
        On the CPU, so that a seed means the same on every device.
    size : int, default 24
        Height and width of the crop.

    Returns
    -------
    Tensor of float32, shape (n, channels, size, size)
        Each image of mean 0 and deviation 1.
    """
    count, _, height, width = images.shape
    device = images.device
    tops = _whole(count, height - size + 1, generator).to(device)
    lefts = _whole(count, width - size + 1, generator).to(device)
    flips = _whole(count, 2, generator).to(device).bool()
    shifts, factors = (_uniform(count, *ends, generator).to(device) for ends in _RANGES)
    steps = torch.arange(size, device=device)
    rows = tops[:, None] + steps
    columns = lefts[:, None] + torch.where(flips[:, None], steps.flip(0), steps)
    which = torch.arange(count, device=device)[:, None, None]
    cropped = images.movedim(1, -1)[which, rows[:, :, None], columns[:, None, :]]
    values = cropped.movedim(-1, 1).float() + shifts
    means = values.mean(dim=(2, 3), keepdim=True)
    return standardise_each((values - means) * factors + means)


def crop_centre(images: Tensor, size: int = CROP) -> Tensor:
    """Cut out the middle and standardise each image: what testing uses.

    Parameters
    ----------
    images : Tensor of uint8, shape (n, channels, height, width)
    size : int, default 24

    Returns
    -------
    Tensor of float32, shape (n, channels, size, size)
    """
    top, left = ((side - size) // 2 for side in images.shape[2:])
    return standardise_each(images[:, :, top : top + size, left : left + size].float())


_RANGES = ((-BRIGHTNESS, BRIGHTNESS), CONTRAST)


def _whole(count: int, below: int, generator: torch.Generator) -> Tensor:
    return torch.randint(below, (count,), generator=generator)


def _uniform(count: int, low: float, high: float, generator: torch.Generator) -> Tensor:
    return torch.rand(count, 1, 1, 1, generator=generator) * (high - low) + low
