"""Does a property say more than its density does?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from topograph.errors import Undefined
from topograph.study.statistics.columns import Floats, labels, positive
from topograph.study.statistics.permutations import shuffles
from topograph.study.statistics.units import Units, units_of

_AT_ONCE = 500
_SMALL = 1e-9  # squared lengths below this times the number of units are rounding


@dataclass(frozen=True)
class PartialCorrelation:
    """Partial rank correlation given controls.

    Parameters
    ----------
    rho : float
    p_value : float
    n_permutations : int
    n_topologies : int
        In strata where the controls leave something.
    method : str
    """

    rho: float
    p_value: float
    n_permutations: int
    n_topologies: int
    method: str = "partial Spearman within strata; Freedman-Lane permutation"


def partial_rank_correlation(
    property: npt.ArrayLike,  # noqa: A002  the field's word
    outcome: npt.ArrayLike,
    controls: Sequence[npt.ArrayLike],
    strata: npt.ArrayLike,
    topologies: npt.ArrayLike | None = None,
    *,
    exchangeable: npt.ArrayLike | None = None,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> PartialCorrelation:
    """Spearman correlation of property and outcome within strata, given controls.

    Units are topologies within strata, as in `permutation_test`. In each stratum property,
    outcome and controls become fractional ranks ``(rank - 1/2) / n``; the first two are regressed
    on the third, with an intercept; the partial correlation is that of the residuals of all strata
    together, ``rho = e_x . e_y / (|e_x| |e_y|)``. From -1 to 1. It takes away what a *linear*
    function of the ranks of the controls explains: an effect of density that bends in the ranks
    stays behind.

    The test is that of Freedman and Lane (1983): the residuals of the outcome under the controls
    alone are permuted and regressed again on the controls. Permuting the outcome itself would
    destroy its relation to the controls, which the hypothesis keeps; of the permutation tests with
    nuisance variables this one holds its level best (Anderson & Robinson 2001, Winkler et al.
    2014). Its statistic is studentised, ``sum e_x e_y / sqrt(sum e_x^2 e_y^2)``: where the controls
    are strong, ranks near the ends leave small residuals in both columns, which rho alone would
    take for agreement (DiCiccio & Romano 2017). It is exact where the controls are constant within
    ``exchangeable`` groups, and approximate elsewhere: in simulations at level .05 it rejected .06
    of true hypotheses with 12 topologies a stratum, and .09 under controls that leave 6 % of the
    variance of the ranks. ``p = (r + 1) / (n + 1)``: twice the smaller tail, at most 1, for
    permutation within ``exchangeable`` groups need not be centred on 0.

    Parameters
    ----------
    property, outcome : array_like
        One number a row.
    controls : sequence of array_like
        Columns such as the logarithm of the edges of each layer. Controls that are constant in a
        stratum do nothing there.
    strata : array_like
        Where ranks are taken and regressed: one environment with all its densities.
    topologies : array_like, optional
    exchangeable : array_like, optional
        Residuals are permuted only among topologies of one such group, for instance of one design
        density, where their spread is alike. Without it, within strata.
    n_permutations : int
    seed : int

    Raises
    ------
    Undefined
        If the controls leave nothing of property or outcome, or nothing can be exchanged.

    Examples
    --------
    >>> density, rest = [1, 1, 1, 2, 2, 2, 3, 3, 3], [1, 2, 3, 1, 2, 3, 1, 2, 3]
    >>> outcome = [10 * d + r for d, r in zip(density, rest)]
    >>> round(partial_rank_correlation(rest, outcome, [density], ["a"] * 9).rho, 3)
    1.0
    """
    positive("n_permutations", n_permutations)
    names = ["property", "outcome", *(f"controls[{at}]" for at in range(len(controls)))]
    units = units_of([property, outcome, *controls], strata, topologies, names)
    first, second, bases = _residuals(units)
    if not len(bases):
        raise Undefined("the controls leave nothing of the property or of the outcome")
    mixing = units if exchangeable is None else _finer(units, exchangeable)
    if max((group.size for group in mixing.exchangeable()), default=0) < 2:
        raise Undefined("no two topologies can be exchanged")
    used = np.concatenate([members for members, _ in bases])
    unmoved = np.arange(units.n_topologies)[None]
    observed = _studentised(units, first, second, bases, unmoved)[0]
    random = np.random.default_rng(seed)
    above = below = 0
    for start in range(0, n_permutations, _AT_ONCE):
        orders = shuffles(mixing, min(_AT_ONCE, n_permutations - start), random)
        found = _studentised(units, first, second, bases, orders)
        above += int((found >= observed - 1e-9).sum())
        below += int((found <= observed + 1e-9).sum())
    rho = float(first @ second) / math.sqrt(float(first @ first) * float(second @ second))
    return PartialCorrelation(
        rho=max(-1.0, min(1.0, rho)),
        p_value=min(1.0, 2 * (min(above, below) + 1) / (n_permutations + 1)),
        n_permutations=n_permutations,
        n_topologies=int(np.unique(units.topology[used]).size),
    )


def _residuals(units: Units) -> tuple[Floats, Floats, list[tuple[npt.NDArray[np.int64], Floats]]]:
    """Return residuals of property and outcome, and an orthonormal basis of each stratum."""
    first, second = np.zeros(units.stratum.size), np.zeros(units.stratum.size)
    bases = []
    for members in units.members():
        ranks = [(rankdata(column) - 0.5) / members.size for column in units.values[:, members]]
        basis = orthonormal(np.array([np.ones(members.size), *ranks[2:]]).T)
        if basis.shape[1] < members.size:
            first[members], second[members] = (
                column - basis @ (basis.T @ column) for column in ranks[:2]
            )
            bases.append((members, basis))
    small = _SMALL * units.stratum.size
    if first @ first < small or second @ second < small:
        return first, second, []
    return first, second, bases


def _studentised(
    units: Units,
    first: Floats,
    second: Floats,
    bases: list[tuple[npt.NDArray[np.int64], Floats]],
    orders: npt.NDArray[np.int64],
) -> Floats:
    """Return ``sum e_x e_y / sqrt(sum e_x^2 e_y^2)`` with the outcome's residuals reordered."""
    product, square = np.zeros(orders.shape[0]), np.zeros(orders.shape[0])
    carried = np.zeros(units.n_topologies)
    for members, basis in bases:
        topology = units.topology[members]
        carried[topology] = second[members]
        moved = carried[orders[:, topology]]
        moved -= (moved @ basis) @ basis.T
        product += moved @ first[members]
        square += moved**2 @ first[members] ** 2
    length = np.sqrt(square)
    return np.divide(product, length, out=np.zeros(length.size), where=length > 1e-12)


def orthonormal(columns: Floats) -> Floats:
    """Return an orthonormal basis of the span of the columns."""
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    kept: Floats = left[:, sizes > 1e-9 * sizes[0]]
    return kept


def _finer(units: Units, groups: npt.ArrayLike) -> Units:
    """Return units that are exchanged within groups of the rows alone."""
    group, _ = labels("exchangeable", groups, units.row_unit.size)
    topology = units.topology[units.row_unit]
    seen: list[set[int]] = [set() for _ in range(units.n_topologies)]
    for at, code in zip(topology.tolist(), group.tolist(), strict=True):
        seen[at].add(code)
    keys = [(int(old), *sorted(more)) for old, more in zip(units.mixing, seen, strict=True)]
    codes = {key: at for at, key in enumerate(dict.fromkeys(keys))}
    mixing = np.array([codes[key] for key in keys], dtype=np.int64)
    return replace(units, mixing=mixing)
