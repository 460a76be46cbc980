"""Data sets by name."""

from __future__ import annotations

import os

from topograph.training.data.checksums import FASHION_MNIST, MNIST
from topograph.training.data.cifar import read_cifar10
from topograph.training.data.dataset import Dataset
from topograph.training.data.digits import read_digits
from topograph.training.data.mnist import read_mnist
from topograph.training.data.places import data_folder
from topograph.training.data.published import PUBLISHED, find_published

DATA_SETS = tuple(PUBLISHED)


def load_data(name: str, folder: str | os.PathLike[str] | None = None) -> Dataset:
    """Read a data set from a local folder; ``digits`` needs none.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion-mnist", "cifar10"}
        ``digits`` comes with scikit-learn.
    folder : path, optional
        Where the files are; by default what the environment variable TOPOGRAPH_DATA names.

    Returns
    -------
    Dataset
        uint8 images on the CPU; `topograph.training.prepare` makes them a model's input.

    Raises
    ------
    ParameterError
        If no data set has that name.
    ReadError
        If a file is missing, damaged or something else.
    MissingExtraError
        If scikit-learn (digits) or Pillow (JPEG) is not installed.

    Examples
    --------
    >>> load_data("digits").shape
    (1, 8, 8)
    """
    if name == "digits":
        return read_digits()
    place = data_folder(folder, find_published(name).name)
    if name == "cifar10":
        return read_cifar10(place)
    return read_mnist(name, place, MNIST if name == "mnist" else FASHION_MNIST)
