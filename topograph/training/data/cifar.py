"""CIFAR-10 in whichever form it lies in the folder: batches, pickles, or JPEG files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from topograph.errors import ReadError, TopographError
from topograph.io.limits import Budget
from topograph.io.paths import naming, opened, shown
from topograph.training.data.checksums import CIFAR_10_PYTHON, compare_with_published
from topograph.training.data.dataset import Dataset, dataset_of_arrays
from topograph.training.data.image_files import find_images, read_images
from topograph.training.data.places import places
from topograph.training.data.safe_pickle import load_plain_pickle

NAME, N_CLASSES = "cifar10", 10
SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32
_COUNTS = (50_000, 10_000)  # of training and of test images, as published
_SUBFOLDERS = (
    "cifar10",
    "cifar-10",
    "cifar-10-batches-bin",
    "cifar-10-batches-py",
    "cifar10/cifar-10-batches-bin",
    "cifar10/cifar-10-batches-py",
)
_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))
_BATCHES = (*_TRAIN, "test_batch")
_LARGEST_BATCH = 1 << 26  # bytes; a real one has 31 million
_Batch = tuple[npt.NDArray[np.uint8], npt.NDArray[Any]]


def read_cifar10(folder: Path) -> Dataset:
    """Read CIFAR-10 from the folder or a subfolder that is named like it.

    The original binary batches come first, then the original pickles of Python, then image
    files (see `topograph.training.data.image_files`), which are a lossy copy.

    Raises
    ------
    ReadError
        If there is none of the three, or a file is damaged.
    """
    where = places(folder, _SUBFOLDERS)
    for suffix, read in ((".bin", _read_binary), ("", _read_pickle)):
        for place in where:
            paths = [place / f"{batch}{suffix}" for batch in _BATCHES]
            if paths[0].is_file():
                return _read_batches(paths, read)
    for place in where:
        source = find_images(place, NAME)
        if source is not None:
            return _of_images(source)
    raise ReadError(
        f"{shown(folder)}: The data set {NAME!r} needs the six binary batches (data_batch_1.bin "
        f"...), the six pickled ones (data_batch_1 ...), or images train/CLASS/NAME.jpg, here or "
        f"in a subfolder {NAME}, but there are none.",
        hint="unpack cifar-10-binary.tar.gz there; nothing is downloaded.",
    )


def _read_batches(paths: list[Path], read: Callable[[bytes], _Batch]) -> Dataset:
    batches = []
    for path in paths:
        with naming(shown(path)), opened(path) as (stream, size):
            if size > _LARGEST_BATCH:
                raise ReadError(f"A batch has at most {_LARGEST_BATCH} bytes, but this has {size}.")
            Budget().check(size, "a batch")
            batches.append(read(stream.read()))
    verified, notes = compare_with_published(paths, CIFAR_10_PYTHON)
    images = np.concatenate([images for images, _ in batches[:-1]])
    labels = np.concatenate([labels for _, labels in batches[:-1]])
    return dataset_of_arrays(
        NAME, (images, labels), batches[-1], N_CLASSES, verified=verified, notes=notes
    )


def _read_binary(content: bytes) -> _Batch:
    """Read records of one label and 3072 pixels, red, green and blue planes."""
    n_images, rest = divmod(len(content), 1 + _PIXELS)
    if rest or not n_images:
        raise ReadError(
            f"A binary batch must hold records of {1 + _PIXELS} bytes, but it has {len(content)}.",
            hint="it is cut short, or no batch of CIFAR-10.",
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(n_images, 1 + _PIXELS)
    return records[:, 1:].reshape(-1, *SHAPE), records[:, 0]


def _read_pickle(content: bytes) -> _Batch:
    """Read a pickled mapping of ``data``, (n, 3072) bytes, and ``labels``, a list."""
    found = load_plain_pickle(content)
    batch = found if isinstance(found, dict) else {}
    pixels, labels = (batch.get(key, batch.get(key.encode())) for key in ("data", "labels"))
    if not (isinstance(pixels, np.ndarray) and pixels.ndim == 2 and pixels.shape[1] == _PIXELS):
        raise ReadError(f"A batch must have 'data' of shape (n, {_PIXELS}), but it has not.")
    if not (isinstance(labels, list) and all(type(n) is int and 0 <= n < 256 for n in labels)):
        raise ReadError("A batch must have 'labels', a list of classes, but it has not.")
    return pixels.reshape(-1, *SHAPE), np.array(labels, dtype=np.int64)


def _of_images(source: Path) -> Dataset:
    try:
        images = read_images(source)
    except TopographError as error:
        raise error.within(shown(source)) from error
    if images.train[0].shape[1:] != SHAPE or len(images.classes) != N_CLASSES:
        raise ReadError(
            f"{shown(source)}: CIFAR-10 has {N_CLASSES} classes of 32 x 32 images in color, but "
            f"these are {len(images.classes)} classes of {images.train[0].shape[1:]}."
        )
    note = f"{shown(source.name)}: no published checksum is known for these files."
    lossy = (
        "The images are JPEG files: a lossy copy, whose pixels are not the original ones."
        if images.lossy
        else ""
    )
    counts = (len(images.train[1]), len(images.test[1]))
    fewer = (
        f"There are {counts[0]:,} training and {counts[1]:,} test images; the published set has "
        f"{_COUNTS[0]:,} and {_COUNTS[1]:,}."
        if counts != _COUNTS
        else ""
    )
    return dataset_of_arrays(
        NAME,
        images.train,
        images.test,
        N_CLASSES,
        verified=False,
        lossy=images.lossy,
        notes=tuple(filter(None, (note, lossy, fewer))),
    )
