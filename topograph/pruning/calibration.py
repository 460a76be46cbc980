"""The few labelled images on which gradients are taken before training."""

from __future__ import annotations

import torch
from torch import Tensor

from topograph.training.data.augmentation import augment
from topograph.training.data.dataset import Dataset
from topograph.training.seeding import seeded_generator


def calibration_batch(data: Dataset, per_class: int = 10, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Training images and labels, drawn at random, equally many of each class.

    Parameters
    ----------
    data : Dataset
        Prepared.
    per_class : int, default 10
        A class with fewer images gives all it has.
    seed : int, default 0

    Returns
    -------
    images, labels : Tensor
        On the device of the data, classes mixed.
    """
    generator = seeded_generator(seed, "calibration")
    labels = data.train_labels.cpu()
    rows = []
    for label in range(data.n_classes):
        members = torch.nonzero(labels == label).flatten()
        rows.append(members[torch.randperm(len(members), generator=generator)[:per_class]])
    drawn = torch.cat(rows)
    drawn = drawn[torch.randperm(len(drawn), generator=generator)].to(data.train_labels.device)
    images = data.train_images[drawn]
    if data.augmented:
        images = augment(images, generator)
    return images, data.train_labels[drawn]
