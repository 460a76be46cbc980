"""How far can switches of edges move one property of a chain while others stay?

Simulated annealing in batches. Of random pairs of edges of a layer those are switched that
are expected to move the property most for what they do to the held ones; the batch is then
measured as a whole, and taken back where it is worse than the temperature allows or a held
property would leave its bounds. Batches shrink when they fail and grow when they do not.

References
----------
Kirkpatrick, Gelatt & Vecchi, "Optimization by simulated annealing", 1983.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from topograph.generators.path_properties import (
    PATH_PROPERTIES,
    Floats,
    Integers,
    Switches,
    Wiring,
    connected_change,
    variation_change,
)

_WEIGHTS = (0.25, 0.5, 0.75, 0.9)  # of pairs by their paths, when the reach is moved
_HEAT = 0.003  # first temperature, in units of the progress
_DISPLACEMENT = 0.003  # progress that a held property at its bound is worth
_BOUND = 0.9  # of the tolerance: the rest is for rounding
_BATCH = (0.05, 0.1)  # switches at once, for each edge of the layer: at first, at most
_GROWTH, _SHRINKING = 1.3, 0.6
_REACTION, _FORGETTING, _STRONGEST = 0.3, 0.97, 4.0  # of the pressure on held properties
_NOISE = 0.3  # of standardised scores, at first: what is not the best is tried too
_STRIDE = 0.002  # progress between the nets kept
_SMALLEST = 0.01  # added to a variation before its logarithm is taken


class Stop(NamedTuple):
    """A net on the way: the value of the moved property, and the targets of all edges."""

    value: float
    targets: tuple[npt.NDArray[np.int32], ...]


class _Proposal(NamedTuple):
    layer: int
    targets: Integers


def walk(
    start: Wiring,
    moved: str,
    direction: int,
    held: Sequence[str],
    tolerance: float,
    rounds: int,
    rng: np.random.Generator,
    *,
    same_status: bool,
) -> list[Stop]:
    """Nets on the way from a chain to the largest or smallest value of a property.

    Parameters
    ----------
    start : Wiring
    moved : {"connected_pair_fraction", "path_count_cv"}
    direction : {1, -1}
        Upward or downward.
    held : sequence of str
        Names of `PATH_PROPERTIES`.
    tolerance : float
        Largest change of a held property, as a share of its value at the start.
    rounds : int
        Batches proposed.
    rng : numpy.random.Generator
    same_status : bool
        Whether edges are switched only if inputs reach both of their sources or neither,
        and both of their targets reach outputs or neither: then every unit stays reached or
        reaching as it is, and all effective edges stay effective.

    Returns
    -------
    list of Stop
        The start and every net that went a little further than all before it.

    Examples
    --------
    >>> from topograph.generators.path_properties import wiring_of
    >>> from topograph.toy import butterfly
    >>> rng = np.random.default_rng(0)
    >>> stops = walk(
    ...     wiring_of(butterfly()), "connected_pair_fraction", -1, [], 0.0, 100, rng,
    ...     same_status=True,
    ... )
    >>> stops[0].value, stops[-1].value
    (1.0, 0.5)
    """
    names = [moved, *held]
    state, values = start, _measured(start, names)
    base = values
    pressure = dict.fromkeys(held, 0.0)
    batches = [max(1.0, _BATCH[0] * targets.size) for targets in start.targets]
    stops = [Stop(values[moved], _narrow(state))]
    furthest = direction * _progress(moved, values[moved])
    status = _status(start) if same_status else None
    energy = -furthest
    for number in range(rounds):
        layer = number % len(batches)
        noise = _NOISE * (1.0 - number / rounds)
        proposal = _propose(
            state, layer, moved, direction, pressure, int(batches[layer]), status, noise, rng
        )
        if proposal is None:
            continue
        changed = state.rewired(*proposal)
        measured = _measured(changed, names)
        displaced = {name: _displacement(measured, base, name, tolerance) for name in held}
        for name, displacement in displaced.items():
            pushed = _FORGETTING * pressure[name] + _REACTION * displacement
            pressure[name] = min(max(pushed, -_STRONGEST), _STRONGEST)
        gone = direction * _progress(moved, measured[moved])
        after = -gone + _DISPLACEMENT * sum(value**2 for value in displaced.values())
        heat = _HEAT * (1.0 - number / rounds) ** 2
        inside = all(abs(value) <= _BOUND for value in displaced.values())
        if inside and after - energy < heat * rng.exponential():
            state, energy = changed, after
            batches[layer] = min(_GROWTH * batches[layer], 1 + _BATCH[1] * proposal.targets.size)
            if gone >= furthest + _STRIDE:
                furthest = gone
                stops.append(Stop(measured[moved], _narrow(state)))
        else:
            batches[layer] = max(1.0, _SHRINKING * batches[layer])
    return stops


def _measured(wiring: Wiring, names: Sequence[str]) -> dict[str, float]:
    return {name: PATH_PROPERTIES[name].value(wiring) for name in names}


def _progress(moved: str, value: float) -> float:
    """Scale on which a step means the same everywhere."""
    return math.log(value + _SMALLEST) if moved == "path_count_cv" else value


def _displacement(
    values: Mapping[str, float], base: Mapping[str, float], name: str, tolerance: float
) -> float:
    """Change of a held property in units of what is allowed."""
    return (values[name] - base[name]) / max(tolerance * abs(base[name]), 1e-12)


def _narrow(wiring: Wiring) -> tuple[npt.NDArray[np.int32], ...]:
    return tuple(targets.astype(np.int32) for targets in wiring.targets)


def _status(wiring: Wiring) -> tuple[list[npt.NDArray[np.bool_]], list[npt.NDArray[np.bool_]]]:
    reached = [np.asarray(level.any(axis=1)) for level in wiring.arriving]
    return reached, [np.asarray(level.any(axis=1)) for level in wiring.leaving]


def _propose(
    state: Wiring,
    layer: int,
    moved: str,
    direction: int,
    pressure: Mapping[str, float],
    size: int,
    status: tuple[list[npt.NDArray[np.bool_]], list[npt.NDArray[np.bool_]]] | None,
    noise: float,
    rng: np.random.Generator,
) -> _Proposal | None:
    """Switch the best of random pairs of the edges of a layer; None if none is any good."""
    sources, targets = state.sources[layer], state.targets[layer]
    one, other = rng.permutation(sources.size)[: sources.size // 2 * 2].reshape(2, -1)
    edges = np.zeros(state.widths[layer : layer + 2], dtype=np.bool_)
    edges[sources, targets] = True
    a, i, b, j = sources[one], targets[one], sources[other], targets[other]
    sound = (a != b) & (i != j) & ~edges[a, j] & ~edges[b, i]
    if status is not None:
        reached, reaching = status[0][layer], status[1][layer + 1]
        sound &= (reached[a] == reached[b]) & (reaching[i] == reaching[j])
    if not sound.any():
        return None
    switches = Switches(layer, a[sound], i[sound], b[sound], j[sound])
    score = direction * _standardised(_guide(state, switches, moved, rng))
    for name, strength in pressure.items():
        score -= strength * _standardised(PATH_PROPERTIES[name].change(state, switches))
    score += noise * rng.standard_normal(score.size)
    best = np.argsort(-score, kind="stable")[:size]
    best = best[score[best] > 0]
    _, a, i, b, j = switches
    made = np.concatenate((a[best] * edges.shape[1] + j[best], b[best] * edges.shape[1] + i[best]))
    first = np.zeros(made.size, dtype=np.bool_)
    first[np.unique(made, return_index=True)[1]] = True
    best = best[first.reshape(2, -1).all(axis=0)]
    if not best.size:
        return None
    changed = targets.copy()
    changed[one[sound][best]], changed[other[sound][best]] = j[best], i[best]
    return _Proposal(layer, changed)


def _guide(state: Wiring, switches: Switches, moved: str, rng: np.random.Generator) -> Floats:
    """Expected changes of the moved property; the reach falls where the variation rises."""
    if moved == "path_count_cv":
        return variation_change(state, switches)
    if rng.random() < 0.5:
        return -variation_change(state, switches)
    return connected_change(state, switches, float(rng.choice(_WEIGHTS)))


def _standardised(changes: Floats) -> Floats:
    return changes / max(float(changes.std()), 1e-300)
