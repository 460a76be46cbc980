"""Train what a bundle asks for, chunk by chunk; what is finished is not done again."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from topograph.errors import ParameterError, ReadError
from topograph.io.paths import shown
from topograph.training.bundle.event_files import curve_writer
from topograph.training.bundle.locks import locked
from topograph.training.bundle.making import MASKS
from topograph.training.bundle.manifest import Manifest, read_manifest
from topograph.training.bundle.mask_files import read_mask
from topograph.training.bundle.model_mask_files import read_model_masks
from topograph.training.bundle.packed_data import read_packed_data
from topograph.training.bundle.results import RESULTS, append_results, read_results
from topograph.training.bundle.units import Chunk, Unit, chunks_of, units_of
from topograph.training.bundle.workers import worker_processes
from topograph.training.data import load_data, prepare
from topograph.training.data.dataset import Dataset
from topograph.training.devices import Precision, find_device
from topograph.training.engines.member import Member
from topograph.training.engines.model_member import ModelMember
from topograph.training.ensemble import Watch, held_out
from topograph.training.proxies import proxies
from topograph.training.shards import check_shard, items_of_shard
from topograph.training.training_members import train_members

CHECKPOINTS = "checkpoints"
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RunPlan:
    """How to train a bundle here.

    Parameters
    ----------
    folder : Path
        The bundle.
    data_folder : str, optional
        Where the data are, if they are not in the bundle; by default what TOPOGRAPH_DATA says.
    engine : str, default "auto"
    device : str, default "auto"
    members : int, default 32
        Nets that train side by side, at most.
    workers : int, default 1
        Processes that train chunks at the same time, on a CPU.
    shard : (int, int), default (1, 1)
        ``(i, n)``: do the i-th of n parts of the chunks, counted from 1.
    precision : {"tf32", "fp32"}, default "tf32"
        Of products on a CUDA device: 10 or 23 bits after the point. On a CPU all is fp32.
    tensorboard : Path, optional
        Write curves for TensorBoard into this folder as well.
    """

    folder: Path
    data_folder: str | None = None
    engine: str = "auto"
    device: str = "auto"
    members: int = 32
    workers: int = 1
    shard: tuple[int, int] = (1, 1)
    precision: Precision = "tf32"
    tensorboard: Path | None = None

    def __post_init__(self) -> None:
        check_shard(self.shard)
        for name in ("members", "workers"):
            if getattr(self, name) < 1:
                raise ParameterError.expected(name, "at least 1", getattr(self, name))


@dataclass(frozen=True)
class Setting:
    """The data and lengths of a bundle, as they come out here.

    Parameters
    ----------
    manifest : Manifest
    data : Dataset
        Prepared, on the device.
    n_steps : int
        Of each training.
    device : torch.device
    """

    manifest: Manifest
    data: Dataset
    n_steps: int
    device: torch.device


def setting_of(plan: RunPlan) -> Setting:
    """Read the manifest and the data of a plan."""
    manifest, device = read_manifest(plan.folder), find_device(plan.device)
    if manifest.has_data:
        raw = read_packed_data(plan.folder)
        if raw.name != manifest.data:
            raise ReadError(
                f"{shown(plan.folder)}: The data set must be {manifest.data}, as the bundle says, "
                f"but it is {raw.name}."
            )
    else:
        raw = load_data(manifest.data, plan.data_folder)
    data = prepare(raw, manifest.recipe).to(device)
    n_images = len(held_out(data, manifest.n_validation).train_labels)
    return Setting(manifest, data, manifest.n_steps or manifest.recipe.length(n_images), device)


def train_bundle(plan: RunPlan, progress: Progress | None = None) -> Iterator[dict[str, Any]]:
    """Train what is not finished yet, and give a row of results for each net, chunk by chunk.

    Rows are on the disk, in ``results.jsonl``, before they are given. A chunk under way keeps
    its state after every epoch under ``checkpoints/``. A chunk that another process is at is
    left to it.

    Parameters
    ----------
    plan : RunPlan
    progress : callable, optional
        Called with what is being done, steps of nets done, and steps of nets in all.

    Raises
    ------
    ReadError, ParameterError
        If the bundle, the data or a mask is missing or damaged, or an engine does not fit.
    """
    chunks, left = chunks_left(plan)
    if not left:
        return
    setting = setting_of(plan)
    total = sum(len(chunk.units) for chunk in chunks) * setting.n_steps
    done = total - sum(len(chunk.units) for chunk in left) * setting.n_steps

    def report(chunk: Chunk, step: int) -> None:
        if progress is not None:
            progress(f"seed {chunk.seed}", done + step * len(chunk.units), total)

    if progress is not None:
        progress("start", done, total)
    for chunk, rows in _trained(plan, setting, left, report):
        done += len(chunk.units) * setting.n_steps
        report(chunk, 0)
        yield from rows


def finished_rows(plan: RunPlan) -> list[dict[str, Any]]:
    """Return the finished ones of the runs that a bundle asks for."""
    keys = {unit.key for unit in units_of(read_manifest(plan.folder))}
    return [row for row in read_results(plan.folder / RESULTS) if row["key"] in keys]


def chunks_left(plan: RunPlan) -> tuple[list[Chunk], list[Chunk]]:
    """Return the chunks of the plan's shard, and those of them with a run that is not done."""
    finished = {row["key"] for row in read_results(plan.folder / RESULTS)}
    chunks = list(items_of_shard(chunks_of(read_manifest(plan.folder), plan.members), plan.shard))
    left = []
    for chunk in chunks:
        units = tuple(unit for unit in chunk.units if unit.key not in finished)
        if units:
            left.append(Chunk(chunk.key, units))
    return chunks, left


