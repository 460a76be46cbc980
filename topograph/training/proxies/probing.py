"""A net with its weights, and what some training images do in it: all that proxies look at."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from topograph.errors import ParameterError, Undefined
from topograph.training.data.augmentation import crop_centre
from topograph.training.data.dataset import Dataset
from topograph.training.seeding import seeded_generator

Floats = npt.NDArray[np.float64]
N_IMAGES = 32
LARGEST_ARRAY = 1 << 27  # values: 1 GiB


class Probe(ABC):
    """A net swept by some images; everything in double precision, on the CPU.

    `ChainProbe` is that of a chain of sparse layers, `ModuleProbe` that of any ``nn.Module``.
    A unit whose sum is exactly 0 has the slope 0, as in PyTorch.

    Attributes
    ----------
    logits : ndarray, shape (n_classes, n_images)
    targets : ndarray, shape (n_classes, n_images)
        What the loss compares the classes with; each column has the sum 1.
    """

    logits: Floats
    targets: Floats

    @property
    def n_images(self) -> int:
        """Number of images."""
        return int(self.logits.shape[1])

    @property
    def n_classes(self) -> int:
        """Number of outputs."""
        return int(self.logits.shape[0])

    @property
    @abstractmethod
    def n_inputs(self) -> int:
        """Values of an image."""

    @property
    @abstractmethod
    def edges(self) -> tuple[int, ...]:
        """Number of weights of each layer that are on edges."""

    @abstractmethod
    def gradient_norms(self) -> tuple[float, ...]:
        """Return the norm of the loss gradient on the edges of each layer."""

    @abstractmethod
    def jacobians(self) -> Floats:
        """Return the derivatives by the inputs; shape (n_images, n_classes, n_inputs)."""

    @property
    @abstractmethod
    def kernel_steps(self) -> int:
        """Multiplications that the kernel takes, about."""

    @abstractmethod
    def kernel(self) -> Floats:
        """Return ``J J^T``, a row for each image and output, images first."""

    @abstractmethod
    def log10_flow(self) -> float:
        """Return log10 of the total synaptic flow; -inf if there is none, nan if unknown."""


def check_finite(probe: Probe) -> None:
    """Raise Undefined if an output is not finite."""
    if not np.isfinite(probe.logits).all():
        raise Undefined("the outputs of the net are not finite")


def check_size(n_values: int) -> None:
    """Raise Undefined if an array would be too large."""
    if n_values > LARGEST_ARRAY:
        raise Undefined(
            f"too large: an array of {n_values} values is needed, and at most {LARGEST_ARRAY} are "
            f"allowed"
        )


def images_to_probe(data: Dataset, n_images: int, seed: int) -> tuple[Tensor, Tensor]:
    """Return training images and their labels, in double precision, on the CPU.

    Parameters
    ----------
    data : Dataset
        Prepared. Of images that are distorted in training the middle is taken, as in testing.
    n_images : int
        The first so many in an order drawn from the seed.
    seed : int

    Raises
    ------
    ParameterError
        If there are fewer images, or they are not prepared.
    """
    images, labels = data.train_images, data.train_labels
    if not (data.augmented or images.is_floating_point()):
        raise ParameterError(
            "The images must be prepared for a net, but they are bytes.",
            hint="topograph.training.prepare(data, recipe).",
        )
    if not 1 <= n_images <= len(labels):
        raise ParameterError.expected("n_images", f"in 1..{len(labels)}", n_images)
    rows = torch.randperm(len(labels), generator=seeded_generator(seed, "probes"))[:n_images]
    rows = rows.to(images.device)
    chosen = crop_centre(images[rows]) if data.augmented else images[rows]
    return chosen.double().cpu(), labels[rows].cpu()


def targets_of(labels: Tensor, n_classes: int, label_smoothing: float) -> Floats:
    """Return what the loss compares the classes with; shape (n_classes, n_images)."""
    targets = np.full((n_classes, len(labels)), label_smoothing / n_classes)
    targets[labels.numpy(), np.arange(len(labels))] += 1 - label_smoothing
    return targets
