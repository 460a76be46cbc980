"""Could the agreement of property and outcome be chance?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.errors import Undefined
from topograph.study.statistics.columns import Floats, Integers, positive
from topograph.study.statistics.concordance import (
    dense_ranks,
    sign_rows,
    untied_pairs,
)
from topograph.study.statistics.units import Units, units_of

_AT_ONCE = 500  # permutations held together; a constant, so that a seed gives one stream


@dataclass(frozen=True)
class PermutationTest:
    """Kendall's tau within strata, and how often chance does as much.

    Parameters
    ----------
    tau : float or None
    p_value : float or None
    n_permutations : int
    n_topologies : int
    n_strata : int
        Strata in which both columns tell topologies apart.
    undefined : str or None
        Why tau has no value.
    """

    tau: float | None
    p_value: float | None
    n_permutations: int
    n_topologies: int
    n_strata: int
    undefined: str | None = None


def permutation_test(
    property: npt.ArrayLike,  # noqa: A002  the field's word
    outcome: npt.ArrayLike,
    strata: npt.ArrayLike,
    topologies: npt.ArrayLike | None = None,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> PermutationTest:
    """Kendall's tau of a property and an outcome within strata, tested by exchanging topologies.

    The unit is the topology: the rows of a topology in a stratum become their mean midrank, so
    that seeds and labellings never count as evidence of their own. Under the hypothesis of no
    effect the topologies of a stratum may be exchanged; a topology that occurs in several strata
    (one mask on two data sets) takes all its outcomes with it, and is exchanged with those that
    occur in the same strata. Only topologies with as many rows are exchanged, for a mean of more
    rows varies less. The statistic is tau of `kendall_within_strata` on units;
    ``p = (r + 1) / (n + 1)``, two-sided, r the permutations whose tau is at least as far from its
    exact mean under permutation (0 unless topologies differ in strata or rows) as the observed
    one (Phipson & Smyth 2010). In (0, 1].

    Apart from the property, topologies of a stratum are taken for independent draws of one kind.
    Where families share something else that moves the outcome, p is too small: with half of the
    variance between families, and a property that varies by family, .21 of true hypotheses were
    rejected at .05 with 5 families of 8 nets, and .12 with 10 of 4. With families as strata,
    so that only nets of one family are compared, .05 and .03 were.

    Parameters
    ----------
    property, outcome : array_like
        One number a row.
    strata : array_like
        Design density and environment of a row.
    topologies : array_like, optional
        Isomorphism class of a row; without it every row is a topology of its own.
    n_permutations : int
    seed : int

    Raises
    ------
    Undefined
        If property or outcome is constant in every stratum, or nothing can be exchanged.

    Examples
    --------
    >>> found = permutation_test([1, 1, 2, 2, 3, 3, 4, 4], [5, 6, 6, 7, 7, 8, 9, 8],
    ...                          ["a"] * 8, [1, 1, 2, 2, 3, 3, 4, 4])
    >>> found.tau, found.n_topologies, round(found.p_value, 1)
    (1.0, 4, 0.1)
    """
    found = permutation_tests(
        {"property": property},
        outcome,
        strata,
        topologies,
        n_permutations=n_permutations,
        seed=seed,
    )["property"]
    if found.undefined is not None:
        raise Undefined(found.undefined)
    return found


def permutation_tests(
    properties: Mapping[str, npt.ArrayLike],
    outcome: npt.ArrayLike,
    strata: npt.ArrayLike,
    topologies: npt.ArrayLike | None = None,
    *,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> dict[str, PermutationTest]:
    """`permutation_test` of several properties under the same permutations, at the price of one.

    A property without a value gets a record whose ``undefined`` says why.
    """
    positive("n_permutations", n_permutations)
    columns, names = [*properties.values(), outcome], [*properties, "outcome"]
    units = units_of(columns, strata, topologies, names)
    balances, counts = permuted_balances(units, n_permutations, seed)
    weights = comparable_pairs(units)
    alone = max((group.size for group in units.exchangeable()), default=0) < 2
    found = {}
    for at, name in enumerate(properties):
        total = math.fsum(weights[at])
        reason = None
        if not total:
            reason = "the property or the outcome is constant in every stratum"
        elif alone:
            reason = (
                "no two topologies occur in the same strata with as many rows, so that none can be "
                "exchanged"
            )
        found[name] = PermutationTest(
            tau=None if reason else max(-1.0, min(1.0, float(balances[at]) / total)),
            p_value=None if reason else (int(counts[at]) + 1) / (n_permutations + 1),
            n_permutations=n_permutations,
            n_topologies=units.n_topologies,
            n_strata=int((weights[at] > 0).sum()),
            undefined=reason,
        )
    return found


def permuted_balances(units: Units, n_permutations: int, seed: int) -> tuple[Floats, Integers]:
    """Return each property's balance of pairs, and how many permutations are as extreme.

    The last column of the units is the outcome, the others are the properties.
    """
    random = np.random.default_rng(seed)
    unmoved = np.arange(units.n_topologies)[None]
    observed = pair_balances(units, unmoved)[0]
    centre = expected_balances(units)
    distance = np.abs(observed - centre) - 1e-9 * (1 + np.abs(centre))
    counts = np.zeros(observed.size, dtype=np.int64)
    for start in range(0, n_permutations, _AT_ONCE):
        orders = shuffles(units, min(_AT_ONCE, n_permutations - start), random)
        counts += (np.abs(pair_balances(units, orders) - centre) >= distance).sum(axis=0)
    return observed, counts


def shuffles(units: Units, count: int, random: np.random.Generator) -> Integers:
    """Return orders of the topologies, each group of exchangeable ones shuffled in itself.

    Returns
    -------
    ndarray of shape (count, topologies)
        Whose outcomes each topology gets.
    """
    orders = np.tile(np.arange(units.n_topologies), (count, 1))
    for group in units.exchangeable():
        if group.size > 1:
            orders[:, group] = random.permuted(np.tile(group, (count, 1)), axis=1)
    return orders


def pair_balances(units: Units, orders: Integers) -> Floats:
    """Return concordant less discordant pairs over all strata, for outcomes in other orders.

    Parameters
    ----------
    units : Units
        The last column is the outcome.
    orders : ndarray of shape (orders, topologies)
        Whose outcomes each topology gets.

    Returns
    -------
    ndarray of shape (orders, properties)
        Whole numbers, exact.
    """
    totals = np.zeros((orders.shape[0], units.values.shape[0] - 1))
    carried = np.zeros(units.n_topologies, dtype=np.float32)
    for members in units.members():
        topology = units.topology[members]
        carried[topology] = dense_ranks(units.values[-1:, members])[0]
        moved = sign_rows(carried[orders[:, topology]].T)
        still = sign_rows(dense_ranks(units.values[:-1, members]).T)
        for outcomes, properties in zip(moved, still, strict=True):
            totals += outcomes.T @ properties
    return totals


def expected_balances(units: Units) -> Floats:
    """Return the mean of `pair_balances` over all permutations.

    Pairs within a group have mean 0. Of two groups g, h of one stratum the mean is the sum of the
    signs of the property between them, times that of the outcome, over ``n_g n_h``.
    """
    totals = np.zeros(units.values.shape[0] - 1)
    for members in units.members():
        group = np.unique(units.mixing[units.topology[members]], return_inverse=True)[1]
        sizes = np.bincount(group)
        if sizes.size == 1:
            continue
        between = np.eye(sizes.size)[group]
        means = []
        for column in units.values[:, members]:
            signs = np.sign(column[None] - column[:, None])
            means.append(between.T @ signs @ between)
        totals += [
            float((one * means[-1] / np.outer(sizes, sizes)).sum()) / 2 for one in means[:-1]
        ]
    return totals


def comparable_pairs(units: Units) -> Floats:
    """Return ``sqrt((n0 - n1) (n0 - n2))`` of each property, the outcome last, in each stratum."""
    untied = np.array(
        [[untied_pairs(column[members]) for members in units.members()] for column in units.values],
        dtype=np.float64,
    )
    found: Floats = np.sqrt(untied[:-1] * untied[-1])
    return found
