"""How well are the nets of one family ranked by a fit on the others?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from topograph.study.statistics.columns import Floats, Integers
from topograph.study.statistics.units import Units


@dataclass(frozen=True)
class FamilyScore:
    """How well the nets of one left-out family are ranked.

    Parameters
    ----------
    family : str
    environment : str or None
        None: over all environments.
    tau, baseline_tau : float
        With the properties, and with the baseline alone.
    n_topologies : int
    """

    family: str
    environment: str | None
    tau: float
    baseline_tau: float
    n_topologies: int


def ridge(features: Floats, target: Floats, penalty: float) -> Floats:
    """Return the coefficients b of ``(X'X + penalty I) b = X'y``.

    Examples
    --------
    >>> import numpy as np
    >>> ridge(np.array([[1.0], [1.0]]), np.array([1.0, 2.0]), 1.0).tolist()
    [1.0]
    """
    square = features.T @ features + penalty * np.eye(features.shape[1])
    return np.asarray(np.linalg.solve(square, features.T @ target), dtype=np.float64)


def standardised_ranks(units: Units) -> Floats:
    """Return the ranks of all columns but the outcome, centred in each stratum, of variance 1.

    Returns
    -------
    ndarray of shape (units, columns)
    """
    features = np.zeros((units.stratum.size, units.values.shape[0] - 1))
    for members in units.members():
        for at, column in enumerate(units.values[:-1, members]):
            features[members, at] = _centred_ranks(column)
    features *= math.sqrt(12.0)  # ranks spread evenly over (0, 1) have variance 1/12
    return features


def _centred_ranks(column: Floats) -> Floats:
    ranks: Floats = (rankdata(column) - (column.size + 1) / 2) / max(column.size, 1)
    return ranks


def predicted_from_others(
    units: Units, features: Floats, n_properties: int, family: Integers, penalty: float
) -> Floats:
    """Return predictions of each unit from the other families: all columns, baseline alone."""
    found = np.zeros((2, units.stratum.size))
    for left_out in range(int(family.max(initial=-1)) + 1):
        kept = family != left_out
        target = np.zeros(units.stratum.size)
        centred = features.copy()
        for members in units.members():
            inside = members[kept[members]]
            if inside.size:
                target[inside] = _centred_ranks(units.values[-1, inside])
                centred[inside] -= features[inside].mean(axis=0)
        for at, first in enumerate((0, n_properties)):
            if first < features.shape[1]:
                slopes = ridge(centred[kept, first:], target[kept], penalty)
                found[at, ~kept] = features[~kept, first:] @ slopes
    rounded: Floats = np.round(found, 9)  # equal features must give equal predictions
    return rounded


def family_scores(
    units: Units,
    predictions: Floats,
    family: Integers,
    place: Integers,
    family_names: tuple[str, ...],
    place_names: tuple[str, ...],
) -> list[FamilyScore]:
    """Return the scores of each family, in all environments together and in each."""
    shape = (len(family_names), len(place_names))
    balance, pairs, sizes = np.zeros((2, *shape)), np.zeros(shape), np.zeros(shape, dtype=int)
    for members in units.members():
        for one in np.unique(family[members]):
            inside = members[family[members] == one]
            where = place[inside[0]]
            order = _signs(units.values[-1, inside])
            pairs[one, where] += np.abs(order).sum() / 2
            sizes[one, where] += inside.size
            for column in (0, 1):
                agreement = (order * _signs(predictions[column, inside])).sum() / 2
                balance[column, one, where] += agreement
    scores = []
    for row, family_name in enumerate(family_names):
        for columns, environment in _choices(place_names):
            total = float(pairs[row, columns].sum())
            if total:
                full, base = (float(one[row, columns].sum()) / total for one in balance)
                n_topologies = int(sizes[row, columns].sum())
                scores.append(FamilyScore(family_name, environment, full, base, n_topologies))
    return scores


def _choices(place_names: tuple[str, ...]) -> list[tuple[list[int], str | None]]:
    """Return all environments together, then each alone."""
    alone: list[tuple[list[int], str | None]] = [
        ([at], name) for at, name in enumerate(place_names)
    ]
    return [(list(range(len(place_names))), None), *alone]


def means_by_environment(
    scores: list[FamilyScore], place_names: tuple[str, ...]
) -> list[FamilyScore]:
    """Return the mean over families in each environment."""
    found = []
    for name in place_names:
        here = [score for score in scores if score.environment == name]
        if here:
            found.append(
                FamilyScore(
                    "all",
                    name,
                    float(np.mean([score.tau for score in here])),
                    float(np.mean([score.baseline_tau for score in here])),
                    sum(score.n_topologies for score in here),
                )
            )
    return found


def _signs(column: Floats) -> Floats:
    found: Floats = np.sign(column[None] - column[:, None])
    return found
