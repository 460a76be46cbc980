"""How far might tau be off, had other topologies been drawn?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.errors import Undefined
from topograph.study.statistics.columns import Floats, fraction, positive
from topograph.study.statistics.units import Units, units_of


@dataclass(frozen=True)
class Interval:
    """An interval from resampling.

    Parameters
    ----------
    low, high : float
    level : float
        Nominal coverage.
    n_resamples : int
        Resamples that gave a value.
    method : str
    """

    low: float
    high: float
    level: float
    n_resamples: int
    method: str


def cluster_bootstrap(
    property: npt.ArrayLike,  # noqa: A002  the field's word
    outcome: npt.ArrayLike,
    strata: npt.ArrayLike,
    topologies: npt.ArrayLike | None = None,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    seed: int = 0,
) -> Interval:
    """Percentile interval of tau within strata, from resampling topologies.

    Topologies are drawn with replacement among those that occur in the same strata, each with all
    its rows and strata; tau of `permutation_test` is computed anew, with the copies of a topology
    not compared with one another; the interval runs between the quantiles ``(1 - level) / 2`` and
    ``(1 + level) / 2`` (Efron & Tibshirani 1993, chapter 13). Of level .95 it held the true tau in
    .95 to .96 of tables with 6 to 30 topologies in one stratum.

    Parameters
    ----------
    property, outcome, strata, topologies
        As for `permutation_test`.
    level : float
    n_resamples : int
    seed : int

    Raises
    ------
    Undefined
        If tau has no value, or fewer than six topologies can be drawn from in any stratum: with
        fewer the interval would be far too narrow.

    Examples
    --------
    >>> found = cluster_bootstrap([1, 2, 3, 4, 5, 6], [1, 2, 3, 5, 4, 6], ["a"] * 6)
    >>> found.low < 0.87 <= found.high
    True
    """
    fraction("level", level)
    units = units_of([property, outcome], strata, topologies, ["property", "outcome"])
    random = np.random.default_rng(seed)
    if max((block.size for block in units.blocks()), default=0) < 6:
        raise Undefined("no stratum has six topologies to draw from")
    ones = np.ones((1, units.n_topologies))
    if not np.isfinite(weighted_taus(units, ones)).all():
        raise Undefined("the property or the outcome is constant in every stratum")
    counts = resampled_counts(units, positive("n_resamples", n_resamples), random)
    return percentile_interval(weighted_taus(units, counts)[:, 0], level)


def percentile_interval(draws: Floats, level: float) -> Interval:
    """Return the quantiles ``(1 -+ level) / 2`` of the draws that have a value.

    Raises
    ------
    Undefined
        If fewer than half of the draws have a value.
    """
    valued = draws[np.isfinite(draws)]
    if 2 * valued.size < draws.size or not valued.size:
        raise Undefined("more than half of the resamples have no value")
    low, high = np.quantile(valued, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, int(valued.size), "percentile bootstrap")


def resampled_counts(units: Units, count: int, random: np.random.Generator) -> Floats:
    """Return how often each topology is drawn in each resample.

    Returns
    -------
    ndarray of shape (count, topologies)
        In every block as many draws as it has topologies.
    """
    counts: Floats = np.empty((count, units.n_topologies))
    for block in units.blocks():
        counts[:, block] = drawn_counts(block.size, count, random)
    return counts


def drawn_counts(size: int, count: int, random: np.random.Generator) -> Floats:
    """Return how often each of ``size`` things comes in ``size`` draws, ``count`` times."""
    drawn = random.integers(size, size=(count, size)) + size * np.arange(count)[:, None]
    return np.bincount(drawn.ravel(), minlength=count * size).reshape(count, size).astype(float)


def weighted_taus(units: Units, counts: Floats) -> Floats:
    """Return tau within strata of each property with topologies counted several times.

    A pair (s, t) counts ``c_s c_t`` times, a topology is never compared with its own copies.

    Parameters
    ----------
    units : Units
        The last column is the outcome.
    counts : ndarray of shape (resamples, topologies)

    Returns
    -------
    ndarray of shape (resamples, properties)
        NaN where no stratum has a comparable pair.
    """
    shape = (counts.shape[0], units.values.shape[0] - 1)
    balance, weight = np.zeros(shape), np.zeros(shape)
    for members in units.members():
        drawn = counts[:, units.topology[members]].astype(np.float32)
        outcome = _signs(units.values[-1, members])
        untied_outcome = _pairs(drawn, np.abs(outcome))
        for at, column in enumerate(units.values[:-1, members]):
            signs = _signs(column)
            balance[:, at] += _pairs(drawn, signs * outcome)
            weight[:, at] += np.sqrt(_pairs(drawn, np.abs(signs)) * untied_outcome)
    return np.divide(balance, weight, out=np.full(shape, np.nan), where=weight > 0)


def _signs(column: Floats) -> npt.NDArray[np.float32]:
    return np.sign(column[None] - column[:, None]).astype(np.float32)


def _pairs(drawn: npt.NDArray[np.float32], kernel: npt.NDArray[np.float32]) -> Floats:
    # Sums of small whole numbers: exact in float32 as long as a row sum stays below 2^24.
    found: Floats = ((drawn @ kernel) * drawn).sum(axis=1, dtype=np.float64) / 2
    return found
