"""Train the members of an ensemble side by side, and say what came of each."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from topograph.errors import ParameterError
from topograph.training.checkpoints import load_checkpoint, save_checkpoint
from topograph.training.data.dataset import Dataset
from topograph.training.devices import forget_peak_memory, peak_memory
from topograph.training.engines.engine import Engine
from topograph.training.looking import Look, look
from topograph.training.outcomes import Outcome, rises
from topograph.training.recipes import Recipe
from topograph.training.seeding import seeded_generator
from topograph.training.weighty_edges import effective_edges_above

_BLOCK = 100  # steps between looks at the clock, at losses and at Ctrl-C


@dataclass(frozen=True, eq=False)
class Watch:
    """What to look at while an ensemble trains, and where to keep its state.

    Parameters
    ----------
    n_validation : int, default 0
        How many of the last training images are held out for the curves; the test images are
        then looked at once, in the end.
    edge_threshold : float, optional
        Count, every epoch, the effective edges among those whose weights are larger than
        this in absolute value.
    checkpoint : Path, optional
        A file for the state after every epoch; training goes on from it.
    key : str, default ""
        What the checkpoint belongs to; one with another key is not used.
    progress : callable, optional
        Called with steps done and steps in all.
    on_epoch : callable, optional
        Called after every epoch with its number, from 1, and the look at every member.
    """

    n_validation: int = 0
    edge_threshold: float | None = None
    checkpoint: Path | None = None
    key: str = ""
    progress: Callable[[int, int], None] | None = None
    on_epoch: Callable[[int, list[Look]], None] | None = None


@dataclass
class _Diary:
    """What is known of one member so far; fit for JSON by `dataclasses.asdict`."""

    accuracy: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    silent_units: list[int] = field(default_factory=list)
    gradient_norms: list[list[float]] = field(default_factory=list)
    effective_edges: list[int] = field(default_factory=list)
    step_losses: list[float] = field(default_factory=list)
    diverged_step: int | None = None


def held_out(data: Dataset, n_validation: int) -> Dataset:
    """Return the data without its last training images, which are its test images instead.

    Parameters
    ----------
    data : Dataset
        Prepared.
    n_validation : int
        0 for the data as they are.

    Raises
    ------
    ParameterError
        If nothing would be left to train on, or the images are to be distorted.
    """
    if not n_validation:
        return data
    if not 0 < n_validation < len(data.train_labels):
        raise ParameterError.expected(
            "The number of validation images", f"in 1..{len(data.train_labels) - 1}", n_validation
        )
    if data.augmented:
        raise ParameterError(
            "Validation images must come from a training set that is not distorted, but it is."
        )
    cut = len(data.train_labels) - n_validation
    return dataclasses.replace(
        data,
        train_images=data.train_images[:cut],
        train_labels=data.train_labels[:cut],
        test_images=data.train_images[cut:],
        test_labels=data.train_labels[cut:],
        steps=(*data.steps, f"the last {n_validation} training images held out"),
    )


def train_ensemble(
    make_engine: Callable[[Dataset], Engine],
    data: Dataset,
    recipe: Recipe,
    *,
    n_steps: int,
    order_seed: int = 0,
    watch: Watch | None = None,
) -> tuple[Engine, list[Outcome]]:
    """Train all members of an engine on the same batches in the same order.

    An epoch is a pass through the training images in an order that follows from the seed and
    the number of the epoch; images that fill no batch are left out of it. Stopped at any time
    and started again with the same checkpoint, training gives the same as in one go, bit by
    bit on a CPU.

    Parameters
    ----------
    make_engine : callable
        Makes the engine for the data it trains on.
    data : Dataset
        Prepared, on the device.
    recipe : Recipe
        Rates and batch size; what else it says is for the engine.
    n_steps : int
        Length of the schedule.
    order_seed : int, default 0
        Of the order of the images.
    watch : Watch, optional

    Returns
    -------
    engine : Engine
        With the weights of the end.
    outcomes : list of Outcome
        One a member.

    Raises
    ------
    AssertionError
        If a weight outside its mask is not 0 in the end.
    """
    watch = watch or Watch()
    used = held_out(data, watch.n_validation)
    forget_peak_memory(data.train_labels.device)
    engine = make_engine(used)
    diaries = [_Diary() for _ in engine.members]
    step, seconds = _resume(engine, diaries, watch)
    began = time.perf_counter() - seconds
    size = min(recipe.batch_size, len(used.train_labels))
    per_epoch = len(used.train_labels) // size
    while step < n_steps:
        epoch = step // per_epoch
        generator = seeded_generator(order_seed, "order", epoch)
        order = torch.randperm(len(used.train_labels), generator=generator)
        order = order[: per_epoch * size].view(per_epoch, size)
        step = _epoch(engine, diaries, order, step, n_steps, recipe, watch)
        looks = look(engine, used.test_images, used.test_labels)
        norms = engine.gradient_norms()
        for index, (diary, seen) in enumerate(zip(diaries, looks, strict=True)):
            if diary.diverged_step is None and not math.isfinite(seen.loss):
                diary.diverged_step = step
                engine.retire(index)
            if diary.diverged_step is None:
                _note(diary, seen, norms[index], step - epoch * per_epoch)
                if watch.edge_threshold is not None:
                    diary.effective_edges.append(
                        effective_edges_above(engine, index, watch.edge_threshold)
                    )
        if watch.checkpoint is not None:
            notes = {
                "step": step,
                "seconds": time.perf_counter() - began,
                "diaries": [dataclasses.asdict(diary) for diary in diaries],
            }
            save_checkpoint(watch.checkpoint, watch.key, engine.state(), notes)
        if watch.on_epoch is not None:
            watch.on_epoch(epoch + 1, looks)
    engine.check_zeros_outside()
    last = look(engine, data.test_images, data.test_labels)
    seconds, memory = time.perf_counter() - began, peak_memory(data.train_labels.device)
    outcomes = [
        _outcome(diary, seen, data.n_classes, n_steps)
        for diary, seen in zip(diaries, last, strict=True)
    ]
    return engine, [
        dataclasses.replace(outcome, seconds=seconds, peak_memory_bytes=memory)
        for outcome in outcomes
    ]


def _resume(engine: Engine, diaries: list[_Diary], watch: Watch) -> tuple[int, float]:
    """Bring engine and diaries to where the checkpoint is; return steps and seconds so far."""
    kept = None if watch.checkpoint is None else load_checkpoint(watch.checkpoint, watch.key)
    if kept is None:
        return 0, 0.0
    state, notes = kept
    engine.restore(state)
    for index, said in enumerate(notes["diaries"]):
        diaries[index] = _Diary(**said)
    return int(notes["step"]), float(notes["seconds"])


def _epoch(
    engine: Engine,
    diaries: list[_Diary],
    order: Tensor,
    step: int,
    n_steps: int,
    recipe: Recipe,
    watch: Watch,
) -> int:
    """Go through the rows of ``order``, or as many as are left to do; return the steps done."""
    order = order[: n_steps - step]
    for start in range(0, len(order), _BLOCK):
        rows = order[start : start + _BLOCK]
        rates = [recipe.rate_at(step + index, n_steps) for index in range(len(rows))]
        losses = engine.advance(rows, rates)
        for index, diary in enumerate(diaries):
            if diary.diverged_step is not None:
                continue
            own = losses[:, index]
            bad = np.flatnonzero(~np.isfinite(own))
            if bad.size:
                diary.diverged_step = step + int(bad[0])
                own = own[: bad[0]]
                engine.retire(index)
            diary.step_losses += own.tolist()
        step += len(rows)
        if watch.progress is not None:
            watch.progress(step, n_steps)
    return step


def _note(diary: _Diary, seen: Look, norms: Any, n_steps: int) -> None:
    diary.accuracy.append(seen.accuracy)
    diary.loss.append(seen.loss)
    diary.silent_units.append(seen.silent_units)
    diary.gradient_norms.append([float(norm) for norm in norms])
    diary.train_loss.append(float(np.mean(diary.step_losses[-n_steps:])))


def _outcome(diary: _Diary, seen: Look, n_classes: int, n_steps: int) -> Outcome:
    has_diverged = diary.diverged_step is not None
    spikes, largest = rises(diary.step_losses)
    return Outcome(
        accuracy=tuple(diary.accuracy),
        loss=tuple(diary.loss),
        train_loss=tuple(diary.train_loss),
        silent_units=tuple(diary.silent_units),
        gradient_norms=tuple(map(tuple, diary.gradient_norms)),
        effective_edges=tuple(diary.effective_edges),
        test_accuracy=None if has_diverged else seen.accuracy,
        test_loss=None if has_diverged else seen.loss,
        classes_never_predicted=None if has_diverged else seen.classes_never_predicted,
        diverged_step=diary.diverged_step,
        spikes=spikes,
        largest_rise=largest,
        n_classes=n_classes,
        n_steps=len(diary.step_losses) if has_diverged else n_steps,
    )
