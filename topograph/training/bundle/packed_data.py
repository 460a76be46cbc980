"""A data set inside a bundle."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from topograph.errors import ReadError
from topograph.io.paths import shown
from topograph.io.replacing import replacing
from topograph.training.data.dataset import Dataset

DATA = "data.safetensors"
_ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")


def write_data(data: Dataset, folder: Path) -> None:
    """Write a data set, as read, into the folder of a bundle."""
    from safetensors.torch import save

    about = {
        "name": data.name,
        "n_classes": data.n_classes,
        "verified": data.verified,
        "lossy": data.lossy,
        "notes": data.notes,
    }
    tensors = {name: getattr(data, name).contiguous() for name in _ARRAYS}
    with replacing(folder / DATA) as file:
        file.write(save(tensors, metadata={"about": json.dumps(about)}))


def holds_data(folder: Path, data: Dataset) -> bool:
    """Whether the data set in the folder of a bundle has the images and labels of another."""
    there = read_packed_data(folder)
    return all(torch.equal(getattr(there, name), getattr(data, name)) for name in _ARRAYS)


def read_packed_data(folder: Path) -> Dataset:
    """Read the data set in the folder of a bundle.

    Raises
    ------
    ReadError
        If it is missing or damaged.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / DATA
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["about"])
            tensors = {name: file.get_tensor(name) for name in _ARRAYS}
        notes = tuple(about.pop("notes"))
        return Dataset(**tensors, **about, notes=notes)
    except FileNotFoundError as error:
        raise ReadError(f"{shown(path)}: The data set must be here, but it is not.") from error
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ReadError(
            f"{shown(path)}: A data set must be here, but the file is damaged ({error})."
        ) from error
