"""Masks of convolutions as a file: a zip of a JSON header and raw arrays.

The form is given in docs/pruning.md.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor, nn

from topograph.errors import ParameterError
from topograph.io.paths import extension, listed, shown
from topograph.io.replacing import replacing
from topograph.pruning.convolution_layers import describe_layers

CONVOLUTIONS_HEADER = "topograph-convolutions.json"
FORMAT_VERSION = 1
_DATE = (1980, 1, 1, 0, 0, 0)  # the zero of zip files


def write_convolutions(
    masks: Mapping[str, Tensor],
    module: nn.Module,
    path: str | os.PathLike[str],
    input_shape: Sequence[int],
    provenance: Mapping[str, Any],
) -> None:
    """Write the masks and geometry of a net of convolutions, whole or not at all.

    The same masks and provenance give the same bytes.

    Parameters
    ----------
    masks : mapping of str to Tensor
        Boolean, of all convolution and linear layers, by parameter name.
    module : nn.Module
        Whose layers they are.
    path : path
        Must end in ``.npz``.
    input_shape : sequence of int
        Of one input, without the batch.
    provenance : mapping
        Fit for JSON.

    Raises
    ------
    ParameterError
        If the file cannot be written there, or a layer with a mask is never used.
    GraphError
        If the layers cannot be described.
    """
    (target,) = listed([path])
    if extension(target) != ".npz":
        raise ParameterError(
            f"{shown(target)}: The name of an archive must end in .npz, but it does not."
        )
    layers, arrays = [], {}
    unused = set(masks)
    for number, step in enumerate(describe_layers(module, input_shape), start=1):
        layer = dict(step)
        name = f"{step['name']}.weight"
        if name in masks:
            unused.discard(name)
            member = f"layers/{number}/mask.npy"
            arrays[member] = masks[name].cpu().numpy()
            layer |= {"mask": member, "shape": list(masks[name].shape)}
        layers.append(layer)
    if unused:
        raise ParameterError.expected("A layer with a mask", "used by the net", sorted(unused)[0])
    header = {
        "format": "topograph-convolutions",
        "format_version": FORMAT_VERSION,
        "input": list(input_shape),
        "layers": layers,
        "provenance": dict(provenance),
    }
    text = json.dumps(header, allow_nan=False, sort_keys=True, indent=1).encode("ascii") + b"\n"
    with replacing(target) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, CONVOLUTIONS_HEADER, text)
        for member, array in arrays.items():
            _add(archive, member, _npy(array))


def _npy(array: np.ndarray[Any, Any]) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(
        content, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False
    )
    return content.getvalue()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.create_system = 3
    info.external_attr = 0o644 << 16
    archive.writestr(info, content)
