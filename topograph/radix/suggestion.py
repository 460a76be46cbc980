"""Which RadiX-Nets come close to the widths and the density that a task asks for?"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from topograph.biadjacency import Kronecker
from topograph.errors import ParameterError
from topograph.radix.arguments import checked_integer, checked_integers
from topograph.radix.counting import place_values
from topograph.radix.divisors import divisors
from topograph.radix.specification import RadixSpecification

_STEPS = 200_000  # of the search: about a second
_KEPT = 3  # best factorisations of a base, for each way to round the widths
_BASES = 1 << 22  # looked at, times levels


@dataclass(frozen=True)
class RadixSuggestion:
    """A RadiX-Net near a wish, and how far it is from it.

    Parameters
    ----------
    systems : tuple of tuples of int
        Mixed-radix systems.
    dense_widths : tuple of int
        One a level.
    widths : tuple of int
        Units that each level has.
    surplus : tuple of int
        Those beyond the widths asked for, which `fit_widths` drops; negative in hidden levels
        that are narrower.
    layer_densities : tuple of float
        Radix over ``N'`` of each layer.
    density : float
        Of the net.
    width_mismatch : float
        Sum of the surplus, without signs, over the sum of the widths asked for.
    density_mismatch : float
        Edges too many or too few in each layer, without signs, over the edges asked for at
        the widths reached.
    is_efficient : bool
        Whether no other net found is as near in both, and nearer in one: on the Pareto front.
    is_symmetric_fitted : bool
        Whether the net stays symmetric when the surplus is dropped: hidden levels have none.
    density_fitted : float
        Density once the surplus is dropped, the first units of each level.
    output_fan_in_min : int
        Smallest fan-in of an output then; nets that have 1 mostly do not train.
    """

    systems: tuple[tuple[int, ...], ...]
    dense_widths: tuple[int, ...]
    widths: tuple[int, ...]
    surplus: tuple[int, ...]
    layer_densities: tuple[float, ...]
    density: float
    width_mismatch: float
    density_mismatch: float
    is_efficient: bool = False
    is_symmetric_fitted: bool = True
    density_fitted: float = math.nan
    output_fan_in_min: int = 0


def suggest_radix(
    widths: Sequence[int],
    density: float | Sequence[float],
    count: int = 10,
    max_width_mismatch: float = 0.5,
) -> list[RadixSuggestion]:
    r"""RadiX-Nets that come nearest to given widths and densities, best first.

    For every base ``N'`` the dense widths are the widths over ``N'``, rounded up at inputs and
    outputs (units can be dropped there without harm), and in hidden levels to the nearest, up
    or down. For each of these the radices with the least density mismatch are found exactly,
    by dynamic programming over layers and over what is left to fill of a system. Bases are
    looked at in the order of the least mismatch that they can have, up to a fixed number of
    steps. The rank is the sum of both mismatches.

    Parameters
    ----------
    widths : sequence of int
        Units of each level, inputs first.
    density : float or sequence of float
        Of every layer, or of each, in (0, 1].
    count : int, default 10
        Longest list returned.
    max_width_mismatch : float, default 0.5
        Nets with a larger one are left out.

    Returns
    -------
    list of RadixSuggestion

    Raises
    ------
    ParameterError
        If no RadiX-Net comes as near as ``max_width_mismatch``, or an argument is not what it
        must be.

    References
    ----------
    Kepner & Robinett, "RadiX-Net", arXiv 1905.00416; Kwak, West, Jananthan & Kepner, arXiv
    2311.03609, for the smallest fan-in of the outputs.

    Examples
    --------
    The net of the training paper, of whose 800 inputs 16 are dropped:

    >>> best = suggest_radix([784, 300, 100], 0.1)[0]
    >>> best.systems, best.dense_widths, best.surplus, best.density
    (((10, 10),), (8, 3, 1), (16, 0, 0), 0.1)
    """
    wanted = checked_integers("widths", widths, 1, "the units of each level, inputs first.")
    if len(wanted) < 2:
        raise ParameterError.expected("widths", "at least two levels", list(wanted))
    densities = _checked_densities(density, len(wanted) - 1)
    checked_integer("count", count, 1)
    found: dict[tuple[object, ...], RadixSuggestion] = {}
    steps = 0
    for base, dense in _promising(wanted, densities, max_width_mismatch):
        if steps > _STEPS:
            break
        weights = [before * after for before, after in itertools.pairwise(dense)]
        sequences, used = _best_radices(base, densities, weights)
        steps += used
        for radices in sequences:
            suggestion = _described(base, radices, dense, wanted, densities)
            found[suggestion.systems, dense] = suggestion
    if not found:
        raise ParameterError(
            f"No RadiX-Net has widths near {list(wanted)} up to "
            f"max_width_mismatch={max_width_mismatch}.",
            hint="allow a larger mismatch, or wider levels.",
        )
    ranked = sorted(_with_front(list(found.values())), key=_rank)
    return [_fitted(suggestion, wanted) for suggestion in ranked[:count]]


def _checked_densities(density: float | Sequence[float], n_layers: int) -> tuple[float, ...]:
    values = tuple(density) if isinstance(density, Sequence) else (density,) * n_layers
    if len(values) != n_layers:
        raise ParameterError.expected(
            "density", f"one number, or one for each of {n_layers} layers", list(values)
        )
    for value in values:
        if not 0.0 < value <= 1.0:
            raise ParameterError.expected("A density", "above 0 and at most 1", value)
    return values


def _rank(suggestion: RadixSuggestion) -> tuple[object, ...]:
    mismatch = suggestion.width_mismatch + suggestion.density_mismatch
    hidden = any(surplus > 0 for surplus in suggestion.surplus[1:-1])
    return (round(mismatch, 12), hidden, suggestion.widths, suggestion.systems)


def _promising(
    wanted: tuple[int, ...], densities: tuple[float, ...], max_width_mismatch: float
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Bases and dense widths in the order of the least mismatch that they can have."""
    bases = np.arange(2, min(2 * max(wanted), 1 + _BASES // len(wanted)) + 1, dtype=np.int64)
    units = np.array(wanted)
    exact = units[:, None] / bases
    tables = []
    for rounded in (np.floor(exact + 0.5), np.ceil(exact), np.floor(exact)):
        rounded[[0, -1]] = np.ceil(exact[[0, -1]])
        dense = np.maximum(rounded, 1).astype(np.int64)
        mismatch = np.abs(dense * bases - units[:, None]).sum(axis=0) / units.sum()
        tables.append((dense, mismatch))
    sparsest = 2 / bases  # no radix is smaller
    excess = np.maximum(sparsest / max(densities) - 1.0, 0.0)
    order = [
        (round(float(mismatch[place] + excess[place]), 12), int(bases[place]), kind)
        for kind, (_, mismatch) in enumerate(tables)
        for place in np.flatnonzero(mismatch <= max_width_mismatch)
    ]
    heapq.heapify(order)
    seen = set()
    while order:
        _, base, kind = heapq.heappop(order)
        dense_widths = tuple(tables[kind][0][:, base - 2].tolist())
        if (base, dense_widths) not in seen:
            seen.add((base, dense_widths))
            yield base, dense_widths


def _best_radices(
    base: int, densities: tuple[float, ...], weights: Sequence[int]
) -> tuple[list[tuple[int, ...]], int]:
    """Radices of all layers with the least density mismatch, and the steps that took.

    A state is what is left to fill of the system, and whether that is the first, which has to
    be filled; the last one has not.
    """
    choices = {left: divisors(left)[1:] for left in divisors(base)[1:]}
    states: dict[tuple[int, bool], list[tuple[float, tuple[int, ...]]]] = {
        (base, True): [(0.0, ())]
    }
    steps = 0
    for density, weight in zip(densities, weights, strict=True):
        following: dict[tuple[int, bool], list[tuple[float, tuple[int, ...]]]] = {}
        for (left, is_first), best in states.items():
            for radix in choices[left]:
                state = (left // radix, is_first) if radix < left else (base, False)
                cost = weight * abs(radix - density * base)
                following.setdefault(state, []).extend(
                    (before + cost, (*radices, radix)) for before, radices in best
                )
                steps += len(best)
        states = {state: heapq.nsmallest(_KEPT, found) for state, found in following.items()}
    complete = [entry for (_, is_first), best in states.items() if not is_first for entry in best]
    return [radices for _, radices in heapq.nsmallest(_KEPT, complete)], steps


def _described(
    base: int,
    radices: tuple[int, ...],
    dense: tuple[int, ...],
    wanted: tuple[int, ...],
    densities: tuple[float, ...],
) -> RadixSuggestion:
    systems: list[list[int]] = [[]]
    for radix in radices:
        if math.prod(systems[-1]) == base:
            systems.append([])
        systems[-1].append(radix)
    weights = [before * after for before, after in itertools.pairwise(dense)]
    asked = [density * base * weight for density, weight in zip(densities, weights, strict=True)]
    edges = [radix * weight for radix, weight in zip(radices, weights, strict=True)]
    surplus = [blocks * base - width for blocks, width in zip(dense, wanted, strict=True)]
    off = sum(abs(has - wish) for has, wish in zip(edges, asked, strict=True))
    return RadixSuggestion(
        systems=tuple(map(tuple, systems)),
        dense_widths=dense,
        widths=tuple(blocks * base for blocks in dense),
        surplus=tuple(surplus),
        layer_densities=tuple(radix / base for radix in radices),
        density=sum(edges) / (base * sum(weights)),
        width_mismatch=sum(map(abs, surplus)) / sum(wanted),
        density_mismatch=off / sum(asked),
        is_symmetric_fitted=all(units <= 0 for units in surplus[1:-1]),
    )


def _with_front(suggestions: list[RadixSuggestion]) -> list[RadixSuggestion]:
    """Mark those that no other is as near as in both mismatches, and nearer in one."""
    marked, nearest = [], math.inf
    for (_, off), group in itertools.groupby(sorted(suggestions, key=_mismatches), _mismatches):
        marked += [replace(suggestion, is_efficient=off < nearest) for suggestion in group]
        nearest = min(nearest, off)
    return marked


def _mismatches(suggestion: RadixSuggestion) -> tuple[float, float]:
    return (round(suggestion.width_mismatch, 12), round(suggestion.density_mismatch, 12))


def _fitted(suggestion: RadixSuggestion, wanted: tuple[int, ...]) -> RadixSuggestion:
    """Add what is left when the surplus is dropped, the first units of each level."""
    chosen = RadixSpecification(suggestion.systems, suggestion.dense_widths)
    kept = []
    for width, surplus in zip(suggestion.widths, suggestion.surplus, strict=True):
        kept.append(np.arange(width) >= max(surplus, 0))
    edges, fans = 0, np.zeros(0, dtype=np.int64)
    for level, (radix, stride) in enumerate(
        zip(chosen.radices, place_values(chosen.systems), strict=True)
    ):
        dense_in, dense_out = chosen.dense_widths[level : level + 2]
        layer = Kronecker(chosen.base, radix, stride, dense_in, dense_out)
        fans = layer.forward(kept[level].astype(np.int64))[kept[level + 1]]
        edges += int(fans.sum())
    left = [min(pair) for pair in zip(suggestion.widths, wanted, strict=True)]
    possible = sum(before * after for before, after in itertools.pairwise(left))
    return replace(suggestion, density_fitted=edges / possible, output_fan_in_min=int(fans.min()))
