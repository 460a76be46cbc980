"""The record of a data set: images, classes, and how far they can be trusted."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

import numpy.typing as npt
import torch
from torch import Tensor

from topograph.errors import ParameterError, ReadError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images for training and testing, whole and in memory.

    Parameters
    ----------
    name : str
        As of `load_data`.
    train_images, test_images : Tensor, shape (n, channels, height, width)
        uint8 pixels from 0 to 255 as read, float32 once prepared.
    train_labels, test_labels : Tensor of int64, shape (n,)
        Classes from 0 to ``n_classes - 1``.
    n_classes : int
    verified : bool
        Whether every file has its published checksum.
    lossy : bool, default False
        Whether the images are a lossy copy of the original ones (JPEG).
    augmented : bool, default False
        Whether a trainer is to distort the training images anew in every batch; see
        `topograph.training.data.augmentation`.
    steps : tuple of str, default ()
        What was done to the pixels, with its constants, in order.
    notes : tuple of str, default ()
        What to know about the files, in sentences.

    Raises
    ------
    ParameterError
        If images and labels do not belong together.

    Examples
    --------
    >>> images, labels = torch.zeros(3, 1, 8, 8), torch.tensor([0, 1, 1])
    >>> data = Dataset("zeros", images, labels, images[:1], labels[:1], 2, verified=False)
    >>> data.shape, data.n_inputs
    ((1, 8, 8), 64)
    """

    name: str
    train_images: Tensor
    train_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    n_classes: int
    verified: bool
    lossy: bool = False
    augmented: bool = False
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts = (
            ("train", self.train_images, self.train_labels),
            ("test", self.test_images, self.test_labels),
        )
        for part, images, labels in parts:
            if images.ndim != 4 or labels.shape != images.shape[:1] or not len(labels):
                raise ParameterError.expected(
                    f"{part}_images",
                    f"of shape (n, channels, height, width) with a label for each, n >= 1 "
                    f"({tuple(labels.shape)} labels)",
                    tuple(images.shape),
                )
            if labels.dtype != torch.int64:
                raise ParameterError.expected(f"{part}_labels", "of type int64", labels.dtype)
            if labels.device.type != "cpu":
                continue  # it was looked at before it was moved; looking again would wait for it
            least, most = int(labels.min()), int(labels.max())
            if least < 0 or most >= self.n_classes:
                raise ParameterError.expected(
                    f"{part}_labels", f"in 0..{self.n_classes - 1}", f"{least}..{most}"
                )

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(channels, height, width)`` of what a model gets."""
        channels, height, width = self.test_images.shape[1:]
        return channels, height, width

    @property
    def n_inputs(self) -> int:
        """Pixels times channels."""
        return self.test_images[0].numel()

    def to(self, device: torch.device | str) -> Self:
        """Return the same data on a device."""
        moved = {
            field: getattr(self, field).to(device)
            for field in ("train_images", "train_labels", "test_images", "test_labels")
        }
        return dataclasses.replace(self, **moved)

    def provenance(self) -> dict[str, Any]:
        """Return what a result from this data has to say about it; fit for JSON."""
        return {
            "name": self.name,
            "train_images": len(self.train_labels),
            "test_images": len(self.test_labels),
            "shape": list(self.shape),
            "verified": self.verified,
            "lossy": self.lossy,
            "steps": list(self.steps),
        }


def dataset_of_arrays(
    name: str,
    train: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    test: tuple[npt.NDArray[Any], npt.NDArray[Any]],
    n_classes: int,
    *,
    verified: bool,
    lossy: bool = False,
    notes: tuple[str, ...] = (),
) -> Dataset:
    """Make the record from arrays that came from files.

    Parameters
    ----------
    name, n_classes, verified, lossy, notes
        As of `Dataset`.
    train, test : pair of ndarray
        uint8 images of shape (n, channels, height, width), and their classes.

    Raises
    ------
    ReadError
        If images and labels differ in number, or a label is no class.
    """
    tensors = []
    for part, (images, labels) in (("train", train), ("test", test)):
        if len(images) != len(labels) or not len(labels):
            raise ReadError(
                f"The {part} set must have a label for each image, and one image at least, but "
                f"it has {len(images)} images and {len(labels)} labels."
            )
        if labels.min() < 0 or labels.max() >= n_classes:
            stray = int(labels.min()) if labels.min() < 0 else int(labels.max())
            raise ReadError(
                f"The labels of the {part} set must lie in 0..{n_classes - 1}, but there is "
                f"{stray}."
            )
        tensors += [torch.tensor(images), torch.tensor(labels.astype("int64"))]
    if train[0].shape[1:] != test[0].shape[1:]:
        raise ReadError(
            f"Train and test images must have one shape, but they have {train[0].shape[1:]} "
            f"and {test[0].shape[1:]}."
        )
    train_images, train_labels, test_images, test_labels = tensors
    return Dataset(
        name,
        train_images,
        train_labels,
        test_images,
        test_labels,
        n_classes,
        verified=verified,
        lossy=lossy,
        notes=notes,
    )
