"""What a bundle says: which masks to train on which data, how, and from which seeds."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from topograph.errors import ParameterError, ReadError
from topograph.io.paths import shown
from topograph.io.replacing import write_text
from topograph.training.recipe_files import recipe_of
from topograph.training.recipes import Recipe

MANIFEST = "manifest.json"
FORMAT, FORMAT_VERSION = "topograph-bundle", 1


@dataclass(frozen=True)
class MaskEntry:
    """A mask of a bundle.

    Parameters
    ----------
    name : str
        For tables; the file it came from.
    digest : str
        Of its edges; its file is ``masks/DIGEST.safetensors``.
    kind : {"chain", "model"}
        Whether the mask is the architecture, or belongs to the weights of a model.
    widths : tuple of int
        Units of each level; empty for a model.
    n_edges, n_possible_edges : int
        Edges, and those of dense layers.
    model : str, default ""
        The model, of a mask of that kind.
    provenance : mapping
        How it was made.
    """

    name: str
    digest: str
    kind: str
    widths: tuple[int, ...]
    n_edges: int
    n_possible_edges: int
    model: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Manifest:
    """A plan of training runs: every mask from every seed at every rate.

    Parameters
    ----------
    masks : tuple of MaskEntry
    data : str
        Name of the data set.
    recipe : Recipe
    seeds : tuple of int
        Of initial weights and of the order of images.
    rate_factors : tuple of float, default (1.0,)
        The recipe's learning rate is multiplied by each.
    n_steps : int, optional
        Length of each training; the recipe's own by default.
    n_validation : int, default 0
        Training images that are held out for the curves.
    edge_threshold : float, optional
        Weights above it count for the effective edges of every epoch.
    with_proxies : bool, default False
        Whether proxies of trainability are taken at initialisation.
    has_data : bool, default False
        Whether the data set is in the bundle.
    """

    masks: tuple[MaskEntry, ...]
    data: str
    recipe: Recipe
    seeds: tuple[int, ...]
    rate_factors: tuple[float, ...] = (1.0,)
    n_steps: int | None = None
    n_validation: int = 0
    edge_threshold: float | None = None
    with_proxies: bool = False
    has_data: bool = False

    def __post_init__(self) -> None:
        for name in ("masks", "seeds", "rate_factors"):
            if not getattr(self, name):
                raise ParameterError(f"A bundle must have one or more {name}, but it has none.")
        for factor in self.rate_factors:
            if not (math.isfinite(factor) and factor > 0):
                raise ParameterError.expected("A factor of the rate", "finite and above 0", factor)
        threshold = self.edge_threshold
        if threshold is not None and not (math.isfinite(threshold) and threshold >= 0):
            raise ParameterError.expected("edge_threshold", "finite and at least 0", threshold)
        for name in ("seeds", "rate_factors"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ParameterError.expected(f"The {name} of a bundle", "all different", values)
        if min(self.seeds) < 0:
            raise ParameterError.expected("A seed", "at least 0", min(self.seeds))
        if self.n_steps is not None and self.n_steps < 1:
            raise ParameterError.expected("n_steps", "at least 1", self.n_steps)

    @property
    def n_runs(self) -> int:
        """Nets to be trained."""
        return len(self.masks) * len(self.seeds) * len(self.rate_factors)

    def to_json(self) -> str:
        """Return the manifest as the text of its file."""
        content = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            **{
                field.name: getattr(self, field.name)
                for field in dataclasses.fields(self)
                if field.name not in ("masks", "recipe")
            },
            "recipe": self.recipe.provenance(),
            "masks": [dataclasses.asdict(mask) for mask in self.masks],
        }
        return json.dumps(content, indent=1) + "\n"


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write the manifest of a bundle, whole or not at all."""
    write_text(manifest.to_json(), folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a bundle.

    Raises
    ------
    ReadError
        If there is none, or it is damaged or of a later version.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise ReadError(
            f"{shown(folder)}: A bundle must have a file {MANIFEST}, but there is none.",
            hint="topograph export makes a bundle.",
        )
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise ReadError(
                f"{shown(path)}: The manifest of a bundle must be here, but it is none."
            )
        version = said["format_version"]
        if version > FORMAT_VERSION:
            raise ReadError(
                f"{shown(path)}: The format version must be at most {FORMAT_VERSION}, but it is "
                f"{version}.",
                hint="read it with a newer topograph.",
            )
        return Manifest(
            masks=tuple(_entry(entry) for entry in said["masks"]),
            data=said["data"],
            recipe=recipe_of(_given(said["recipe"]), said["data"]),
            seeds=_tuple(said["seeds"]),
            rate_factors=_tuple(said["rate_factors"]),
            n_steps=said["n_steps"],
            n_validation=said["n_validation"],
            edge_threshold=said["edge_threshold"],
            with_proxies=said["with_proxies"],
            has_data=said["has_data"],
        )
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        raise ReadError(
            f"{shown(path)}: The manifest of a bundle must be here, but it is damaged "
            f"({_why(error)})."
        ) from error


def _why(error: Exception) -> str:
    return f"there is no {error}" if isinstance(error, KeyError) else str(error)


def _entry(said: Mapping[str, Any]) -> MaskEntry:
    digest = said["digest"]
    if len(digest) != 64 or set(digest) - set("0123456789abcdef"):  # it names a file
        raise ValueError(f"{digest!r} is no digest")
    return MaskEntry(**{**said, "widths": _tuple(said["widths"])})


def _given(switches: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in switches.items() if value is not None}


def _tuple(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(values)
