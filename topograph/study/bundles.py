"""Studies that train elsewhere: bundles for a machine with a GPU, and their results."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from topograph.digest import content_digest, mask_digest
from topograph.errors import ReadError
from topograph.graph import LayeredGraph
from topograph.io.paths import shown
from topograph.io.replacing import write_text
from topograph.study.design.building import build
from topograph.study.design.preregistration import check_registered
from topograph.study.design.specification import Specification
from topograph.study.design.topologies import topologies_of
from topograph.study.design.units import Unit, units_of
from topograph.study.execution.chunk_training import described, outcome_columns
from topograph.study.execution.store import keep_rows, stored_rows
from topograph.training.bundle import make_bundle
from topograph.training.bundle.manifest import read_manifest
from topograph.training.bundle.results import RESULTS, read_results

NAMES = "study.json"
_TAKEN = ("engine", "engine_reason", "device", "precision", "members", "torch", "topograph")


def write_bundles(specification: Specification, folder: Path, target: Path) -> list[Path]:
    """Write a bundle for every data set and variant, for `topograph train` elsewhere.

    Masks and seeds of which every run is in the study's store are left out. Topologies that train
    from fewer seeds than others have bundles of their own.

    Parameters
    ----------
    specification : Specification
    folder : Path
        Of the study; masks that cost much are read from it.
    target : Path
        The bundles are folders in it.

    Returns
    -------
    list of Path

    Raises
    ------
    ParameterError
        If the study was not registered beforehand, or is another one now.
    """
    check_registered(specification, folder)
    written: list[Path] = []
    used: dict[str, int] = {}  # names of variants may differ in signs that folders do not have
    for units in _missing(specification, folder):
        first = units[0]
        name = re.sub(r"[^a-z0-9.=]+", "-", f"{first.data} {first.variant.name}".lower()).strip(
            "-."
        )
        used[name] = used.get(name, 0) + 1
        place = target / (name if used[name] == 1 else f"{name}-{used[name]}")
        masks, names = _masks(units, folder)
        make_bundle(
            masks,
            first.data,
            first.variant.recipe,
            place,
            seeds=sorted({unit.seed for unit in units}),
            rate_factors=specification.rate_factors,
            n_validation=first.n_validation,
        )
        write_text(json.dumps(names) + "\n", place / NAMES)
        written.append(place)
    return written


def _missing(specification: Specification, folder: Path) -> list[list[Unit]]:
    """Return the runs that are not in the store, those of one bundle together."""
    there = {row["key"] for row in stored_rows(folder)}
    found: dict[tuple[str, str, int | None], list[Unit]] = {}
    for unit in units_of(specification):
        if unit.key not in there:
            bundle = (unit.data, unit.variant.name, unit.topology.n_seeds)
            found.setdefault(bundle, []).append(unit)
    return list(found.values())


def _masks(
    units: Sequence[Unit], folder: Path
) -> tuple[dict[str, LayeredGraph], dict[str, list[str]]]:
    """Return the masks of runs by name, and for each mask's hash all names that it has."""
    masks: dict[str, LayeredGraph] = {}
    names: dict[str, list[str]] = {}
    for name, topology in {unit.topology.name: unit.topology for unit in units}.items():
        graph = build(topology, folder)
        same = names.setdefault(mask_digest(graph), [])
        same.append(name)
        if len(same) == 1:  # twins may turn out to be the same mask
            masks[name] = graph
    return masks, names


def take_results(specification: Specification, bundle: Path, folder: Path) -> int:
    """Put the results of a bundle into the store of a study, and return how many were new.

    Runs that the study does not ask for are left out.

    Raises
    ------
    ReadError
        If the folder holds no bundle, or a damaged one, or one that was not made for a study.
    """
    manifest = read_manifest(bundle)
    names = _names(bundle)
    known = {one.name: one for one in topologies_of(specification)}
    variants = [
        variant
        for variant in specification.variants
        if variant.recipe.switches() == manifest.recipe.switches()
    ]
    if not variants or manifest.data not in specification.data:
        return 0
    wanted = {unit.key for unit in units_of(specification)}
    wanted -= {row["key"] for row in stored_rows(folder)}
    taken = []
    for row in read_results(bundle / RESULTS):
        about = {name: row[name] for name in _TAKEN}
        for name in names.get(row["mask"], []):
            if name in known:
                unit = Unit(
                    known[name],
                    manifest.data,
                    variants[0],
                    row["seed"],
                    row["rate_factor"],
                    manifest.n_validation,
                )
                if unit.key in wanted:
                    outcome = outcome_columns(row, manifest.n_validation)
                    taken.append({"key": unit.key} | described(unit) | outcome | about)
    if taken:
        keep_rows(folder, taken, f"bundle-{content_digest(manifest.to_json())[:16]}")
    return len(taken)


def _names(bundle: Path) -> dict[str, list[str]]:
    place = bundle / NAMES
    if not place.is_file():
        raise ReadError(
            f"{shown(bundle)}: The bundle must be one of a study, with the file {NAMES}, but it "
            f"is not.",
            hint="topograph study run --bundles DIR writes such bundles.",
        )
    try:
        return {mask: list(names) for mask, names in json.loads(place.read_bytes()).items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise ReadError(
            f"{shown(place)}: The names of a study's masks must be here, but the file is damaged."
        ) from error
