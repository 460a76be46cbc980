"""How many topologies and seeds does it take to see an effect?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from topograph.errors import ParameterError
from topograph.study.statistics.columns import Floats, fraction, positive


@dataclass(frozen=True)
class PowerEstimate:
    """The chance that `permutation_test` finds an effect.

    Parameters
    ----------
    power : float
    standard_error : float
        Of the simulation, ``sqrt(power (1 - power) / n)``; the permutation distribution is drawn
        once, which adds to it.
    expected_tau : float
        Mean of tau in the simulations: smaller than the true one, for the noise of seeds.
    n_simulations : int
    """

    power: float
    standard_error: float
    expected_tau: float
    n_simulations: int


def power_estimate(
    n_topologies: int,
    n_seeds: int,
    class_share: float,
    tau: float,
    *,
    n_strata: int = 1,
    significance: float = 0.05,
    n_simulations: int = 500,
    n_permutations: int | None = None,
    seed: int = 0,
) -> PowerEstimate:
    """The chance that a true tau is found, by simulation.

    In each stratum a normal property x and topology effects ``a = r x + sqrt(1 - r^2) z`` with
    ``r = sin(pi tau / 2)``, so that tau is Kendall's tau of property and effects; the mean outcome
    over seeds is ``sqrt(s) a + sqrt((1 - s) / n_seeds) e`` with s the class share. The p-value of
    `permutation_test` is taken from one permutation distribution, which without ties is the same
    for all data. A property with ties (a smallest fan-in) has less power than this.

    Parameters
    ----------
    n_topologies : int
        In each stratum; two at least.
    n_seeds : int
        Of each topology.
    class_share : float
        Share of the variance of single outcomes between topologies, from 0 to 1.
    tau : float
        From -1 to 1.
    n_strata : int
    significance : float
        For m primaries under Holm, the level over m is the careful choice.
    n_simulations : int
    n_permutations : int, optional
        By default 1000, or as many as leave 50 in the tails at this significance.
    seed : int

    Examples
    --------
    >>> found = power_estimate(20, 5, 0.5, 0.4)
    >>> 0.4 < found.power < 0.9, found.expected_tau < 0.4
    (True, True)
    """
    fraction("significance", significance)
    for name, value in (("n_seeds", n_seeds), ("n_strata", n_strata)):
        positive(name, value)
    if n_topologies < 2:
        raise ParameterError.expected("n_topologies", "two at least", n_topologies)
    if not 0 <= class_share <= 1:
        raise ParameterError.expected("class_share", "from 0 to 1", class_share)
    if not -1 <= tau <= 1:
        raise ParameterError.expected("tau", "from -1 to 1", tau)
    random = np.random.default_rng(seed)
    if n_permutations is None:
        n_permutations = max(1000, math.ceil(50 / significance))
    if significance * (positive("n_permutations", n_permutations) + 1) < 1:
        raise ParameterError.expected(
            "n_permutations",
            f"at least {math.ceil(1 / significance) - 1} to reach a significance of {significance}",
            n_permutations,
        )
    r = math.sin(math.pi * tau / 2)
    null = np.zeros(n_permutations)
    found = np.zeros(positive("n_simulations", n_simulations))
    for _ in range(n_strata):
        null += _balances(random.standard_normal((n_permutations, n_topologies)))
        # Topologies come in the order of the property, so that tau counts outcomes in order.
        x = np.sort(random.standard_normal((n_simulations, n_topologies)), axis=1)
        z, e = random.standard_normal((2, n_simulations, n_topologies))
        effect = r * x + math.sqrt(1 - r * r) * z
        found += _balances(
            math.sqrt(class_share) * effect + math.sqrt((1 - class_share) / n_seeds) * e
        )
    null = np.sort(np.abs(null))
    extreme = n_permutations - np.searchsorted(null, np.abs(found), side="left")
    power = float(((extreme + 1) / (n_permutations + 1) <= significance).mean())
    pairs = n_strata * n_topologies * (n_topologies - 1) / 2
    return PowerEstimate(
        power=power,
        standard_error=math.sqrt(power * (1 - power) / n_simulations),
        expected_tau=float(found.mean() / pairs),
        n_simulations=n_simulations,
    )


def _balances(rows: Floats) -> Floats:
    """Return the pairs in order less the pairs in reverse order of each row; rows without ties."""
    width = rows.shape[1]
    table = rows.astype(np.float32)
    total = np.zeros(rows.shape[0])
    for at in range(width - 1):
        above = np.count_nonzero(table[:, at + 1 :] > table[:, at : at + 1], axis=1)
        total += 2 * above - (width - 1 - at)
    return total
