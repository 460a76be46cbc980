"""Batches without end, by index, from a data set that lies whole on one device."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from topograph.training.data.augmentation import augment
from topograph.training.data.dataset import Dataset


def batches(
    data: Dataset, batch_size: int, generator: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """Give batches of training images and labels, in a new random order every epoch.

    Parameters
    ----------
    data : Dataset
        Prepared; images are distorted batch by batch if it is ``augmented``.
    batch_size : int
        Images that fill no batch at the end of an epoch are left out; a set smaller than a
        batch is a batch.
    generator : torch.Generator
        On the CPU: the same seed gives the same order on every device.
    """
    n_images = len(data.train_labels)
    size = min(batch_size, n_images)
    while True:
        order = torch.randperm(n_images, generator=generator).to(data.train_labels.device)
        for rows in torch.split(order[: n_images - n_images % size], size):
            images = data.train_images[rows]
            if data.augmented:
                images = augment(images, generator)
            yield images, data.train_labels[rows]
