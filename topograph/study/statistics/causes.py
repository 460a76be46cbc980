"""How much of the failure is due to which cause?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics.blocks import Blocks, blocks_of
from topograph.study.statistics.columns import Floats, fraction, positive
from topograph.study.statistics.corners import (
    corner_names,
    main_effect_contrasts,
    shapley_contrasts,
)
from topograph.study.statistics.resampling import Interval, percentile_interval, resampled_counts
from topograph.study.statistics.units import units_of

_FEWEST_OTHERS = 5  # topologies that must differ where most are alike


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval.

    Parameters
    ----------
    value : float
    interval : Interval or None
        None where fewer than three topologies can be drawn, or where most topologies have one
        value and fewer than a third of them, and than five, another: rare failures.
    """

    value: float
    interval: Interval | None


@dataclass(frozen=True)
class Corner:
    """The mean outcome where some factors are mended and the others are not.

    Parameters
    ----------
    mended : tuple of str
    outcome : Estimate
    """

    mended: tuple[str, ...]
    outcome: Estimate


@dataclass(frozen=True)
class Cause:
    """What mending one factor changes.

    Parameters
    ----------
    name : str
    main_effect : Estimate
        Mean over all combinations of the other factors.
    shapley : Estimate
        Part in the difference between all mended and nothing mended.
    share : float or None
        The Shapley value over the difference; None where that is 0. Below 0 or above 1 where
        causes work against each other.
    """

    name: str
    main_effect: Estimate
    shapley: Estimate
    share: float | None


@dataclass(frozen=True)
class CausesWithin:
    """The causes in one stratum, or in all.

    Parameters
    ----------
    stratum : str or None
        None for all.
    corners : tuple of Corner
        Nothing mended first, all mended last.
    causes : tuple of Cause
    difference : Estimate or None
        All mended less nothing mended: the sum of the Shapley values.
    remaining : Estimate or None
        The outcome with all mended.
    n_topologies, n_blocks : int
        That have all corners.
    n_left_out : int
        Blocks that lack a corner.
    undefined : str or None
        Why there are no values.
    """

    stratum: str | None
    corners: tuple[Corner, ...]
    causes: tuple[Cause, ...]
    difference: Estimate | None
    remaining: Estimate | None
    n_topologies: int
    n_blocks: int
    n_left_out: int
    undefined: str | None = None


@dataclass(frozen=True)
class ApportionedCauses:
    """The causes in all strata together, and in each.

    Parameters
    ----------
    overall : CausesWithin
    strata : tuple of CausesWithin
    """

    overall: CausesWithin
    strata: tuple[CausesWithin, ...]


