"""Does the outcome move when a property is turned up, step by step, on one base topology?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from topograph.errors import Undefined
from topograph.study.statistics.columns import (
    Floats,
    Integers,
    fraction,
    joined,
    labels,
    numbers,
    positive,
)
from topograph.study.statistics.resampling import Interval
from topograph.study.statistics.units import grouped

_AT_ONCE = 500
_ENUMERATED = 12  # series up to which all sign patterns are tried
_ROUNDING = 1e-12  # of the largest number: what is left where outcomes or doses are all alike


@dataclass(frozen=True)
class DoseResponse:
    """Slopes of an outcome on a dose within series.

    Parameters
    ----------
    slope : float
        Mean over series.
    slopes : dict of str to float
        Of each series in which the dose varies.
    interval : Interval or None
        Of the mean slope over series; None for one series.
    p_value : float
        From permuting outcomes within series.
    sign_flip_p_value : float
        From flipping the signs of the slopes: at least ``2 / 2^series``.
    n_permutations : int
    undefined : dict of str to str
        Series without a slope, with the reason.
    """

    slope: float
    slopes: dict[str, float]
    interval: Interval | None
    p_value: float
    sign_flip_p_value: float
    n_permutations: int
    undefined: dict[str, str]


def dose_response(
    dose: npt.ArrayLike,
    outcome: npt.ArrayLike,
    base: npt.ArrayLike,
    topologies: npt.ArrayLike | None = None,
    *,
    n_permutations: int = 10_000,
    level: float = 0.95,
    seed: int = 0,
) -> DoseResponse:
    """Mean slope of an outcome on a dose within series that start from one base topology each.

    The rows of a topology are averaged; in each series ``slope = sum (d - mean d) (y - mean y) /
    sum (d - mean d)^2``; the mean over series counts each series once.

    Two tests, for two questions. ``sign_flip_p_value`` takes the slopes of the series as given and
    flips their signs: exact if slopes are spread evenly about 0, so that it also asks whether the
    effect is common to base topologies; all patterns are tried for up to 12 series. ``p_value``
    exchanges the outcomes of the topologies of a series among its doses: exact if the dose does
    nothing anywhere *and* the topologies of a series are as unlike as any. Nets on a walk are not:
    neighbours share edges. Where the outcomes of neighbours had a correlation of .3 beside the
    dose, .10 of true hypotheses were rejected at .05, and at .7 .19, while flips of signs kept
    to .05: go by those. Both are two-sided; drawn ones are ``(r + 1) / (n + 1)``. The interval is
    Student's t over the slopes of the series.

    Parameters
    ----------
    dose, outcome : array_like
        One number a row.
    base : array_like
        The series of a row.
    topologies : array_like, optional
        Without it every row is a topology of its own: give it where there are several seeds.
    n_permutations : int
    level : float
    seed : int

    Raises
    ------
    Undefined
        If the dose varies in no series.

    Examples
    --------
    >>> found = dose_response([0, 1, 2, 0, 1, 2], [5, 6, 7, 1, 3, 5], list("aaabbb"))
    >>> found.slope, found.slopes, found.sign_flip_p_value
    (1.5, {'a': 1.0, 'b': 2.0}, 0.5)
    """
    fraction("level", level)
    positive("n_permutations", n_permutations)
    doses, outcomes, series, names = _averaged(dose, outcome, base, topologies)
    kept, undefined, scores = [], {}, []
    for at, members in enumerate(grouped(series)):
        centred = doses[members] - doses[members].mean()
        if np.abs(centred).max() <= _ROUNDING * np.abs(doses[members]).max():
            undefined[names[at]] = "the dose does not vary"
            continue
        kept.append((names[at], members))
        scores.append(centred / (centred @ centred))
    if not kept:
        raise Undefined("the dose varies in no series")
    centred_outcomes = [outcomes[members] - outcomes[members].mean() for _, members in kept]
    slopes = np.array(
        [score @ values for score, values in zip(scores, centred_outcomes, strict=True)]
    )
    size = np.array([np.abs(score).sum() for score in scores]) * np.abs(outcomes).max()
    slopes[np.abs(slopes) <= _ROUNDING * size] = 0.0
    least = abs(slopes.sum()) * (1 - 1e-9) - _ROUNDING * size.sum()
    random = np.random.default_rng(seed)
    extreme = 0
    for start in range(0, n_permutations, _AT_ONCE):
        count = min(_AT_ONCE, n_permutations - start)
        total = np.zeros(count)
        for score, values in zip(scores, centred_outcomes, strict=True):
            total += random.permuted(np.tile(values, (count, 1)), axis=1) @ score
        extreme += int((np.abs(total) >= least).sum())
    return DoseResponse(
        slope=float(slopes.mean()),
        slopes={name: float(slope) for (name, _), slope in zip(kept, slopes, strict=True)},
        interval=_student(slopes, level),
        p_value=(extreme + 1) / (n_permutations + 1),
        sign_flip_p_value=sign_flip(slopes, n_permutations, random),
        n_permutations=n_permutations,
        undefined=undefined,
    )


def sign_flip(slopes: Floats, n_permutations: int, random: np.random.Generator) -> float:
    """Return the two-sided p-value of a mean under flips of all signs.

    Examples
    --------
    >>> import numpy as np
    >>> sign_flip(np.array([1.0, 2.0, 3.0]), 99, np.random.default_rng(0))
    0.25
    """
    bound = abs(slopes.sum()) * (1 - 1e-9)
    if slopes.size <= _ENUMERATED:
        patterns = np.arange(2**slopes.size)[:, None] >> np.arange(slopes.size) & 1
        return float((np.abs((1 - 2 * patterns) @ slopes) >= bound).mean())
    signs = random.choice((-1.0, 1.0), size=(n_permutations, slopes.size))
    return float(((np.abs(signs @ slopes) >= bound).sum() + 1) / (n_permutations + 1))


def _averaged(
    dose: npt.ArrayLike,
    outcome: npt.ArrayLike,
    base: npt.ArrayLike,
    topologies: npt.ArrayLike | None,
) -> tuple[Floats, Floats, Integers, tuple[str, ...]]:
    doses = numbers("dose", dose)
    outcomes = numbers("outcome", outcome, doses.size)
    series, names = labels("base", base, doses.size)
    if topologies is None:
        return doses, outcomes, series, names
    unit = joined(series, labels("topologies", topologies, doses.size)[0])
    counts = np.bincount(unit)
    means = (np.bincount(unit, column) / counts for column in (doses, outcomes))
    return *means, series[np.unique(unit, return_index=True)[1]], names  # type: ignore[return-value]


def _student(slopes: Floats, level: float) -> Interval | None:
    if slopes.size < 2:
        return None
    half = float(student.ppf((1 + level) / 2, slopes.size - 1))
    half *= float(slopes.std(ddof=1)) / math.sqrt(slopes.size)
    mean = float(slopes.mean())
    return Interval(mean - half, mean + half, level, int(slopes.size), "Student's t over series")
