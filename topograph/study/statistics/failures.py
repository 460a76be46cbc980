"""Does a property tell nets that fail from nets that train, and order those that train?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from topograph.errors import ParameterError
from topograph.study.statistics.columns import Floats, labels, numbers, positive
from topograph.study.statistics.permutations import PermutationTest, permutation_tests, shuffles
from topograph.study.statistics.units import Units, units_of

_AT_ONCE = 500


@dataclass(frozen=True)
class SuccessTest:
    """How a property orders nets that predict all classes above those that do not.

    Parameters
    ----------
    auc : float
        From 0 to 1; 1/2 is chance.
    rank_biserial : float
        ``2 auc - 1``.
    p_value : float
    n_permutations, n_topologies : int
    n_succeeded, n_nets : int
        Rows.
    """

    auc: float
    rank_biserial: float
    p_value: float
    n_permutations: int
    n_topologies: int
    n_succeeded: int
    n_nets: int


@dataclass(frozen=True)
class TwoPart:
    """Whether all classes are predicted, then how well.

    Parameters
    ----------
    success : SuccessTest or None
    accuracy : PermutationTest or None
        Of the outcome, among nets that predict all classes.
    success_undefined, accuracy_undefined : str or None
        Why a part has no value.
    """

    success: SuccessTest | None
    accuracy: PermutationTest | None
    success_undefined: str | None = None
    accuracy_undefined: str | None = None


def two_part(
    property: npt.ArrayLike,  # noqa: A002  the field's word
    outcome: npt.ArrayLike,
    predicts_all: npt.ArrayLike,
    strata: npt.ArrayLike,
    topologies: npt.ArrayLike | None = None,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> TwoPart:
    """First whether a net predicts all classes, then the outcome among those that do.

    First part: with ``f_t`` the share of a topology's nets that predict all classes,
    ``AUC = sum f_t (1 - f_u) ([x_t > x_u] + [x_t = x_u] / 2) / sum f_t (1 - f_u)`` over ordered
    pairs of different topologies of a stratum, summed over strata: the chance that of a net that
    predicts all classes and one that does not the former has the larger property (Hanley & McNeil
    1982), topologies weighing alike. Tested by exchanging topologies as in `permutation_test`.

    Second part: `permutation_test` on the rows that predict all classes. It compares those that
    were left over: a property that decides who fails also decides who is compared here, so that
    this part describes and does not separate causes.

    Parameters
    ----------
    property, outcome : array_like
    predicts_all : array_like of bool
    strata, topologies
        As for `permutation_test`.
    n_permutations : int
    seed : int

    Returns
    -------
    TwoPart
        A part without a value is None, with its reason.

    Examples
    --------
    >>> found = two_part([1, 2, 3, 4], [0.1, 0.1, 0.8, 0.9], [False, False, True, True], ["a"] * 4)
    >>> found.success.auc, found.accuracy.tau
    (1.0, 1.0)
    """
    return two_parts(
        {"property": property},
        outcome,
        predicts_all,
        strata,
        topologies,
        n_permutations=n_permutations,
        seed=seed,
    )["property"]


def two_parts(
    properties: Mapping[str, npt.ArrayLike],
    outcome: npt.ArrayLike,
    predicts_all: npt.ArrayLike,
    strata: npt.ArrayLike,
    topologies: npt.ArrayLike | None = None,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> dict[str, TwoPart]:
    """`two_part` of several properties under the same permutations, at the price of one."""
    succeeded = numbers("predicts_all", predicts_all)
    if not np.isin(succeeded, (0, 1)).all():
        raise ParameterError("predicts_all must hold only True and False.")
    rows = succeeded.size
    columns = {name: numbers(name, column, rows) for name, column in properties.items()}
    outcomes = numbers("outcome", outcome, rows)
    stratum = labels("strata", strata, rows)[0]
    topology = np.arange(rows) if topologies is None else np.asarray(topologies)
    units = units_of(list(columns.values()), stratum, topology, list(columns))
    first = _success(units, succeeded, positive("n_permutations", n_permutations), seed)
    kept = succeeded == 1
    second = dict.fromkeys(columns, _NONE_SUCCEEDS)
    if kept.any():
        second = permutation_tests(
            {name: column[kept] for name, column in columns.items()},
            outcomes[kept],
            stratum[kept],
            topology[kept],
            n_permutations=n_permutations,
            seed=seed,
        )
    found = {}
    for name, success in zip(columns, first, strict=True):
        accuracy = second[name]
        reason = None if success else "no stratum has both nets that predict all classes and others"
        found[name] = TwoPart(
            success, None if accuracy.undefined else accuracy, reason, accuracy.undefined
        )
    return found


_NONE_SUCCEEDS = PermutationTest(None, None, 0, 0, 0, "no net predicts all classes")


def _success(
    units: Units, succeeded: Floats, n_permutations: int, seed: int
) -> list[SuccessTest | None]:
    share = np.bincount(units.row_unit, succeeded) / np.bincount(units.row_unit)
    pairs = _mixed_pairs(units, share)
    if not pairs:
        return [None] * units.values.shape[0]
    observed = _balances(units, share, np.arange(units.n_topologies)[None])[0]
    random = np.random.default_rng(seed)
    above, below = np.zeros(observed.size), np.zeros(observed.size)
    for start in range(0, n_permutations, _AT_ONCE):
        orders = shuffles(units, min(_AT_ONCE, n_permutations - start), random)
        found = _balances(units, share, orders)
        above += (found >= observed - 1e-9).sum(axis=0)
        below += (found <= observed + 1e-9).sum(axis=0)
    return [
        SuccessTest(
            auc=(float(balance) / pairs + 1) / 2,
            rank_biserial=float(balance) / pairs,
            p_value=float(min(1.0, 2 * (tail + 1) / (n_permutations + 1))),
            n_permutations=n_permutations,
            n_topologies=units.n_topologies,
            n_succeeded=int(succeeded.sum()),
            n_nets=succeeded.size,
        )
        for balance, tail in zip(observed, np.minimum(above, below), strict=True)
    ]


def _balances(units: Units, share: Floats, orders: npt.NDArray[np.int64]) -> Floats:
    """Return ``sum over t < u of sign(x_t - x_u) (f_t - f_u)`` for shares in other orders.

    It is linear in the shares: ``sum over t of f_t (2 rank_t - n - 1)``.
    """
    total = np.zeros((orders.shape[0], units.values.shape[0]))
    carried = np.zeros(units.n_topologies)
    for members in units.members():
        topology = units.topology[members]
        carried[topology] = share[members]
        ranks = rankdata(units.values[:, members], axis=1)
        total += carried[orders[:, topology]] @ (2 * ranks - members.size - 1).T
    return total


def _mixed_pairs(units: Units, share: Floats) -> float:
    """Return the sum of ``f_t (1 - f_u)`` over ordered pairs of different topologies."""
    total = 0.0
    for members in units.members():
        here = share[members]
        total += float(here.sum() * (1 - here).sum() - (here * (1 - here)).sum())
    return total