def apportioned_causes(
    outcome: npt.ArrayLike,
    mends: Mapping[str, npt.ArrayLike],
    blocks: npt.ArrayLike,
    topologies: npt.ArrayLike,
    strata: npt.ArrayLike | None = None,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> ApportionedCauses:
    """Parts of an outcome's change that are due to each of several causes, in a full factorial.

    A block is one base topology and seed, trained under all ``2^k`` combinations of k factors. The
    blocks of a topology in a stratum are averaged, then the topologies: ``v(S)`` is the mean
    outcome with the factors S mended. The main effect of factor j is the mean of ``v(S + j) -
    v(S)`` over all S without j, equally weighted; its Shapley value the mean over all orders of
    mending (`shapley_contrasts`), so that the values sum to ``v(all) - v(none)``. Both are means
    of differences within blocks, for only complete blocks count. Signs are those of the change:
    below 0 where mending prevents failures. A Shapley value shares interactions among the factors
    that take part; compare it with the main effect to see whether there are any.

    Intervals are percentile bootstraps that draw topologies with replacement among those in the
    same strata, each with all its blocks and corners. They need some topologies that differ: of
    20 topologies with two blocks, a corner in which one training in ten fails has an interval in a
    third of tables (of level .95 these held the true share in .97), and one in which one in twenty
    fails in 3 of 100.

    Parameters
    ----------
    outcome : array_like
        One number a row, such as 0 and 1 for failures, or accuracy.
    mends : mapping of str to array_like of bool
        Whether each factor is mended in the row; up to 10 factors.
    blocks : array_like
        Name of the base topology and seed.
    topologies : array_like
        The base topology: what is drawn.
    strata : array_like, optional
        Of the base topology, such as its density.
    level : float
    n_resamples, seed : int

    Raises
    ------
    Undefined
        If no block has all combinations.
    ParameterError
        If a block has two topologies or strata, or a combination twice.

    Examples
    --------
    >>> found = apportioned_causes([1, 1, 1, 0], {"logits": [0, 1, 0, 1], "decay": [0, 0, 1, 1]},
    ...                            ["a"] * 4, ["a"] * 4).overall
    >>> found.difference.value, [(one.name, one.shapley.value) for one in found.causes]
    (-1.0, [('logits', -0.5), ('decay', -0.5)])
    """
    fraction("level", level)
    positive("n_resamples", n_resamples)
    if not 1 <= len(mends) <= 10:
        raise ParameterError.expected("mends", "one to ten factors", len(mends))
    found = blocks_of(outcome, mends, blocks, topologies, strata)
    names = tuple(mends)
    random = np.random.default_rng(seed)
    overall = _within(None, names, found, level, n_resamples, random)
    if overall.undefined is not None:
        raise Undefined(overall.undefined)
    return ApportionedCauses(
        overall,
        tuple(
            _within(stratum, names, found.of_stratum(at), level, n_resamples, random)
            for at, stratum in enumerate(found.stratum_names)
        ),
    )


def _within(
    stratum: str | None,
    names: Sequence[str],
    blocks: Blocks,
    level: float,
    n_resamples: int,
    random: np.random.Generator,
) -> CausesWithin:
    complete = blocks.is_complete
    n_left_out = int((~complete).sum())
    subsets = corner_names(names)
    if not complete.any():
        reason = f"no block has all {len(subsets)} combinations"
        empty = np.flatnonzero(~blocks.is_filled.any(axis=0))
        if empty.size:
            mended = " and ".join(subsets[empty[0]])
            reason = f"no block has a row with {f'only {mended}' if mended else 'nothing'} mended"
        return CausesWithin(stratum, (), (), None, None, 0, 0, n_left_out, reason)
    units = units_of([], blocks.stratum[complete], blocks.topology[complete])
    table = np.zeros((units.topology.size, len(subsets)))
    np.add.at(table, units.row_unit, blocks.outcome[complete])
    table /= np.bincount(units.row_unit)[:, None]
    draws = None
    if max(block.size for block in units.blocks()) >= 3:
        counts = resampled_counts(units, n_resamples, random)[:, units.topology]
        draws = counts @ table / units.topology.size
    means = table.mean(axis=0)

    def estimate(contrast: Floats) -> Estimate:
        interval = None
        if draws is not None and _differ_enough(table @ contrast):
            interval = percentile_interval(draws @ contrast, level)
        return Estimate(float(means @ contrast), interval)

    corners = np.eye(len(subsets))
    difference = estimate(corners[-1] - corners[0])
    effects = zip(
        names, main_effect_contrasts(len(names)), shapley_contrasts(len(names)), strict=True
    )
    causes = []
    for name, main, shapley in effects:
        part = estimate(shapley)
        share = part.value / difference.value if abs(difference.value) > 1e-12 else None
        causes.append(Cause(name, estimate(main), part, share))
    return CausesWithin(
        stratum=stratum,
        corners=tuple(
            Corner(subset, estimate(corner))
            for subset, corner in zip(subsets, corners, strict=True)
        ),
        causes=tuple(causes),
        difference=difference,
        remaining=estimate(corners[-1]),
        n_topologies=units.n_topologies,
        n_blocks=int(complete.sum()),
        n_left_out=n_left_out,
    )


def _differ_enough(values: Floats) -> bool:
    """Whether a bootstrap of their mean is worth something: not if all but a few are the same."""
    _, counts = np.unique(np.round(values, 12), return_counts=True)
    most = int(counts.max())
    others = values.size - most
    return others >= min(_FEWEST_OTHERS, -(-values.size // 3)) or 2 * most <= values.size
