"""The runs of a study, each with a name that says all that matters to its result."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from topograph.study.design.specification import Specification, Variant
from topograph.study.design.topologies import Topology, size_of_stratum, topologies_of
from topograph.training.recipes import Recipe

RESULT_VERSION = 1  # raised when the same run gives other results


@dataclass(frozen=True)
class Unit:
    """One training.

    Parameters
    ----------
    topology : Topology
    data : str
    variant : Variant
    seed : int
        Of initial weights and of the order of images.
    rate_factor : float
    n_validation : int
    """

    topology: Topology
    data: str
    variant: Variant
    seed: int
    rate_factor: float
    n_validation: int

    @cached_property
    def key(self) -> str:
        """SHA-256 of making, labelling, data, recipe, seed and rate, in hexadecimal.

        Of the JSON of these with its keys sorted, put together from parts that many runs share.
        """
        said = (
            f'{{"data": {json.dumps(self.data)}, "labelling": {self.topology.labelling}, '
            f'"making": {self.topology.said}, "n_validation": {self.n_validation}, '
            f'"rate_factor": {json.dumps(self.rate_factor)}, '
            f'"recipe": {_said(self.variant.recipe)}, '
            f'"seed": {self.seed}, "version": {RESULT_VERSION}}}'
        )
        return hashlib.sha256(said.encode()).hexdigest()


@functools.lru_cache(maxsize=256)
def _said(recipe: Recipe) -> str:
    return json.dumps(recipe.switches(), sort_keys=True)


@dataclass(frozen=True)
class Chunk:
    """Runs that train side by side, on the same batches: one data set, variant and seed.

    Parameters
    ----------
    units : tuple of Unit
        All of one stratum.
    """

    units: tuple[Unit, ...]

    @property
    def data(self) -> str:
        """The data set of all its runs."""
        return self.units[0].data

    @property
    def variant(self) -> Variant:
        """The way of training of all its runs."""
        return self.units[0].variant

    @property
    def seed(self) -> int:
        """The seed of all its runs."""
        return self.units[0].seed


def units_of(specification: Specification) -> Iterator[Unit]:
    """Give every run of a study, in the order of its chunks."""
    for chunk in chunks_of(specification, 32):
        yield from chunk.units


def chunks_of(specification: Specification, members: int) -> Iterator[Chunk]:
    """Give the runs in chunks of about ``members``; all rates of a mask are in one chunk.

    Chunks of the same masks follow each other: the seeds, variants and data sets of a block of
    topologies. A block is of one stratum.
    """
    rates = specification.rate_factors
    size = max(1, members // len(rates))
    data_of = {regime.name: specification.data_of(regime) for regime in specification.regimes}
    for _, group in itertools.groupby(
        topologies_of(specification), key=lambda topology: topology.stratum
    ):
        while block := list(itertools.islice(group, size)):
            for data, variant, seed in itertools.product(
                data_of[block[0].regime], specification.variants, specification.seeds
            ):
                units = tuple(
                    Unit(topology, data, variant, seed, rate, specification.validation_of(data))
                    for topology in block
                    if seed in seeds_of(specification, topology)
                    for rate in rates
                )
                if units:
                    yield Chunk(units)


def seeds_of(specification: Specification, topology: Topology) -> tuple[int, ...]:
    """Return the seeds that a topology trains from."""
    return specification.seeds[: topology.n_seeds]


def count_runs(specification: Specification) -> int:
    """Return the number of trainings, without listing them."""
    each = len(specification.variants) * len(specification.rate_factors)
    return each * sum(
        size_of_stratum(specification, regime, density).starts * len(specification.data_of(regime))
        for regime in specification.regimes
        for density in regime.densities
    )
