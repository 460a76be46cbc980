"""What a study will cost: topologies, runs, edges, time and memory, and what it can find."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from topograph.errors import ParameterError, ReadError, TopographError
from topograph.study.design.building import base_graph, build
from topograph.study.design.plan_checks import check_fit
from topograph.study.design.specification import Regime, Specification, TopologySource
from topograph.study.design.topologies import (
    Size,
    Topology,
    making_of,
    size_of_stratum,
    stratum_topologies,
)
from topograph.study.execution.chunk_training import Place, prepared, steps_of
from topograph.study.statistics import PowerEstimate, power_estimate
from topograph.training.devices import find_device, peak_memory
from topograph.training.engines.member import Member
from topograph.training.ensemble import Watch
from topograph.training.training_members import train_members

ASSUMED_SHARE = 0.3  # of the variance between topologies, for the power estimate
TAUS = (0.1, 0.2, 0.3)
_TRIAL_STEPS = (20, 220)
_BYTES_AN_EDGE = 24  # weight, momentum, gradient, and indices in both directions
_FEW_TOPOLOGIES = 400  # beyond these the power of a cell hardly changes, but its cost does


@dataclass(frozen=True)
class StratumCost:
    """One stratum on one data set.

    Parameters
    ----------
    regime, stratum, data : str
    n_classes, n_masks, n_runs : int
    edges : tuple of int
        Of each layer.
    n_steps : int or None
        Of a training; None if the data are not here.
    seconds_a_run : float or None
        Of one process, from a trial; None if there was none.
    note : str
        Why there is no time; empty otherwise.
    """

    regime: str
    stratum: str
    data: str
    n_classes: int
    n_masks: int
    n_runs: int
    edges: tuple[int, ...]
    n_steps: int | None
    seconds_a_run: float | None
    note: str = ""


def stratum_costs(
    specification: Specification,
    place: Place,
    *,
    trial: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[StratumCost]:
    """Return the cost of every stratum of the regimes on every data set.

    One topology of each source is made: its edges must be those of the stratum. With ``trial``
    one of them is trained for a few steps on each data set, in this process, to see how long a
    step takes; all variants count as the first.

    Raises
    ------
    ParameterError
        If the edges of a source differ from those of its stratum, or a family cannot have them.
    """
    found = []
    cells = [
        (regime, density, data)
        for regime in specification.regimes
        for density in regime.densities
        for data in specification.data_of(regime)
    ]
    for number, (regime, density, data) in enumerate(cells):
        if progress is not None:
            progress(f"try {regime.stratum(density)} on {data}", number, len(cells))
        found.append(_cost(specification, regime, density, data, place, trial))
    return found


def check_stratum(specification: Specification, regime: Regime, density: float) -> tuple[int, ...]:
    """Return the edges per layer of a stratum, those of its first source.

    Raises
    ------
    ParameterError
        If another source has other edges, and does not say ``own_edges``.
    """
    edges: tuple[int, ...] = ()
    for source in specification.topologies:
        if source.takes_part(regime, density) and source.family != "pruned":
            own = _edges(source, regime, density)
            if 0 in own:
                raise ParameterError(
                    f"Topologies {source.name!r} in stratum {regime.stratum(density)!r} must have "
                    f"an edge in every layer, but they have {list(own)}.",
                    hint="take a larger density.",
                )
            if not source.own_edges:
                edges = edges or own
                if own != edges:
                    raise ParameterError(
                        f"Topologies {source.name!r} must have {list(edges)} edges per layer, as "
                        f"the others of stratum {regime.stratum(density)!r}, but they have "
                        f"{list(own)}.",
                        hint="own_edges = true gives them strata of their own; or choose a "
                        "density that all families can have.",
                    )
    return edges


def memory_a_process(costs: Sequence[StratumCost], members: int) -> int | None:
    """Return the bytes that a process will take at most, about; None without a trial.

    What this process has taken at its peak, with all data sets read and one net of every stratum
    trained in turn, and the weights, momenta, gradients and indices of the other members of a
    chunk of the stratum with the most edges.
    """
    if all(one.seconds_a_run is None for one in costs):
        return None
    most = max(sum(one.edges) for one in costs)
    return peak_memory(find_device("cpu")) + (members - 1) * most * _BYTES_AN_EDGE


def powers(specification: Specification) -> list[tuple[str, int, float, PowerEstimate]]:
    """Return, for every data set, strata, true tau and the chance that a primary finds it.

    Under the assumption that topologies have three tenths of the variance of single runs; at the
    level .05 over the number of primaries.
    """
    found = []
    level = 0.05 / max(1, len(specification.statistics.primaries))
    for data in specification.data:
        sizes = [
            size_of_stratum(specification, regime, density)
            for regime in specification.regimes
            if data in specification.data_of(regime)
            for density in regime.densities
        ]
        smallest = min(sizes, key=lambda size: size.classes, default=Size())
        if smallest.classes < 2:
            continue
        for tau in TAUS:
            estimate = power_estimate(
                min(smallest.classes, _FEW_TOPOLOGIES),
                smallest.starts // smallest.classes,
                ASSUMED_SHARE,
                tau,
                n_strata=len(sizes),
                significance=level,
                n_simulations=200,
                n_permutations=max(500, math.ceil(50 / level)),
            )
            found.append((data, len(sizes), tau, estimate))
    return found


def _cost(
    specification: Specification,
    regime: Regime,
    density: float,
    data: str,
    place: Place,
    trial: bool,
) -> StratumCost:
    check_fit(regime, data)
    edges = check_stratum(specification, regime, density)
    size = size_of_stratum(specification, regime, density)
    each = len(specification.variants) * len(specification.rate_factors)
    n_steps, seconds, note = None, None, "" if trial else "no trial was wanted"
    try:
        device, variant = find_device(place.device), specification.variants[0]
        images = prepared(data, place.data_folder, variant.recipe, device)
        n_steps = steps_of(variant, images, specification.validation_of(data))
        example = _example(specification, regime, density) if trial else None
        if trial and example is None:
            note = "no topology can be made on the spot"
        if example is not None:
            seconds = _seconds(example, specification, data, place, n_steps)
    except ReadError as error:  # the data are not here: the study can be planned all the same
        note = error.message
    return StratumCost(
        regime.name,
        regime.stratum(density),
        data,
        size.classes,
        size.masks,
        size.starts * each,
        edges,
        n_steps,
        seconds,
        note,
    )


def _edges(source: TopologySource, regime: Regime, density: float) -> tuple[int, ...]:
    try:
        graph = base_graph(
            making_of(source, regime, density, source.first_seed) | {"changes": []}, Path()
        )
    except TopographError as error:
        where = f"Topologies {source.name!r} in stratum {regime.stratum(density)!r}"
        raise error.within(where) from error
    return tuple(layer.n_edges for layer in graph.layers)


def _example(specification: Specification, regime: Regime, density: float) -> Topology | None:
    """Return a topology that can be made on the spot; None if there is none."""
    if not size_of_stratum(specification, regime, density).classes:
        return None
    for topology in stratum_topologies(specification, regime, density):
        if "series" not in topology.making and topology.making["family"] != "pruned":
            return topology
    return None


def _seconds(
    topology: Topology, specification: Specification, data: str, place: Place, n_steps: int
) -> float:
    """Return the seconds of one whole training, from two short ones."""
    device, variant = find_device(place.device), specification.variants[0]
    images = prepared(data, place.data_folder, variant.recipe, device)
    member = Member.of_graph(
        build(topology, place.folder), output_layer=variant.recipe.output_layer
    )
    watch = Watch(n_validation=specification.validation_of(data))
    took = []
    for steps in (_TRIAL_STEPS[0], *_TRIAL_STEPS):  # the first one warms up
        began = time.perf_counter()
        train_members(
            [member],
            images,
            variant.recipe,
            device,
            n_steps=steps,
            engine=place.engine,
            watch=watch,
        )
        took.append(time.perf_counter() - began)
    per_epoch = max(1, len(images.train_labels) // variant.recipe.batch_size)
    a_step = max(took[2] - took[1], 0.0) / (_TRIAL_STEPS[1] - _TRIAL_STEPS[0])
    if per_epoch < _TRIAL_STEPS[1]:  # the looks of an epoch are in the step
        return took[2] + (n_steps - _TRIAL_STEPS[1]) * a_step
    a_look = max(took[1] - _TRIAL_STEPS[0] * a_step, 0.0)
    return n_steps * a_step + a_look * (1 + n_steps / per_epoch) / 2
