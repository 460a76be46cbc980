"""How well could the best property do?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.errors import Undefined
from topograph.study.statistics.columns import Floats, joined, labels, numbers, positive
from topograph.study.statistics.concordance import pair_counts
from topograph.study.statistics.units import grouped, ranks_within


@dataclass(frozen=True)
class NoiseCeiling:
    """Rank agreement of two halves of the replicates, and what follows from it.

    Parameters
    ----------
    agreement : float
        Kendall's tau within strata between two halves: measured, no model.
    ceiling : float or None
        The tau that the true order of the topologies would have with their means over all
        replicates, under a normal model; None where the agreement is not positive.
    n_splits : int
    n_topologies : int
        With two replicates at least.
    undefined : str or None
        Why there is no ceiling.
    """

    agreement: float
    ceiling: float | None
    n_splits: int
    n_topologies: int
    undefined: str | None = None


def noise_ceiling(
    outcome: npt.ArrayLike,
    strata: npt.ArrayLike,
    topologies: npt.ArrayLike,
    replicates: npt.ArrayLike,
    *,
    n_splits: int = 50,
    seed: int = 0,
) -> NoiseCeiling:
    """The most that any property of a topology can reach, from splitting its replicates in half.

    The labels of the replicates are put in a random order, the same for all topologies of a
    stratum; each topology's first ``h = floor(m / 2)`` labels are one half, the next h the other;
    ranks are averaged over each half, and ``agreement`` is tau within strata between the halves
    (the weights of `kendall_within_strata`), the mean over splits. An order that all topologies
    share keeps an effect that one seed has on all of them out of the noise.

    The ceiling assumes a bivariate normal distribution: ``r = sin(pi agreement / 2)`` (Greiner),
    ``R = k r / (1 + (k - 1) r)`` with ``k = m / h`` (Spearman-Brown, from half to all
    replicates), and ``2 / pi asin(sqrt(R))``: the truth has correlation sqrt(R) with means of
    reliability R (Lord & Novick 1968).

    Parameters
    ----------
    outcome : array_like
    strata, topologies : array_like
    replicates : array_like
        What is split: seeds; or labellings, where a property that ignores the labels of units is
        to be judged.
    n_splits : int
    seed : int

    Raises
    ------
    Undefined
        If no stratum has two topologies with two replicates each.

    Examples
    --------
    >>> found = noise_ceiling([1, 1, 2, 2, 3, 3], ["a"] * 6, [1, 1, 2, 2, 3, 3], [0, 1] * 3)
    >>> found.agreement, found.ceiling
    (1.0, 1.0)
    """
    stratum = labels("strata", strata)[0]
    values = ranks_within(numbers("outcome", outcome, stratum.size), stratum)
    unit = joined(stratum, labels("topologies", topologies, stratum.size)[0])
    replicate = labels("replicates", replicates, stratum.size)[0]
    cell = joined(unit, replicate)
    first = np.unique(cell, return_index=True)[1]
    values = np.bincount(cell, values) / np.bincount(cell)
    stratum, unit, replicate = stratum[first], unit[first], replicate[first]
    several = np.bincount(unit)[unit] >= 2
    values, stratum, replicate = values[several], stratum[several], replicate[several]
    unit = joined(unit[several])
    if not unit.size:
        raise Undefined("no topology has two replicates")
    random = np.random.default_rng(seed)
    sizes = np.bincount(unit)
    halves = sizes // 2
    taus = []
    for _ in range(positive("n_splits", n_splits)):
        priority = random.random((int(stratum.max()) + 1, int(replicate.max()) + 1))
        order = np.lexsort((priority[stratum, replicate], unit))
        place = np.arange(unit.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        one = order[place < halves[unit[order]]]
        other = order[(place >= halves[unit[order]]) & (place < 2 * halves[unit[order]])]
        means = [np.bincount(unit[half], values[half]) / halves for half in (one, other)]
        taus.append(_tau_within(means[0], means[1], stratum[np.unique(unit, return_index=True)[1]]))
    agreement = float(np.nanmean(taus)) if np.isfinite(taus).any() else math.nan
    if math.isnan(agreement):
        raise Undefined("no stratum has two topologies that their replicates tell apart")
    ratio = float(np.mean(sizes / halves))
    reason = None if agreement > 0 else "the halves do not agree: there is nothing to explain"
    ceiling = None if reason else ceiling_of(agreement, ratio)
    return NoiseCeiling(agreement, ceiling, n_splits, int(sizes.size), reason)


def ceiling_of(agreement: float, ratio: float) -> float:
    """Return the tau of the truth with the means of all replicates.

    Parameters
    ----------
    agreement : float
        Kendall's tau between halves, in (0, 1].
    ratio : float
        All replicates over those of a half.

    Examples
    --------
    >>> round(ceiling_of(0.5, 2.0), 3)
    0.728
    """
    r = math.sin(math.pi * agreement / 2)
    whole = min(1.0, ratio * r / (1 + (ratio - 1) * r))
    return 2 / math.pi * math.asin(math.sqrt(whole))


def _tau_within(one: Floats, other: Floats, stratum: npt.NDArray[np.int64]) -> float:
    balance, weight = 0, 0.0
    for members in grouped(stratum):
        pairs, first, second = pair_counts(one[members], other[members])
        balance, weight = balance + pairs, weight + math.sqrt(first * second)
    return balance / weight if weight else math.nan
