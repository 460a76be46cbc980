"""Masks that cost much to make, kept in the folder of a study."""

from __future__ import annotations

from pathlib import Path

from topograph.digest import mask_digest
from topograph.errors import ReadError
from topograph.graph import LayeredGraph
from topograph.io import read, write
from topograph.io.paths import shown

MASKS = "masks"


def keep_mask(graph: LayeredGraph, folder: Path, key: str) -> str:
    """Write a mask under a key, whole or not at all, and return its digest."""
    place = _place(folder, key)
    place.parent.mkdir(parents=True, exist_ok=True)
    write(graph, place)
    return mask_digest(graph)


def has_mask(folder: Path, key: str) -> bool:
    """Return whether there is a mask under a key."""
    return _place(folder, key).is_file()


def kept_mask(folder: Path, key: str) -> LayeredGraph:
    """Read the mask that is kept under a key.

    Raises
    ------
    ReadError
        If it has not been made yet.
    """
    place = _place(folder, key)
    if not place.is_file():
        raise ReadError(
            f"{shown(place)}: A mask of the study must be in this file, but it is not there.",
            hint="topograph study run makes pruned masks and series of doses first.",
        )
    return read(place)


def _place(folder: Path, key: str) -> Path:
    return folder / MASKS / f"{key}.npz"
