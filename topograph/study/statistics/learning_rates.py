"""How far may the learning rate be off before a net does worse?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.errors import ParameterError
from topograph.study.statistics.columns import Floats
from topograph.study.statistics.tuning import RateCurve, rate_curves


@dataclass(frozen=True)
class RateBasin:
    """The rates around the best at which one labelled topology does nearly as well.

    Parameters
    ----------
    data, variant, topology, labelling : str
    width : float or None
        In decades of the rate.
    low, high : float or None
        Rate factors at its ends.
    best_accuracy : float
        The largest mean validation accuracy.
    n_factors : int
    is_censored : bool
        Whether an end is the smallest or largest factor tried: the basin may be wider.
    undefined : str or None
        Why there is no width.
    """

    data: str
    variant: str
    topology: str
    labelling: str
    width: float | None
    low: float | None
    high: float | None
    best_accuracy: float
    n_factors: int
    is_censored: bool
    undefined: str | None = None


def learning_rate_basin(
    data: npt.ArrayLike,
    variant: npt.ArrayLike,
    topology: npt.ArrayLike,
    labelling: npt.ArrayLike,
    rate_factor: npt.ArrayLike,
    validation_accuracy: npt.ArrayLike,
    *,
    within: float = 0.01,
    least_accuracy: float = 0.0,
) -> tuple[RateBasin, ...]:
    """Decades of learning rates over which a net stays close to its best accuracy.

    For each combination of data, variant, topology and labelling the mean validation accuracies
    over seeds are joined by straight lines over ``log10 f``, f the rate factor; the basin is the
    stretch around the best factor (ties as in `tuned_rows`) on which the line is at least
    ``best - within``, ``width = log10(high / low)``. A diverged run (None or NaN) counts 0. A
    second stretch, apart from the best, does not count.

    Undefined with one factor, and where the best is below ``least_accuracy`` or 0: a net that
    never learns is equally bad at every rate, which is no basin.

    Parameters
    ----------
    data, variant, topology, labelling, rate_factor, validation_accuracy
        As for `tuned_rows`.
    within : float
        Accuracy that may be lost; positive.
    least_accuracy : float
        Such as twice chance.

    Examples
    --------
    >>> (found,) = learning_rate_basin(["mnist"] * 3, [""] * 3, [1] * 3, [0] * 3, [0.1, 1, 10],
    ...                                [0.895, 0.9, 0.88])
    >>> round(found.width, 6), found.low, found.is_censored
    (1.5, 0.1, True)
    """
    if not 0 < within < 1:
        raise ParameterError.expected("within", "a share between 0 and 1", within)
    if not 0 <= least_accuracy <= 1:
        raise ParameterError.expected("least_accuracy", "from 0 to 1", least_accuracy)
    columns = (data, variant, topology, labelling, rate_factor, validation_accuracy)
    return tuple(_basin(curve, within, least_accuracy) for curve in rate_curves(*columns))


def _basin(curve: RateCurve, within: float, least: float) -> RateBasin:
    best = float(curve.means[curve.best])
    count = int(curve.factors.size)
    reason = None
    if count == 1:
        reason = "one rate was tried"
    elif best <= 0:
        reason = "every run diverged"
    elif best < least:
        reason = f"the best mean accuracy is {best:.3g}, below {least:.3g}"
    if reason:
        return RateBasin(*curve.names, None, None, None, best, count, False, reason)
    decades = np.log10(curve.factors)
    up, is_up_open = _reach(decades[curve.best :], curve.means[curve.best :], best - within)
    down, is_down_open = _reach(
        -decades[curve.best :: -1], curve.means[curve.best :: -1], best - within
    )
    ends = float(10**-down), float(10**up)
    open_either = is_up_open or is_down_open
    low, high = (_snapped(end, curve.factors) for end in ends)
    return RateBasin(*curve.names, up + down, low, high, best, count, open_either)


def _reach(places: Floats, means: Floats, floor: float) -> tuple[float, bool]:
    """Return where the line first falls to the floor, and whether it never does."""
    for at in range(1, places.size):
        if means[at] < floor - 1e-12:
            share = (means[at - 1] - floor) / (means[at - 1] - means[at])
            step = places[at] - places[at - 1]
            return float(places[at - 1] + max(0.0, share) * step), False
    return float(places[-1]), True


def _snapped(end: float, factors: Floats) -> float:
    near = factors[np.argmin(np.abs(factors - end))]
    return float(near) if math.isclose(near, end, rel_tol=1e-9) else end
