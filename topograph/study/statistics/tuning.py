"""Which learning rate does each net do best with?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics.columns import Floats, Integers, joined, labels, numbers
from topograph.study.statistics.units import grouped


@dataclass(frozen=True)
class ChosenRate:
    """The rate factor that one labelled topology does best with.

    Parameters
    ----------
    data, variant, topology, labelling : str
    rate_factor : float
    mean_accuracy : float
        On validation images, over the runs with this factor; a diverged run counts 0.
    n_runs : int
        With this factor.
    n_factors : int
        Tried.
    is_at_edge : bool
        Whether it is the smallest or largest of several: a better one may lie outside.
    """

    data: str
    variant: str
    topology: str
    labelling: str
    rate_factor: float
    mean_accuracy: float
    n_runs: int
    n_factors: int
    is_at_edge: bool


@dataclass(frozen=True, eq=False)
class TunedRows:
    """The rows of each labelled topology that were trained with its best rate.

    Parameters
    ----------
    rows : ndarray of bool
        A row of the table each.
    chosen : tuple of ChosenRate
        A labelled topology each, in the order of their names.
    """

    rows: npt.NDArray[np.bool_]
    chosen: tuple[ChosenRate, ...]


@dataclass(frozen=True)
class RateCurve:
    """Mean validation accuracy of one labelled topology at each rate factor.

    Parameters
    ----------
    names : tuple of str
        Data, variant, topology, labelling.
    factors, means : ndarray
        Factors ascending.
    best : int
        Position of the best mean.
    rows : tuple of ndarray
        The rows of each factor.
    """

    names: tuple[str, str, str, str]
    factors: Floats
    means: Floats
    best: int
    rows: tuple[Integers, ...]


def tuned_rows(
    data: npt.ArrayLike,
    variant: npt.ArrayLike,
    topology: npt.ArrayLike,
    labelling: npt.ArrayLike,
    rate_factor: npt.ArrayLike,
    validation_accuracy: npt.ArrayLike,
) -> TunedRows:
    """Rows trained with the rate factor of the best mean validation accuracy.

    For each combination of data, variant, topology and labelling: the factor f whose runs have the
    largest mean validation accuracy over seeds. A diverged run (None or NaN) counts 0, less than
    any net that was trained. Of equal means (to 1e-9) the factor nearest to 1 is taken, by
    ``|log f|``, then the smaller. The choice looks at no test image.

    Parameters
    ----------
    data, variant, topology, labelling : array_like
    rate_factor : array_like
        Positive.
    validation_accuracy : array_like
        From 0 to 1.

    Raises
    ------
    Undefined
        If no row has a validation accuracy.

    Examples
    --------
    >>> found = tuned_rows(["mnist"] * 4, [""] * 4, [1] * 4, [0] * 4, [0.5, 1, 1, 2],
    ...                    [0.8, 0.9, 0.8, None])
    >>> found.rows.tolist(), found.chosen[0].rate_factor
    ([False, True, True, False], 1.0)
    """
    columns = (data, variant, topology, labelling, rate_factor, validation_accuracy)
    rows = np.zeros(np.asarray(rate_factor).size, dtype=np.bool_)
    chosen = []
    for curve in rate_curves(*columns):
        rows[curve.rows[curve.best]] = True
        several = curve.factors.size > 1
        chosen.append(
            ChosenRate(
                *curve.names,
                rate_factor=float(curve.factors[curve.best]),
                mean_accuracy=float(curve.means[curve.best]),
                n_runs=int(curve.rows[curve.best].size),
                n_factors=int(curve.factors.size),
                is_at_edge=several and curve.best in (0, curve.factors.size - 1),
            )
        )
    return TunedRows(rows, tuple(chosen))


def fixed_rows(rate_factor: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Rows trained with the recipe's own rate, a factor of 1.

    Examples
    --------
    >>> fixed_rows([0.5, 1.0, 2.0]).tolist()
    [False, True, False]
    """
    fixed: npt.NDArray[np.bool_] = _factors(rate_factor) == 1
    return fixed


def rate_curves(
    data: npt.ArrayLike,
    variant: npt.ArrayLike,
    topology: npt.ArrayLike,
    labelling: npt.ArrayLike,
    rate_factor: npt.ArrayLike,
    validation_accuracy: npt.ArrayLike,
) -> Iterator[RateCurve]:
    """Yield the mean validation accuracy over rate factors of each labelled topology."""
    factors = _factors(rate_factor)
    accuracy = _accuracies(validation_accuracy, factors.size)
    called = {"data": data, "variant": variant, "topology": topology, "labelling": labelling}
    coded = [labels(name, column, factors.size) for name, column in called.items()]
    for group in grouped(joined(*(codes for codes, _ in coded))):
        tried, place = np.unique(factors[group], return_inverse=True)
        rows = tuple(group[members] for members in grouped(place.astype(np.int64)))
        means = np.array([math.fsum(accuracy[members]) / members.size for members in rows])
        first, second, third, fourth = (names[codes[group[0]]] for codes, names in coded)
        yield RateCurve((first, second, third, fourth), tried, means, _best(tried, means), rows)


def _best(factors: Floats, means: Floats) -> int:
    ties = np.flatnonzero(means >= means.max() - 1e-9)
    return int(min(ties, key=lambda at: (round(abs(math.log(factors[at])), 9), factors[at])))


def _factors(rate_factor: npt.ArrayLike) -> Floats:
    factors = numbers("rate_factor", rate_factor)
    if (factors <= 0).any():
        raise ParameterError.expected("rate_factor", "positive", float(factors.min()))
    return factors


def _accuracies(values: npt.ArrayLike, length: int) -> Floats:
    """Return the accuracies with 0 where there is none."""
    try:
        column = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError.expected(
            "validation_accuracy", "a column of numbers, None where diverged", values
        ) from None
    missing = np.isnan(column)
    column = numbers("validation_accuracy", np.where(missing, 0.0, column), length)
    outside = column[(column < 0) | (column > 1)]
    if outside.size:
        raise ParameterError.expected("validation_accuracy", "from 0 to 1", float(outside[0]))
    if missing.all():
        raise Undefined("no row has a validation accuracy to tune by")
    return column
