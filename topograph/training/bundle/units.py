"""The runs of a bundle, each with a name that says all that matters to its result."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from topograph.digest import content_digest
from topograph.training.bundle.manifest import Manifest, MaskEntry

RESULT_VERSION = 1  # raised when the same run gives other results
HALF_DENSE = 0.4  # density from which nets suit engines for dense matrices


@dataclass(frozen=True)
class Unit:
    """One net to be trained.

    Parameters
    ----------
    key : str
        SHA-256 of mask, model, data, recipe, length, seed and rate, in hexadecimal.
    mask : MaskEntry
    seed : int
    rate_factor : float
    """

    key: str
    mask: MaskEntry
    seed: int
    rate_factor: float


@dataclass(frozen=True)
class Chunk:
    """Runs that train side by side, on the same batches.

    Parameters
    ----------
    key : str
        SHA-256 of the keys of its runs.
    units : tuple of Unit
        All of one seed; masks of one kind and, if chains, of the same widths, and all sparse
        or all nearly dense.
    """

    key: str
    units: tuple[Unit, ...]

    @property
    def seed(self) -> int:
        """The seed of all its runs."""
        return self.units[0].seed


def units_of(manifest: Manifest) -> Iterator[Unit]:
    """Give every run of a manifest: seed by seed, mask by mask, rate by rate."""
    recipe = manifest.recipe.switches()
    for seed, mask, factor in itertools.product(
        manifest.seeds, manifest.masks, manifest.rate_factors
    ):
        matters = {
            "version": RESULT_VERSION,
            "mask": mask.digest,
            "model": mask.model,
            "data": manifest.data,
            "recipe": recipe,
            "n_steps": manifest.n_steps,
            "n_validation": manifest.n_validation,
            "edge_threshold": manifest.edge_threshold,
            "proxies": manifest.with_proxies,
            "seed": seed,
            "rate_factor": factor,
        }
        yield Unit(content_digest(matters), mask, seed, factor)


def chunks_of(manifest: Manifest, members: int) -> list[Chunk]:
    """Return the runs in chunks of at most ``members`` that can train side by side.

    Models are chunks of their own: side by side they would gain nothing.
    """
    groups: dict[tuple[object, ...], list[Unit]] = {}
    for unit in units_of(manifest):
        mask = unit.mask
        is_sparse = mask.n_edges < HALF_DENSE * mask.n_possible_edges
        alike = (unit.seed, mask.kind, mask.model, mask.widths, is_sparse)
        groups.setdefault(alike, []).append(unit)
    parts = []
    for group in groups.values():
        size = members if group[0].mask.kind == "chain" else 1
        parts += [tuple(group[start : start + size]) for start in range(0, len(group), size)]
    return [Chunk(content_digest([unit.key for unit in part]), part) for part in parts]
