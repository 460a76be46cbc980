"""What is known of each data set before a file of it is read: sizes, checksums, licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from topograph.errors import ParameterError
from topograph.training.data.checksums import CIFAR_10_PYTHON, FASHION_MNIST, MNIST


@dataclass(frozen=True)
class Published:
    """A data set as its authors publish it.

    Parameters
    ----------
    name : str
        As of `load_data`.
    n_images : (int, int)
        For training, and for testing.
    shape : (int, int, int)
        Channels, height and width.
    n_classes : int
    licence : str
        What its authors say about use, in a few words.
    downloads : mapping of str to int
        Bytes of each file that can be fetched; empty if it comes with a package.
    checksums : mapping of str to str
        MD5 by file name, of what is fetched and of what is read.
    """

    name: str
    n_images: tuple[int, int]
    shape: tuple[int, int, int]
    n_classes: int
    licence: str
    downloads: Mapping[str, int]
    checksums: Mapping[str, str]


CIFAR_10_BATCH_BYTES = 30_730_000  # of each binary batch; no checksum of one is published
CIFAR_10_FOLDERS: Mapping[str, str] = {  # in each archive; that of checked batches first
    "cifar-10-python.tar.gz": "cifar-10-batches-py",
    "cifar-10-binary.tar.gz": "cifar-10-batches-bin",
}
PUBLISHED: Mapping[str, Published] = {
    known.name: known
    for known in (
        Published(
            "digits",
            (1347, 450),
            (1, 8, 8),
            10,
            "CC BY 4.0; in scikit-learn",
            {},
            {},
        ),
        Published(
            "mnist",
            (60_000, 10_000),
            (1, 28, 28),
            10,
            "CC BY-SA 3.0",
            {
                "train-images-idx3-ubyte.gz": 9_912_422,
                "train-labels-idx1-ubyte.gz": 28_881,
                "t10k-images-idx3-ubyte.gz": 1_648_877,
                "t10k-labels-idx1-ubyte.gz": 4_542,
            },
            MNIST,
        ),
        Published(
            "fashion-mnist",
            (60_000, 10_000),
            (1, 28, 28),
            10,
            "MIT",
            {
                "train-images-idx3-ubyte.gz": 26_421_880,
                "train-labels-idx1-ubyte.gz": 29_515,
                "t10k-images-idx3-ubyte.gz": 4_422_102,
                "t10k-labels-idx1-ubyte.gz": 5_148,
            },
            FASHION_MNIST,
        ),
        Published(
            "cifar10",
            (50_000, 10_000),
            (3, 32, 32),
            10,
            "none; cite Krizhevsky 2009",
            {"cifar-10-python.tar.gz": 170_498_071, "cifar-10-binary.tar.gz": 170_052_171},
            {
                **CIFAR_10_PYTHON,
                "cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a",
                "cifar-10-binary.tar.gz": "c32a1d4ab5d03f1284b67883e8d87530",
            },
        ),
    )
}


def find_published(name: str) -> Published:
    """Return what is known of a data set.

    Raises
    ------
    ParameterError
        If no data set has that name.

    Examples
    --------
    >>> find_published("mnist").n_images
    (60000, 10000)
    """
    if name not in PUBLISHED:
        raise ParameterError.expected("A data set", f"one of {', '.join(PUBLISHED)}", name)
    return PUBLISHED[name]
