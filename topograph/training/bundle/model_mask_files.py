"""Masks of models in a bundle: one safetensors file for all layers of a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from topograph.errors import ReadError
from topograph.io.paths import shown
from topograph.io.replacing import replacing
from topograph.training.bundle.mask_files import safetensors_of_numpy

_FORMAT = "topograph-model-masks 1"
Masks = Mapping[str, npt.NDArray[np.bool_]]


def model_masks_digest(masks: Masks) -> str:
    """SHA-256 of names, shapes and bits of masks, in hexadecimal.

    In the order of the names: JSON of name and shape, then the bits, packed from the first.

    Parameters
    ----------
    masks : mapping of str to ndarray of bool
        By parameter name.

    Examples
    --------
    >>> model_masks_digest({"fc.weight": np.array([[True, False]])})[:8]
    '7ffb92ee'
    """
    state = hashlib.sha256()
    for name in sorted(masks):
        state.update(json.dumps([name, list(masks[name].shape)]).encode())
        state.update(np.packbits(masks[name].ravel()).tobytes())
    return state.hexdigest()


def write_model_masks(masks: Masks, path: Path) -> str:
    """Write masks as bytes of 0 and 1, and return their digest."""
    arrays = {name: np.ascontiguousarray(mask, dtype=np.uint8) for name, mask in masks.items()}
    content = safetensors_of_numpy().save(arrays, metadata={"format": _FORMAT})
    with replacing(path) as file:
        file.write(content)
    return model_masks_digest(masks)


def read_model_masks(path: Path, digest: str) -> dict[str, npt.NDArray[np.bool_]]:
    """Read masks and check that they are the ones that were written.

    Raises
    ------
    ReadError
        If the file is missing or damaged, or holds other masks.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="np") as file:
            if (file.metadata() or {}).get("format") != _FORMAT:
                raise ReadError(f"{shown(path)}: Masks of a model must be here, but none are.")
            arrays: dict[str, npt.NDArray[Any]] = {
                name: file.get_tensor(name)
                for name in file.keys()  # noqa: SIM118  no mapping
            }
    except FileNotFoundError as error:
        raise ReadError(f"{shown(path)}: Masks must be in this file, but there is none.") from error
    except SafetensorError as error:
        raise ReadError(
            f"{shown(path)}: Masks of a model must be here, but the file is damaged ({error})."
        ) from error
    masks = {name: array == 1 for name, array in arrays.items()}
    if model_masks_digest(masks) != digest:
        raise ReadError(
            f"{shown(path)}: The masks must have the digest {digest[:12]}..., but they have "
            f"another: they were changed after the bundle was made.",
            hint="make the bundle anew with topograph export.",
        )
    return masks
