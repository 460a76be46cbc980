"""Constants of an ONNX model as arrays, from the model's file or from one beside it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from topograph.biadjacency.operator import Values
from topograph.errors import ReadError
from topograph.io.limits import Budget
from topograph.io.paths import naming, opened, shown

_EXTERNAL = 1  # data_location of a tensor that lies in another file
_ENTRIES_A_BYTE = 8


@dataclass(frozen=True, eq=False)
class Constant:
    """An array that does not depend on the input, loaded when it is asked for.

    Parameters
    ----------
    name : str or None
        Of the initialiser that it is, or was made of.
    load : callable
    """

    name: str | None
    load: Callable[[], Values]

    @property
    def array(self) -> Values:
        """Return the entries."""
        return self.load()

    @classmethod
    def of(cls, array: Any, name: str | None = None) -> Constant:
        """Return what was computed."""
        made = np.asarray(array)
        return cls(name, lambda: made)


@dataclass(frozen=True, eq=False)
class TensorStore:
    """How the tensors of a model are loaded.

    Parameters
    ----------
    folder : Path
        Of the model: files with its weights lie there or below.
    size : int
        Bytes of the model's file.
    budget : Budget
    """

    folder: Path
    size: int
    budget: Budget

    def constant(self, tensor: Any, name: str | None = None) -> Constant:
        """Return a tensor of the model as a constant."""
        return Constant(name, lambda: self.load(tensor))

    def load(self, tensor: Any) -> Values:
        """Return the entries of a tensor, numbers in a type that numpy has."""
        name, shape = shown(tensor.name), tuple(tensor.dims)
        n_entries = prod(shape)
        if min(shape, default=1) < 0:
            raise ReadError(f"The tensor {name!r} must have a shape, but it has {shape}.")
        self.budget.check(n_entries * 8, f"the tensor {name!r}")
        if tensor.data_location == _EXTERNAL or tensor.external_data:
            tensor = self._with_data(tensor, n_entries)
        elif n_entries > self.size * _ENTRIES_A_BYTE:
            raise ReadError(
                f"The entries of {name!r} must be in the file, but shape {shape} does not fit its "
                f"{self.size} bytes."
            )
        helper: Any = importlib.import_module("onnx.numpy_helper")
        try:
            array = helper.to_array(tensor)
        except Exception as error:  # of numpy or onnx, whichever finds it
            raise ReadError(f"The tensor {name!r} must be whole, but it is damaged.") from error
        return array if array.dtype.kind in "biuf" else _as_floats(array, name)

    def _with_data(self, tensor: Any, n_entries: int) -> Any:
        """Return the tensor with its bytes, out of a file in the folder of the model."""
        name = shown(tensor.name)
        said = {entry.key: entry.value for entry in tensor.external_data}
        path = self._inside(said.get("location", ""), name)
        offset, length = (_whole(said.get(key, ""), name) for key in ("offset", "length"))
        with naming(f"{shown(path.name)}, of {name!r}"), opened(path) as (stream, size):
            first = offset or 0
            last = size if length is None else first + length
            if not first <= last <= size or n_entries > (last - first) * _ENTRIES_A_BYTE:
                raise ReadError(
                    f"The {n_entries} entries must lie in the file, but it has {size} bytes, of "
                    f"which {first}..{last} were meant."
                )
            self.budget.check((last - first) * 2, f"the tensor {name!r}")
            stream.seek(first)
            content = stream.read(last - first)
        made = type(tensor)()
        made.name, made.data_type, made.raw_data = tensor.name, tensor.data_type, content
        made.dims.extend(tensor.dims)
        return made

    def _inside(self, location: str, name: str) -> Path:
        folder = Path(os.path.realpath(self.folder))
        if location and "\0" not in location and not Path(location).is_absolute():
            path = Path(os.path.realpath(folder / location))
            if path.is_relative_to(folder) and path != folder:
                return path
        raise ReadError(
            f"The entries of {name!r} must lie in a file in the folder of the model, but they are "
            f"said to lie in {shown(location)[:80]!r}.",
            hint="onnx.save(onnx.load(path), other) puts them into one file.",
        )


def _whole(text: str, name: str) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    raise ReadError(
        f"Where the entries of {name!r} lie must be said in whole numbers, but it is "
        f"{shown(text)[:40]!r}."
    )


def _as_floats(array: Any, name: str) -> Values:
    """Turn types that numpy has not, such as bfloat16, into float32."""
    refusal = ReadError(f"The tensor {name!r} must hold real numbers, but not {array.dtype}.")
    if np.iscomplexobj(array):
        raise refusal
    try:
        found: Values = array.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise refusal from error
    return found
