"""Do the nets of one family do better than those of another of equal density?"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics.adjustments import holm
from topograph.study.statistics.columns import Floats, fraction, joined, labels, numbers
from topograph.study.statistics.resampling import Interval


@dataclass(frozen=True)
class FamilyContrast:
    """A family against the baseline family in one stratum.

    Parameters
    ----------
    stratum, family : str
    n_topologies, n_baseline : int
    n_rows, n_baseline_rows : int
        Trained nets behind them.
    mean, baseline_mean : float or None
        Over topologies.
    difference : float or None
        ``mean - baseline_mean``.
    interval : Interval or None
        Of the difference, by Welch; None for a family with one topology.
    prediction : Interval or None
        Where one more topology of the baseline would fall; for a family with one topology.
    rank : float or None
        Of a single topology among those of the baseline and itself, 1 for the smallest outcome;
        the mean rank where it is tied.
    p_value, adjusted_p : float or None
        Two-sided; Holm over all contrasts of the table.
    undefined : str or None
        Why there is no comparison.
    """

    stratum: str
    family: str
    n_topologies: int
    n_baseline: int
    n_rows: int
    n_baseline_rows: int
    mean: float | None = None
    baseline_mean: float | None = None
    difference: float | None = None
    interval: Interval | None = None
    prediction: Interval | None = None
    rank: float | None = None
    p_value: float | None = None
    adjusted_p: float | None = None
    undefined: str | None = None


def family_contrasts(
    outcome: npt.ArrayLike,
    families: npt.ArrayLike,
    topologies: npt.ArrayLike,
    strata: npt.ArrayLike,
    *,
    baseline: str,
    level: float = 0.95,
) -> tuple[FamilyContrast, ...]:
    """Differences of the mean outcome of each family to a baseline family, within strata.

    The rows of a topology in a stratum become their mean, and topologies are the units. With n
    topologies of the family and m of the baseline, two of each at least, the difference of their
    means has Welch's interval and test (Welch 1947), with variances of their own. A family with
    one topology (a RadiX-Net has no randomness) has no spread to estimate: it is placed against
    the baseline by ``t = (y - mean) / (s sqrt(1 + 1 / m))`` with m - 1 degrees of freedom, by
    Student's prediction interval for one more topology of the baseline, and by its rank. That
    compares like with like if it was trained with as many seeds and labellings as each of them;
    with more, the interval is too wide for it, with fewer too narrow.

    Parameters
    ----------
    outcome : array_like
        One number a row.
    families, topologies, strata : array_like
    baseline : str
        A family of the table, such as random nets.
    level : float

    Returns
    -------
    tuple of FamilyContrast
        By stratum, then family; families that are not in a stratum have none there.

    Raises
    ------
    Undefined
        If there is no family but the baseline.
    ParameterError
        If the baseline is not among the families, or a topology of a stratum has two families.

    Examples
    --------
    >>> banded, radix = family_contrasts(
    ...     [5, 7, 1, 2, 3, 4], ["banded"] * 2 + ["er"] * 3 + ["radix"], range(6), ["a"] * 6,
    ...     baseline="er")
    >>> radix.rank, round(radix.prediction.high, 2), radix.interval
    (4.0, 6.97, None)
    >>> banded.difference, round(banded.p_value, 3)
    (4.0, 0.094)
    """
    fraction("level", level)
    values = numbers("outcome", outcome)
    stratum, stratum_names = labels("strata", strata, values.size)
    topology = labels("topologies", topologies, values.size)[0]
    family, names = labels("families", families, values.size)
    if str(baseline) not in names:
        raise ParameterError.expected("baseline", f"one of {', '.join(names)}", baseline)
    if len(names) == 1:
        raise Undefined(f"there is no family but {baseline}")
    unit = joined(stratum, topology)
    rows = np.bincount(unit)
    means = np.bincount(unit, values) / rows
    first = np.unique(unit, return_index=True)[1]
    strange = np.flatnonzero(family != family[first][unit])
    if strange.size:
        raise ParameterError(
            f"A topology must have one family in a stratum, but that of row {strange[0]} has two."
        )
    stratum, family = stratum[first], family[first]
    found = []
    for at, stratum_name in enumerate(stratum_names):
        base = (stratum == at) & (family == names.index(str(baseline)))
        for code, name in enumerate(names):
            here = (stratum == at) & (family == code)
            if name == str(baseline) or not here.any():
                continue
            counts = FamilyContrast(
                stratum_name,
                name,
                n_topologies=int(here.sum()),
                n_baseline=int(base.sum()),
                n_rows=int(rows[here].sum()),
                n_baseline_rows=int(rows[base].sum()),
            )
            found.append(_compared(counts, means[here], means[base], level))
    adjusted = iter(holm([one.p_value for one in found if one.p_value is not None]))
    return tuple(
        one if one.p_value is None else replace(one, adjusted_p=next(adjusted)) for one in found
    )


def _compared(counts: FamilyContrast, values: Floats, base: Floats, level: float) -> FamilyContrast:
    mean = float(values.mean())
    if not base.size:
        return replace(counts, mean=mean, undefined="the stratum has no topology of the baseline")
    centre = float(base.mean())
    difference = mean - centre
    known = replace(counts, mean=mean, baseline_mean=centre, difference=difference)
    if base.size < 2:
        return replace(known, undefined="the baseline has one topology in the stratum")
    square = float(base.var(ddof=1))
    if values.size == 1:
        below, tied = (base < mean).sum(), (base == mean).sum()
        known = replace(known, rank=float(1 + below + tied / 2))
        error, freedom = math.sqrt(square * (1 + 1 / base.size)), float(base.size - 1)
    else:
        parts = np.array([float(values.var(ddof=1)) / values.size, square / base.size])
        error = math.sqrt(float(parts.sum()))
        dof = np.array([values.size - 1, base.size - 1])
        freedom = float(parts.sum() ** 2 / (parts**2 / dof).sum()) if error else 0.0
    if error <= 1e-12 * max(abs(mean), abs(centre)):
        return replace(known, undefined="the topologies of a family do not differ: no spread")
    half = float(student.ppf((1 + level) / 2, freedom)) * error
    p_value = float(2 * student.sf(abs(difference) / error, freedom))
    if values.size == 1:
        prediction = Interval(
            centre - half, centre + half, level, int(base.size), "Student's t, one more topology"
        )
        return replace(known, prediction=prediction, p_value=p_value)
    n_units = int(values.size + base.size)
    interval = Interval(difference - half, difference + half, level, n_units, "Welch's t")
    return replace(known, interval=interval, p_value=p_value)
