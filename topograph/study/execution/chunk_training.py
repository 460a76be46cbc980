"""Train one chunk of a study, wherever it was sent."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from topograph.study.design.building import build
from topograph.study.design.specification import Variant
from topograph.study.design.units import Chunk, Unit
from topograph.training.data import load_data, prepare
from topograph.training.data.dataset import Dataset
from topograph.training.devices import Precision, find_device
from topograph.training.engines.member import Member
from topograph.training.ensemble import Watch, held_out
from topograph.training.recipes import MODERN, Pixels, Recipe
from topograph.training.training_members import train_members

_KEPT = (
    "accuracy",
    "loss",
    "train_loss",
    "test_accuracy",
    "test_loss",
    "best_accuracy",
    "diverged",
    "diverged_step",
    "untrained",
    "spikes",
    "largest_rise",
    "n_classes",
    "n_steps",
    "seconds",
)


@dataclass(frozen=True)
class Place:
    """Where and on what a study trains.

    Parameters
    ----------
    folder : Path
        Of the study.
    data_folder : str, optional
        By default what TOPOGRAPH_DATA says.
    engine, device : str, default "auto"
    precision : {"tf32", "fp32"}, default "tf32"
    one_thread : bool, default True
        Whether each process computes on one thread, beside others.
    """

    folder: Path
    data_folder: str | None = None
    engine: str = "auto"
    device: str = "auto"
    precision: Precision = "tf32"
    one_thread: bool = True


def train_chunk(chunk: Chunk, place: Place) -> list[dict[str, Any]]:
    """Train the nets of a chunk side by side and return a row of results for each."""
    if place.one_thread:
        torch.set_num_threads(1)
    device = find_device(place.device)
    recipe = chunk.variant.recipe
    data = prepared(chunk.data, place.data_folder, recipe, device)
    output_layer = recipe.output_layer
    members = [
        Member.of_graph(
            build(unit.topology, place.folder),
            unit.topology.name,
            unit.seed,
            unit.rate_factor,
            output_layer,
        )
        for unit in chunk.units
    ]
    n_validation = chunk.units[0].n_validation
    trained = train_members(
        members,
        data,
        recipe,
        device,
        n_steps=steps_of(chunk.variant, data, n_validation),
        order_seed=chunk.seed,
        engine=place.engine,
        precision=place.precision,
        watch=Watch(n_validation=n_validation),
    )
    return [
        {"key": unit.key}
        | described(unit)
        | outcome_columns(outcome.row(), n_validation)
        | trained.about
        for unit, outcome in zip(chunk.units, trained.outcomes, strict=True)
    ]


def steps_of(variant: Variant, data: Dataset, n_validation: int) -> int:
    """Return the length of a training in steps."""
    return variant.recipe.length(len(held_out(data, n_validation).train_labels))


def described(unit: Unit) -> dict[str, Any]:
    """Return what tells a run from others, as columns."""
    return {
        "topology": unit.topology.key,
        "labelling": unit.topology.labelling,
        "data": unit.data,
        "variant": unit.variant.name,
        "seed": unit.seed,
        "rate_factor": unit.rate_factor,
    }


def outcome_columns(row: Mapping[str, Any], n_validation: int) -> dict[str, Any]:
    """Return the columns of an outcome that a study keeps.

    Curves of accuracies and losses are kept; of the silent units the last number; gradient norms
    are not. Where no images were held out the curves are of test images, and there is no
    validation accuracy.
    """
    kept = {key: row[key] for key in _KEPT}
    never = row["classes_never_predicted"]
    has_validation = n_validation > 0 and not row["diverged"]
    return kept | {
        "classes_never_predicted": None if never is None else len(never),
        "predicts_all": never is not None and not len(never),
        "validation_accuracy": row["final_accuracy"] if has_validation else None,
        "silent_units_last": row["silent_units"][-1] if row["silent_units"] else None,
        **{f"epochs_to.{value}": epoch for value, epoch in row["epochs_to"].items()},
    }


def prepared(name: str, folder: str | None, recipe: Recipe, device: torch.device) -> Dataset:
    """Return a data set as a recipe wants it; a process reads each once."""
    return _prepared(name, folder, recipe.pixels, recipe.augmentation, device)


@functools.lru_cache(maxsize=4)
def _prepared(
    name: str, folder: str | None, pixels: Pixels, augmentation: bool, device: torch.device
) -> Dataset:
    recipe = dataclasses.replace(MODERN, pixels=pixels, augmentation=augmentation)
    return prepare(load_data(name, folder), recipe).to(device)
