"""Pixels brought to a common scale: a step with a name and its constants."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from topograph.errors import ParameterError
from topograph.training.data.dataset import Dataset

_WHITE = 255.0


@dataclass(frozen=True)
class Standardisation:
    """``(pixel / 255 - mean) / deviation``, channel by channel.

    Parameters
    ----------
    name : str
    means, deviations : tuple of float
        One a channel, or one for all; on the scale from 0 to 1.

    Examples
    --------
    >>> UNIT_INTERVAL(torch.tensor([[[[0, 255]]]], dtype=torch.uint8))
    tensor([[[[0., 1.]]]])
    >>> CONSTANTS["mnist"].sentence
    'standardised: (pixel / 255 - 0.1307) / 0.3081'
    """

    name: str
    means: tuple[float, ...]
    deviations: tuple[float, ...]

    @property
    def sentence(self) -> str:
        """The step with its constants."""
        if self == UNIT_INTERVAL:
            return "pixel / 255"
        means, deviations = (
            str(values[0]) if len(values) == 1 else str(values)
            for values in (self.means, self.deviations)
        )
        return f"{self.name}: (pixel / 255 - {means}) / {deviations}"

    def __call__(self, images: Tensor) -> Tensor:
        """Return uint8 images of shape (n, channels, height, width) as float32."""
        if len(self.means) not in (1, images.shape[1]):
            raise ParameterError.expected(
                "Images", f"of {len(self.means)} channels", tuple(images.shape)
            )
        shape = (1, len(self.means), 1, 1)
        means = torch.tensor(self.means, device=images.device).view(shape)
        deviations = torch.tensor(self.deviations, device=images.device).view(shape)
        return images.float().div_(_WHITE).sub_(means).div_(deviations)


UNIT_INTERVAL = Standardisation("unit interval", (0.0,), (1.0,))
# Mean and deviation of all training pixels; of digits, of all 1797 images.
CONSTANTS: Mapping[str, Standardisation] = {
    "digits": Standardisation("standardised", (0.3053,), (0.3760,)),
    "mnist": Standardisation("standardised", (0.1307,), (0.3081,)),
    "fashion-mnist": Standardisation("standardised", (0.2860,), (0.3530,)),
    "cifar10": Standardisation("standardised", (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
}


def standardise(data: Dataset, step: Standardisation) -> Dataset:
    """Return the data set with float32 images, and the step noted in its record.

    Raises
    ------
    ParameterError
        If the images have been prepared already, or have other channels.
    """
    check_raw(data)
    return dataclasses.replace(
        data,
        train_images=step(data.train_images),
        test_images=step(data.test_images),
        steps=(*data.steps, step.sentence),
    )


def check_raw(data: Dataset) -> None:
    """Refuse images whose pixels are no longer bytes."""
    if data.train_images.dtype != torch.uint8:
        raise ParameterError.expected(
            "Images", "uint8 pixels as they were read", data.train_images.dtype
        )


def standardise_each(images: Tensor) -> Tensor:
    r"""Per-image standardisation: ``(x - mean) / max(deviation, 1 / sqrt(n))``.

    Mean and deviation are those of the ``n`` values of the image, all channels together; the
    bound keeps a uniform image from a division by zero.

    Parameters
    ----------
    images : Tensor of float, shape (n_images, channels, height, width)

    Examples
    --------
    >>> standardise_each(torch.tensor([[[[0.0, 2.0]]], [[[5.0, 5.0]]]])).flatten(1)
    tensor([[-1.,  1.],
            [ 0.,  0.]])
    """
    flat = images.flatten(1)
    deviation, mean = torch.std_mean(flat, dim=1, correction=0, keepdim=True)
    least = flat.shape[1] ** -0.5
    return ((flat - mean) / deviation.clamp_min(least)).view_as(images)