def checkpoint_of(plan: RunPlan, chunk: Chunk) -> Path:
    """Return the file for the state of a chunk under way."""
    return plan.folder / CHECKPOINTS / f"{chunk.key[:16]}.safetensors"


def _trained(
    plan: RunPlan, setting: Setting, chunks: list[Chunk], report: Callable[[Chunk, int], None]
) -> Iterator[tuple[Chunk, list[dict[str, Any]]]]:
    if plan.workers == 1 or len(chunks) < 2 or setting.device.type == "cuda":
        for chunk in chunks:
            yield chunk, _train_alone(plan, setting, chunk, report)
        return
    with worker_processes(min(plan.workers, len(chunks))) as pool:
        waiting = {pool.submit(_train_apart, plan, chunk): chunk for chunk in chunks}
        for future in concurrent.futures.as_completed(waiting):
            yield waiting[future], future.result()


def _train_apart(plan: RunPlan, chunk: Chunk) -> list[dict[str, Any]]:
    """Train a chunk in a process of its own, where nobody listens to progress."""
    return _train_alone(plan, setting_of(plan), chunk, lambda *_: None)


def _train_alone(
    plan: RunPlan, setting: Setting, chunk: Chunk, report: Callable[[Chunk, int], None]
) -> list[dict[str, Any]]:
    """Train a chunk and keep its rows; nothing, if another process is at it or has finished it."""
    checkpoint, results = checkpoint_of(plan, chunk), plan.folder / RESULTS
    lock = checkpoint.with_suffix(".lock")
    checkpoint.parent.mkdir(exist_ok=True)
    with locked(lock, wait=False) as is_mine:
        finished = {row["key"] for row in read_results(results)}
        if not is_mine or finished.issuperset(unit.key for unit in chunk.units):
            return []
        rows = train_chunk(plan, setting, chunk, report)
        append_results(results, rows)
        checkpoint.unlink(missing_ok=True)
        lock.unlink(missing_ok=True)
    return rows


def train_chunk(
    plan: RunPlan, setting: Setting, chunk: Chunk, report: Callable[[Chunk, int], None]
) -> list[dict[str, Any]]:
    """Train the nets of a chunk side by side and return their rows of results."""
    manifest, recipe = setting.manifest, setting.manifest.recipe
    members = [_member(plan, manifest, unit) for unit in chunk.units]
    before = [_proxies(member, setting, chunk.seed) for member in members]
    trained = train_members(
        members,
        setting.data,
        recipe,
        setting.device,
        n_steps=setting.n_steps,
        order_seed=chunk.seed,
        engine=plan.engine,
        precision=plan.precision,
        watch=Watch(
            n_validation=manifest.n_validation,
            edge_threshold=manifest.edge_threshold,
            checkpoint=checkpoint_of(plan, chunk),
            key=":".join(unit.key for unit in chunk.units),
            progress=lambda step, _: report(chunk, step),
            on_epoch=None if plan.tensorboard is None else curve_writer(plan.tensorboard, chunk),
        ),
    )
    about = {
        "data": manifest.data,
        "data_verified": setting.data.verified,
        "data_lossy": setting.data.lossy,
        "recipe": recipe.name,
    } | trained.about
    return [
        _about(unit) | {"trained_edges": member.n_edges} | about | outcome.row() | columns
        for unit, member, outcome, columns in zip(
            chunk.units, members, trained.outcomes, before, strict=True
        )
    ]


def _about(unit: Unit) -> dict[str, Any]:
    mask = unit.mask
    return {
        "key": unit.key,
        "name": mask.name,
        "mask": mask.digest,
        "kind": mask.kind,
        "model": mask.model,
        "n_edges": mask.n_edges,
        "density": mask.n_edges / mask.n_possible_edges,
        "seed": unit.seed,
        "rate_factor": unit.rate_factor,
    }


def _member(plan: RunPlan, manifest: Manifest, unit: Unit) -> Member | ModelMember:
    mask, output_layer = unit.mask, manifest.recipe.output_layer
    path = plan.folder / MASKS / f"{mask.digest}.safetensors"
    if mask.kind == "model":
        return ModelMember.of_masks(
            mask.model,
            read_model_masks(path, mask.digest),
            mask.name,
            unit.seed,
            unit.rate_factor,
            output_layer,
        )
    return Member.of_graph(
        read_mask(path, mask.digest), mask.name, unit.seed, unit.rate_factor, output_layer
    )


def _proxies(member: Member | ModelMember, setting: Setting, seed: int) -> dict[str, Any]:
    """Return the proxies of a net before it is trained, as columns."""
    if not setting.manifest.with_proxies:
        return {}
    found = proxies(member, setting.manifest.recipe, setting.data, seed=seed)
    columns: dict[str, Any] = {f"proxy.{name}": value for name, value in found.values.items()}
    return columns | {f"undefined.{name}": reason for name, reason in found.undefined.items()}
