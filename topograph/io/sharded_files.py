"""A checkpoint in several files: an index of its shards, or a folder of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from topograph.errors import ReadError
from topograph.io.limits import Budget
from topograph.io.natural_order import natural_key
from topograph.io.paths import extension, naming, opened, shown
from topograph.io.safetensors_files import read_safetensors
from topograph.io.stored_tensors import StoredTensor
from topograph.io.strict_json import parse_json
from topograph.io.torch_files import EXTENSIONS as TORCH
from topograph.io.torch_files import read_torch

SAFETENSORS = ".safetensors"
INDEX = ".json"

INDEX_END = ".index.json"
_JSON_FACTOR = 32  # bytes of Python objects for a byte of JSON
_LARGEST_INDEX = 100_000_000


def is_sharded_folder(path: Path) -> bool:
    """Whether a folder holds a checkpoint: an index of shards, or ``.safetensors`` files."""
    return any(
        entry.name.endswith((INDEX_END, SAFETENSORS)) and entry.is_file()
        for entry in path.iterdir()
    )


def read_tensors(path: Path, budget: Budget) -> tuple[dict[str, StoredTensor], list[str]]:
    """Return the tensors of a checkpoint by name, not read yet, and notes.

    Parameters
    ----------
    path : Path
        A file of tensors, an index, or a folder of either.
    budget : Budget

    Raises
    ------
    ReadError
        If it is none, a shard is missing, or a tensor comes twice or not at all.
    """
    if path.is_dir():
        return _read_folder(path, budget)
    ending = extension(path)
    if ending == INDEX:
        return _read_index(path, budget)
    if ending == SAFETENSORS:
        return read_safetensors(path, budget)
    if ending in TORCH:
        return read_torch(path, budget)
    raise ReadError(
        f"Weights must be in a {', '.join((SAFETENSORS, *TORCH))} file, an index of such files or "
        f"a folder, but this one ends in {shown(ending)!r}."
    )


def _read_folder(folder: Path, budget: Budget) -> tuple[dict[str, StoredTensor], list[str]]:
    names = sorted((entry.name for entry in folder.iterdir()), key=natural_key)
    indices = [name for name in names if name.endswith(INDEX_END)]
    if indices:
        safe = [name for name in indices if SAFETENSORS in name]
        return _read_index(folder / (safe or indices)[0], budget)
    shards = [name for name in names if name.endswith(SAFETENSORS)]
    if not shards:
        raise ReadError("A folder of weights must hold .safetensors files, but it has none.")
    tensors: dict[str, StoredTensor] = {}
    notes: list[str] = []
    for shard in shards:
        with naming(shown(shard)):
            found, said = read_safetensors(folder / shard, budget)
        notes += said
        for name, tensor in found.items():
            if name in tensors:
                raise ReadError(
                    f"A tensor must be in one file of the folder, but {shown(name)!r} is in "
                    f"{shown(shard)} and in one before it.",
                    hint="keep one folder a checkpoint.",
                )
            tensors[name] = tensor
    return tensors, notes


def _read_index(path: Path, budget: Budget) -> tuple[dict[str, StoredTensor], list[str]]:
    shards = _shards(path, budget)
    tensors: dict[str, StoredTensor] = {}
    notes: list[str] = []
    for shard, wanted in shards.items():
        with naming(shown(shard)):
            found, said = read_tensors(path.parent / shard, budget)
        notes += said
        for name in wanted:
            if name not in found:
                raise ReadError(
                    f"Tensor {shown(name)!r} must be in {shown(shard)}, as the index says, but it "
                    f"is not.",
                    hint="fetch all shards of one version of the checkpoint.",
                )
            tensors[name] = found[name]
    return tensors, notes


def _shards(path: Path, budget: Budget) -> dict[str, list[str]]:
    """Return the names of the tensors in each shard, as the index has them."""
    with opened(path) as (stream, size):
        if size > _LARGEST_INDEX:
            raise ReadError(f"An index may have {_LARGEST_INDEX} bytes, but this has {size}.")
        budget.check(size * _JSON_FACTOR, "the index")
        said = parse_json(stream.read(size), "The index")
    places: Any = said.get("weight_map") if isinstance(said, dict) else None
    if not isinstance(places, dict) or not places:
        raise ReadError(
            "An index must say in weight_map which file holds which tensor, but it does not.",
            hint="model.safetensors.index.json is such a file.",
        )
    shards: dict[str, list[str]] = {}
    for name, shard in places.items():
        is_plain = isinstance(shard, str) and Path(shard).name == shard and shard.isprintable()
        if not is_plain or extension(Path(shard)) not in (SAFETENSORS, *TORCH):
            raise ReadError(
                f"A shard must be a .safetensors or .bin file beside the index, but one is "
                f"{shown(str(shard)[:60])!r}."
            )
        shards.setdefault(shard, []).append(name)
    return shards
