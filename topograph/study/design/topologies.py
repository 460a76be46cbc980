"""The topologies of a study: how each is made, and what it is compared with."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from topograph.digest import content_digest
from topograph.generators.continuous_family import sobol_dials
from topograph.io.paths import listed, naming, shown
from topograph.study.design.specification import (
    DoseSource,
    Regime,
    Specification,
    TopologySource,
)


@dataclass(frozen=True)
class Topology:
    """One net of a study, not made yet.

    Parameters
    ----------
    making : mapping
        How it is made, fit for JSON: `topograph.study.design.building.build` makes it.
    regime, stratum, family, role : str
    base : str
        The key of the topology it is derived from; empty if there is none.
    labelling : int, default 0
        0 for the natural labelling of the units, others for random ones.
    series, moved : str
        Of a series of doses, and the property that moves along it.
    repaired : bool or None
        Whether its dead outputs are joined to inputs; None where that is no question.
    n_seeds : int, optional
        It trains from the first so many seeds of the study; from all by default.
    """

    making: Mapping[str, Any]
    regime: str
    stratum: str
    family: str
    role: str
    base: str = ""
    labelling: int = 0
    series: str = ""
    moved: str = ""
    repaired: bool | None = None
    n_seeds: int | None = None

    @cached_property
    def key(self) -> str:
        """Name of the isomorphism class: 16 hexadecimal digits of a hash of how it is made."""
        return hashlib.sha256(self.said.encode()).hexdigest()[:16]

    @cached_property
    def said(self) -> str:
        """How it is made, as JSON with sorted keys."""
        return json.dumps(self.making, sort_keys=True)

    @cached_property
    def name(self) -> str:
        """Name of the mask: the class, and the labelling."""
        return f"{self.key}-{self.labelling}"


def topologies_of(specification: Specification) -> Iterator[Topology]:
    """Give every topology of a study in every labelling, stratum by stratum."""
    for regime in specification.regimes:
        for density in regime.densities:
            yield from stratum_topologies(specification, regime, density)


def stratum_topologies(
    specification: Specification, regime: Regime, density: float
) -> Iterator[Topology]:
    """Give those of one density of a regime."""
    for source in specification.topologies:
        if source.takes_part(regime, density):
            for one in _of_source(source, regime, density):
                yield from _labelled(one, _labellings(source, specification))
    for dose in specification.doses:
        if dose.takes_part(regime, density):
            for one in _of_series(dose, regime):
                yield from _labelled(one, _labellings(dose, specification))


@dataclass(frozen=True)
class Size:
    """How many topologies there are.

    Parameters
    ----------
    classes : int
        Isomorphism classes.
    masks : int
        Classes in all their labellings.
    starts : int
        Masks with all their seeds: trainings of one variant, at one rate, on one data set.
    """

    classes: int = 0
    masks: int = 0
    starts: int = 0


def size_of_stratum(specification: Specification, regime: Regime, density: float) -> Size:
    """Return how many topologies one density of a regime has, without listing them."""
    classes = masks = starts = 0
    for source in specification.topologies:
        if source.takes_part(regime, density):
            number = source.count * per_topology(source)
            nets = number * _labellings(source, specification)
            classes, masks = classes + number, masks + nets
            starts += nets * len(specification.seeds[: source.seeds])
    for dose in specification.doses:
        if dose.takes_part(regime, density):
            number = dose.bases * dose.n_steps
            nets = number * _labellings(dose, specification)
            classes, masks = classes + number, masks + nets
            starts += nets * len(specification.seeds)
    return Size(classes, masks, starts)


def _labellings(source: TopologySource | DoseSource, specification: Specification) -> int:
    given = source.relabellings
    return 1 + (specification.relabellings if given is None else given)


def per_topology(source: TopologySource) -> int:
    """Return how many classes come from each topology of a source, itself included."""
    return (1 + source.degree_twins + source.density_twins) * (2 if source.repaired else 1)


def making_of(
    source: TopologySource | DoseSource, regime: Regime, density: float, seed: int
) -> dict[str, Any]:
    """Return how topology ``seed`` of a source is made; dials of the continuous family apart."""
    drawn = list(getattr(source, "widths", ()) or regime.widths)
    options = dict(source.options)
    if source.family == "file":  # another mask in the file is another topology
        options["sha256"] = _file_hash(str(options["path"]))
    return {
        "family": source.family,
        "widths": drawn,
        "fit": list(regime.widths) if drawn != list(regime.widths) else None,
        "density": density,
        "allocation": regime.allocation,
        "append_dense": regime.append_dense,
        "options": options,
        "seed": seed,
        "changes": [],
    }


@functools.cache
def _file_hash(name: str) -> str:
    (path,) = listed([name])
    with naming(shown(path)):
        return hashlib.sha256(path.read_bytes()).hexdigest()


def _of_source(source: TopologySource, regime: Regime, density: float) -> Iterator[Topology]:
    stratum = regime.stratum(density)
    if source.own_edges:
        stratum = f"{stratum} ({source.name})"
    for making in _makings(source, regime, density):
        base = Topology(
            making,
            regime.name,
            stratum,
            source.name,
            source.role,
            repaired=False if source.repaired else None,
            n_seeds=source.seeds,
        )
        yield from _with_repaired(base, source)
        for kind, number in (
            ("degree_preserving_twin", source.degree_twins),
            ("density_preserving_twin", source.density_twins),
        ):
            for seed in range(1, number + 1):
                twin = making | {"changes": [[kind, seed]]}
                family = f"{source.name}, {kind.partition('_')[0]} twins"
                yield from _with_repaired(
                    replace(base, making=twin, family=family, role="twin", base=base.key), source
                )


def _with_repaired(topology: Topology, source: TopologySource) -> Iterator[Topology]:
    yield topology
    if source.repaired:
        changes = [*topology.making["changes"], ["connect_outputs", 0]]
        making = {**topology.making, "changes": changes}
        yield replace(topology, making=making, base=topology.key, repaired=True)


def _makings(source: TopologySource, regime: Regime, density: float) -> Iterator[dict[str, Any]]:
    first = making_of(source, regime, density, source.first_seed)
    if source.family == "continuous":
        for dials, seed in sobol_dials(source.count, source.first_seed):
            yield first | {"options": first["options"] | dials, "seed": seed}
        return
    for seed in range(source.first_seed, source.first_seed + source.count):
        yield first | {"seed": seed}


def _of_series(dose: DoseSource, regime: Regime) -> Iterator[Topology]:
    for number in range(dose.bases):
        base = making_of(dose, regime, dose.density, dose.first_seed + number)
        series = {
            "base": base,
            "moved": dose.moved,
            "held": list(dose.held),
            "n_steps": dose.n_steps,
            "tolerance": dose.tolerance,
        }
        for step in range(dose.n_steps):
            yield Topology(
                {"series": series, "step": step},
                regime.name,
                f"{regime.stratum(dose.density)} (doses)",
                dose.name,
                "dose",
                base=content_digest(base)[:16],
                series=content_digest(series)[:16],
                moved=dose.moved,
            )


def _labelled(topology: Topology, labellings: int) -> Iterator[Topology]:
    return (replace(topology, labelling=labelling) for labelling in range(labellings))
