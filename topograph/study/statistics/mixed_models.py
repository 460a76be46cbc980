"""What does accuracy gain with a property, if topologies differ for other reasons too?"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from topograph.errors import MissingExtraError, ParameterError, Undefined
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


@dataclass(frozen=True)
class FixedEffect:
    """The slope of logit accuracy on a standardised property.

    Parameters
    ----------
    coefficient, standard_error : float
        Logits a standard deviation of the property.
    interval : Interval
    p_value : float
    standard_deviation : float
        Of the property, between topologies within strata.
    """

    coefficient: float
    standard_error: float
    interval: Interval
    p_value: float
    standard_deviation: float


@dataclass(frozen=True)
class MixedModel:
    """A linear mixed model of logit accuracy.

    Parameters
    ----------
    effects : dict of str to FixedEffect
        Of each property, the others held fixed.
    strata : dict of str to float
        Logit accuracy in each stratum with all properties at their means there.
    topology_variance, residual_variance : float
        Of the random intercepts; of the nets of one topology.
    degrees_of_freedom : int
    n_topologies, n_rows, n_clipped : int
        Clipped rows have all images right, or none.
    notes : tuple of str
        What to know before the numbers are used.
    """

    effects: dict[str, FixedEffect]
    strata: dict[str, float]
    topology_variance: float
    residual_variance: float
    degrees_of_freedom: int
    n_topologies: int
    n_rows: int
    n_clipped: int
    notes: tuple[str, ...]


def mixed_model(
    accuracy: npt.ArrayLike,
    properties: Mapping[str, npt.ArrayLike],
    topologies: npt.ArrayLike,
    strata: npt.ArrayLike | None = None,
    *,
    n_images: int,
    level: float = 0.95,
) -> MixedModel:
    """Linear mixed model of logit accuracy on properties, with a random intercept by topology.

    ``logit(y) = stratum mean + sum b x + a_topology + e`` with ``a`` and ``e`` normal and
    independent (Laird & Ware 1982); variances by restricted maximum likelihood, standard errors
    from the observed information of all parameters. A property is less its mean over the
    topologies of the stratum, over its standard deviation there (pooled over strata); b is the
    same without the means, for strata have means of their own.

    Tests and intervals use Student's t with ``rank[X Z] - rank X`` degrees of freedom (X fixed
    effects, Z topologies), those between topologies. In a balanced table of topologies that lie
    in one stratum each, with a variance between topologies above 0, the test is that of least
    squares on the means of topologies.

    Accuracies near 1 and failures at chance make long tails: read the rank tests first.

    Parameters
    ----------
    accuracy : array_like
        From 0 to 1, one a row; a diverged net at chance.
    properties : mapping of str to array_like
        Together in one model; finite.
    topologies : array_like
    strata : array_like, optional
    n_images : int
        Behind each accuracy.
    level : float

    Raises
    ------
    Undefined
        If a property is constant in every stratum, properties are collinear, topologies are too
        few, nets of one topology never differ, or the fit does not converge.
    MissingExtraError
        If statsmodels is not installed.

    Examples
    --------
    >>> found = mixed_model([0.5, 0.6, 0.6, 0.7, 0.8, 0.7, 0.8, 0.9],
    ...                     {"reach": [1, 1, 2, 2, 3, 3, 4, 4]}, list("aabbccdd"), n_images=100)
    >>> round(found.effects["reach"].coefficient, 2), found.degrees_of_freedom
    (0.68, 2)
    """
    fraction("level", level)
    logits = logit_accuracy(accuracy, n_images)
    rows = logits.size
    n_clipped = int(np.isin(np.asarray(accuracy, dtype=np.float64), (0, 1)).sum())
    topology = labels("topologies", topologies, rows)[0]
    stratum, stratum_names = labels("strata", np.zeros(rows) if strata is None else strata, rows)
    if not properties:
        raise ParameterError("properties must hold one at least, but there is none.")
    columns = [_standardised(name, properties[name], stratum, topology) for name in properties]
    design = np.column_stack(
        [*(column for column, _ in columns), np.eye(len(stratum_names))[stratum]]
    )
    freedom = _degrees_of_freedom(design, topology)
    _check_residuals(logits, stratum, topology)
    coefficients, errors, between, within = _fitted(logits, design, topology)
    n_topologies = int(topology.max()) + 1
    reach = float(student.ppf((1 + level) / 2, freedom))
    effects = {}
    for name, (_, deviation), slope, error in zip(
        properties, columns, coefficients, errors, strict=False
    ):
        interval = Interval(
            slope - reach * error, slope + reach * error, level, n_topologies, "Student's t"
        )
        p_value = float(2 * student.sf(abs(slope) / error, freedom))
        effects[name] = FixedEffect(slope, error, interval, p_value, deviation)
    notes = []
    if between <= 1e-6 * within:
        notes.append("the variance between topologies is estimated as 0: on its boundary")
    if n_clipped:
        notes.append(f"accuracies of 0 or 1, moved by half an image: {n_clipped}")
    means = dict(zip(stratum_names, coefficients[len(columns) :], strict=True))
    return MixedModel(
        effects, means, between, within, freedom, n_topologies, rows, n_clipped, tuple(notes)
    )


def logit_accuracy(accuracy: npt.ArrayLike, n_images: int) -> Floats:
    """Log odds of an accuracy, ``log(p / (1 - p))``, p clipped at half an image from 0 and 1.

    Examples
    --------
    >>> import numpy as np
    >>> np.exp(logit_accuracy([0.5, 0.75, 1.0], 2)).round(6).tolist()
    [1.0, 3.0, 3.0]
    """
    half = 0.5 / positive("n_images", n_images)
    values = numbers("accuracy", accuracy)
    outside = values[(values < 0) | (values > 1)]
    if outside.size:
        raise ParameterError.expected("accuracy", "from 0 to 1", float(outside[0]))
    values = np.clip(values, half, 1 - half)
    logits: Floats = np.log(values) - np.log1p(-values)
    return logits


def _standardised(
    name: str, values: npt.ArrayLike, stratum: Integers, topology: Integers
) -> tuple[Floats, float]:
    """Return a property in pooled standard deviations of topologies within strata, and these."""
    column = numbers(f"property {name}", values, stratum.size)
    unit = joined(stratum, topology)
    first = np.unique(unit, return_index=True)[1]
    means = np.bincount(unit, column) / np.bincount(unit)
    home = stratum[first]
    centre = np.bincount(home, means) / np.bincount(home)
    squares = float(((means - centre[home]) ** 2).sum())
    freedom = home.size - int(np.unique(home).size)
    deviation = (squares / freedom) ** 0.5 if freedom else 0.0
    if deviation <= 1e-12 * float(np.abs(column).max()):
        raise Undefined(f"{name} is constant in every stratum")
    return (column - centre[stratum]) / deviation, deviation


def _degrees_of_freedom(design: Floats, topology: Integers) -> int:
    rank = int(np.linalg.matrix_rank(design))
    if rank < design.shape[1]:
        raise Undefined("the properties are collinear within strata")
    counts = np.bincount(topology)
    means = np.array([np.bincount(topology, column) / counts for column in design.T]).T
    inside = int(np.linalg.matrix_rank(design - means[topology], tol=1e-8 * len(topology) ** 0.5))
    freedom = counts.size + inside - rank
    if freedom < 1:
        raise Undefined(f"{counts.size} topologies are too few for {rank} fixed effects")
    return freedom


def _check_residuals(logits: Floats, stratum: Integers, topology: Integers) -> None:
    unit = joined(stratum, topology)
    spread = logits - (np.bincount(unit, logits) / np.bincount(unit))[unit]
    if np.bincount(unit).max() < 2:
        raise Undefined("no topology has two rows: its effect cannot be told from the seed's")
    if np.abs(spread).max() <= 1e-12 * np.abs(logits).max():
        raise Undefined("the nets of one topology never differ")


def _fitted(
    logits: Floats, design: Floats, topology: Integers
) -> tuple[list[float], list[float], float, float]:
    """Return coefficients, standard errors, variance between topologies and within."""
    try:
        from statsmodels.regression.mixed_linear_model import (
            MixedLM,
        )
    except ImportError as error:
        raise MissingExtraError.of("statsmodels", "study") from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # convergence is looked at below
        try:
            fit = MixedLM(logits, design, groups=topology).fit(reml=True, method=["powell", "nm"])
        except np.linalg.LinAlgError:
            raise Undefined("the mixed model has a singular matrix") from None
        slopes, errors = np.asarray(fit.fe_params), np.asarray(fit.bse_fe)
    if not fit.converged:
        raise Undefined("the mixed model did not converge")
    if not np.isfinite([*slopes, *errors]).all():
        raise Undefined("the mixed model has no finite standard errors")
    return slopes.tolist(), errors.tolist(), float(np.ravel(fit.cov_re)[0]), float(fit.scale)
