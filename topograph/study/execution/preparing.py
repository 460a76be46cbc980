"""Make the masks of a study that cost much: pruned ones, and series of doses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topograph.digest import content_digest
from topograph.errors import GraphError
from topograph.generators.dosing import dose_series
from topograph.pruning import PruningPlan, graph_of_masks, prune_levels
from topograph.study.design.building import base_graph, making_key
from topograph.study.design.specification import Specification
from topograph.study.design.topologies import topologies_of
from topograph.study.execution.kept_masks import has_mask, keep_mask
from topograph.training.data import load_data
from topograph.training.recipe_files import recipe_of

_OF_PLAN = ("method", "scope", "allocation", "rounds", "keep_output_dense", "n_steps")


@dataclass(frozen=True)
class Preparation:
    """Masks that are made together.

    Parameters
    ----------
    makings : tuple of mapping
        Of one training pruned to several sparsities, or of one series of doses.
    """

    makings: tuple[Mapping[str, Any], ...]

    @property
    def name(self) -> str:
        """What it is, for the display of progress."""
        first = self.makings[0]
        if "series" in first:
            return f"series of {first['series']['moved']}"
        return f"{first['options'].get('method')} pruning, seed {first['seed']}"


def preparations_of(specification: Specification, folder: Path) -> list[Preparation]:
    """Return what has to be made before the study can run and is not there yet."""
    groups: dict[str, dict[str, Mapping[str, Any]]] = {}
    if not (specification.doses or any(one.family == "pruned" for one in specification.topologies)):
        return []
    for topology in topologies_of(specification):
        making = topology.making
        if "series" in making:
            together = content_digest(making["series"])
        elif making["family"] == "pruned":
            apart = ("density", "changes")
            together = content_digest({key: making[key] for key in making if key not in apart})
        else:
            continue
        groups.setdefault(together, {})[making_key(making)] = making
    return [
        Preparation(tuple(makings.values()))
        for makings in groups.values()
        if not all(has_mask(folder, key) for key in makings)
    ]


def prepare(preparation: Preparation, folder: Path, data_folder: str | None) -> None:
    """Make the masks of a preparation and keep them in the folder of the study."""
    made = (
        _series(preparation, folder)
        if "series" in preparation.makings[0]
        else _pruned(preparation, data_folder)
    )
    for making, graph in made:
        keep_mask(graph, folder, making_key(making))


def _series(preparation: Preparation, folder: Path) -> Iterator[tuple[Mapping[str, Any], Any]]:
    series = preparation.makings[0]["series"]
    steps = dose_series(
        base_graph(series["base"], folder),
        series["moved"],
        n_steps=series["n_steps"],
        held=tuple(series["held"]),
        tolerance=series["tolerance"],
        seed=series["base"]["seed"],
    )
    by_step = {making["step"]: making for making in preparation.makings}
    for number, dose in enumerate(steps):
        yield by_step[number], dose.graph


def _pruned(
    preparation: Preparation, data_folder: str | None
) -> Iterator[tuple[Mapping[str, Any], Any]]:
    makings = sorted(preparation.makings, key=lambda making: -float(making["density"]))
    first = makings[0]
    options = dict(first["options"])
    data = options.get("data", "digits")
    plan = PruningPlan(
        model=options.get("model", "lenet-300-100"),
        data=load_data(data, data_folder),
        sparsities=tuple(1 - making["density"] for making in makings),
        recipe=recipe_of({"base": options.get("recipe", "modern")}, data),
        seed=first["seed"],
        device="auto",
        **{name: options[name] for name in _OF_PLAN if name in options},
    )
    for making, level in zip(makings, prune_levels(plan), strict=True):
        graph = graph_of_masks(level.pruned, level.module, level.provenance)
        if list(graph.widths) != list(making["widths"]):
            raise GraphError(
                f"A pruned {plan.model} must have the widths {making['widths']} of its regime, "
                f"but it has {list(graph.widths)}."
            )
        yield making, graph
