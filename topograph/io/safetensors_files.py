"""Tensors of a ``.safetensors`` file, its header believed only as far as its bytes go.

Eight bytes give the length of a JSON header, which gives type, shape and place of every tensor;
the numbers follow, little-endian. See https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from topograph.errors import ReadError
from topograph.io.limits import Budget
from topograph.io.number_formats import BY_CODE
from topograph.io.paths import opened, shown
from topograph.io.stored_tensors import StoredTensor, blocks, check_readable
from topograph.io.strict_json import parse_json

METADATA = "__metadata__"
MADE_BY = "topograph"  # the entry of the metadata in which a file says how it was pruned
_LENGTH_BYTES = 8
_HEADER_BYTES = 100_000_000  # as the library of the format allows
_JSON_FACTOR = 32  # bytes of Python objects for a byte of JSON
_LONGEST_NOTE = 2000
_KEYS = {"dtype", "shape", "data_offsets"}
_HINT = "the file is cut short or was not written by safetensors; fetch or save it again."


def read_safetensors(path: Path, budget: Budget) -> tuple[dict[str, StoredTensor], list[str]]:
    """Return the tensors of a file by name, in the order of its header, not read yet, and notes.

    Raises
    ------
    ReadError
        If the header is damaged, or claims what the file does not have.
    """
    with opened(path) as (stream, size):
        length = _header_length(stream, size, budget)
        header = parse_json(stream.read(length), "The header")
    if not isinstance(header, dict):
        raise ReadError("The header must be a JSON object, but it is none.", hint=_HINT)
    metadata = header.pop(METADATA, {})
    _check_metadata(metadata)
    start = _LENGTH_BYTES + length
    places = {name: _place(name, said) for name, said in header.items()}
    _check_places(places, size - start)
    tensors = {
        name: _tensor(path, name, header[name], start + first)
        for name, (first, _) in places.items()
    }
    return tensors, _how_it_was_made(metadata)


def _header_length(stream: BinaryIO, size: int, budget: Budget) -> int:
    start = stream.read(_LENGTH_BYTES)
    length = int.from_bytes(start, "little")
    if len(start) < _LENGTH_BYTES or length > min(size - _LENGTH_BYTES, _HEADER_BYTES):
        raise ReadError(
            f"A .safetensors file must start with the length of its header, but the {size} bytes "
            f"of this one cannot have a header of {length}.",
            hint=_HINT,
        )
    budget.check(length * _JSON_FACTOR, "the header")
    return length


def _check_metadata(said: Any) -> None:
    if not isinstance(said, dict) or not all(type(value) is str for value in said.values()):
        raise ReadError("The metadata of a .safetensors file must be texts, but they are not.")


def _place(name: str, said: Any) -> tuple[int, int]:
    """Return where the data of a tensor begin and end; type and shape checked against it."""
    what = f"Tensor {shown(name[:80])!r}"
    if not isinstance(said, dict) or set(said) != _KEYS:
        raise ReadError(f"{what} must have dtype, shape and data_offsets, but it has others.")
    code, shape, ends = said["dtype"], said["shape"], said["data_offsets"]
    if type(code) is not str or code not in BY_CODE:
        raise ReadError(
            f"The type of tensor {shown(name[:80])!r} must be one of safetensors, but it is "
            f"{shown(str(code)[:40])!r}."
        )
    if not _are_sizes(shape) or len(shape) > 32:
        raise ReadError(f"The shape of tensor {shown(name[:80])!r} must be whole numbers from 0.")
    if not _are_sizes(ends) or len(ends) != 2 or ends[0] > ends[1]:
        raise ReadError(f"{what} must lie between two places of the file, but it does not.")
    claimed = math.prod(shape) * BY_CODE[code].bits
    if claimed != 8 * (ends[1] - ends[0]):
        raise ReadError(
            f"{what} of shape {tuple(shape)} and type {code} must have "
            f"{-(-claimed // 8)} bytes, but its place has {ends[1] - ends[0]}.",
            hint=_HINT,
        )
    return ends[0], ends[1]


def _are_sizes(said: Any) -> bool:
    return isinstance(said, list) and all(type(one) is int and 0 <= one < 2**63 for one in said)


def _check_places(places: Mapping[str, tuple[int, int]], size: int) -> None:
    """Raise ReadError unless the tensors fill the data without a gap and without sharing."""
    done = 0
    for name, (first, last) in sorted(places.items(), key=lambda item: item[1]):
        if first != done:
            wrong = "overlaps the one before it" if first < done else "leaves a gap before it"
            raise ReadError(
                f"Tensors must follow one another without gaps, but {shown(name[:80])!r} {wrong}.",
                hint=_HINT,
            )
        done = last
    if done != size:
        raise ReadError(
            f"The tensors must fill the {size} bytes after the header, but they claim {done}.",
            hint=_HINT,
        )


def _how_it_was_made(metadata: Mapping[str, str]) -> list[str]:
    said = metadata.get(MADE_BY)
    if said is None:
        return []
    more = "..." if len(said) > _LONGEST_NOTE else ""
    return [f"Pruned, as the file says: {shown(said[:_LONGEST_NOTE])}{more}"]


def _tensor(path: Path, name: str, said: Mapping[str, Any], start: int) -> StoredTensor:
    form, shape = BY_CODE[said["dtype"]], tuple(said["shape"])
    row_bytes = math.prod(shape[1:]) * form.bits // 8

    def rows(first: int, last: int) -> Any:
        codes: Any = np.empty((last - first) * row_bytes, dtype=np.uint8)
        with path.open("rb") as stream:
            stream.seek(start + first * row_bytes)
            if stream.readinto(memoryview(codes)) != codes.size:
                raise ReadError("The file must stay as it is while it is read, but it got shorter.")
        made = codes.view(form.storage).reshape(last - first, *shape[1:])
        return made.astype(made.dtype.newbyteorder("="), copy=False)

    return StoredTensor(name, shape, form, rows)


def write_safetensors(
    tensors: Iterable[StoredTensor], file: BinaryIO, metadata: Mapping[str, str] | None = None
) -> None:
    """Write tensors in the order given; the same tensors always give the same bytes.

    Parameters
    ----------
    tensors : iterable of StoredTensor
        With unique names; read a few million entries at a time.
    file : BinaryIO
    metadata : mapping of str to str, optional
    """
    listed = sorted(tensors, key=lambda tensor: -tensor.form.bits)  # numbers stay aligned
    header: dict[str, Any] = {METADATA: dict(metadata)} if metadata else {}
    done = 0
    for tensor in listed:
        check_readable(tensor)
        ends = [done, done + tensor.nbytes]
        header[tensor.name] = {
            "dtype": tensor.form.code,
            "shape": list(tensor.shape),
            "data_offsets": ends,
        }
        done = ends[1]
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % _LENGTH_BYTES)
    file.write(len(text).to_bytes(_LENGTH_BYTES, "little") + text)
    for tensor in listed:
        for codes in _pieces(tensor):
            file.write(np.ascontiguousarray(codes, dtype=tensor.form.storage).data)


def _pieces(tensor: StoredTensor) -> Iterable[Any]:
    if not tensor.shape:
        return [tensor.rows(0, 1)]
    return (tensor.rows(part.start, part.stop) for part in blocks(tensor))
