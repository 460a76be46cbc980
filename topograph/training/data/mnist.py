"""MNIST and Fashion-MNIST: four IDX files, gzipped or plain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from topograph.errors import ReadError
from topograph.io.paths import shown
from topograph.training.data.checksums import compare_with_published
from topograph.training.data.dataset import Dataset, dataset_of_arrays
from topograph.training.data.idx import read_idx
from topograph.training.data.places import places

N_CLASSES = 10
# The second name of each file is the one that some unpackers give it.
FILES = {
    "train images": ("train-images-idx3-ubyte", "train-images.idx3-ubyte"),
    "train labels": ("train-labels-idx1-ubyte", "train-labels.idx1-ubyte"),
    "test images": ("t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"),
    "test labels": ("t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"),
}


def read_mnist(name: str, folder: Path, published: Mapping[str, str]) -> Dataset:
    """Read the four files, in the folder itself or in its subfolder ``name``.

    Parameters
    ----------
    name : str
        "mnist" or "fashion-mnist".
    folder : Path
        Where to look.
    published : mapping
        MD5 checksum by file name.

    Raises
    ------
    ReadError
        If a file is missing, damaged, or not of the kind its name says.
    """
    paths = _find(name, folder)
    arrays = {part: read_idx(path, 3 if "images" in part else 1) for part, path in paths.items()}
    verified, notes = compare_with_published(list(paths.values()), published)
    return dataset_of_arrays(
        name,
        (arrays["train images"][:, None], arrays["train labels"]),
        (arrays["test images"][:, None], arrays["test labels"]),
        N_CLASSES,
        verified=verified,
        notes=notes,
    )


def _find(name: str, folder: Path) -> dict[str, Path]:
    """Return the four paths, all from one folder; the subfolder named like the set first."""
    missing = ""
    for place in reversed(places(folder, [name])):
        found = {
            part: path
            for part, stems in FILES.items()
            for stem in reversed(stems)
            for path in (place / stem, place / f"{stem}.gz")
            if path.is_file()
        }
        if len(found) == len(FILES):
            return found
        if found or not missing:
            lacking = next(stems[0] for part, stems in FILES.items() if part not in found)
            missing = f"{lacking}.gz"
    raise ReadError(
        f"{shown(folder)}: The data set {name!r} needs the file {missing} (or the same without "
        f".gz) here or in the subfolder {name}, but there is none.",
        hint="put the four IDX files there; nothing is downloaded.",
    )
