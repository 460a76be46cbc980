"""Which properties are one property under several names?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse.csgraph import connected_components

from topograph.study.statistics.columns import Floats, fraction
from topograph.study.statistics.resampling import weighted_taus
from topograph.study.statistics.units import Units, units_of


@dataclass(frozen=True)
class CollinearGroups:
    """Properties that order the topologies of a stratum nearly alike.

    Parameters
    ----------
    groups : tuple of tuple of str
        In the order given; properties that stand alone are groups of one.
    tau : dict of str to dict of str to float or None
        Kendall's tau within strata of each pair; None where it has no value.
    threshold : float
    """

    groups: tuple[tuple[str, ...], ...]
    tau: dict[str, dict[str, float | None]]
    threshold: float


def collinear_groups(
    properties: Mapping[str, npt.ArrayLike],
    strata: npt.ArrayLike,
    topologies: npt.ArrayLike | None = None,
    *,
    threshold: float = 0.8,
) -> CollinearGroups:
    """Groups of properties joined by a chain of pairs with ``|tau|`` above a threshold.

    Kendall's tau within strata on units, as in `permutation_test`; groups are the connected
    components of the graph whose edges are pairs with ``|tau| > threshold``. So no two properties
    above the threshold are ever tested as two primaries, and the order of the columns does not
    matter; a chain may join two that are less alike. Name one of a group as the primary, before
    any outcome is looked at: outcomes take no part here. A constant property stands alone.

    Parameters
    ----------
    properties : mapping of str to array_like
    strata : array_like
    topologies : array_like, optional
    threshold : float
        Between 0 and 1.

    Examples
    --------
    >>> columns = {"reach": [1, 2, 3, 4], "gap": [2, 1, 4, 3], "paths": [-1, -2, -3, -4]}
    >>> collinear_groups(columns, ["a"] * 4).groups
    (('reach', 'paths'), ('gap',))
    """
    fraction("threshold", threshold)
    names = list(properties)
    units = units_of(list(properties.values()), strata, topologies, names)
    taus = _taus(units)
    _, codes = connected_components(np.abs(np.nan_to_num(taus)) > threshold, directed=False)
    groups: dict[int, list[str]] = {}
    for name, code in zip(names, codes.tolist(), strict=True):
        groups.setdefault(code, []).append(name)
    return CollinearGroups(
        groups=tuple(tuple(group) for group in groups.values()),
        tau={
            name: {
                other: float(taus[i, j]) if np.isfinite(taus[i, j]) else None
                for j, other in enumerate(names)
            }
            for i, name in enumerate(names)
        },
        threshold=threshold,
    )


def _taus(units: Units) -> Floats:
    ones = np.ones((1, units.n_topologies))
    count = units.values.shape[0]
    taus = np.empty((count, count))
    for at in range(count):
        columns = np.vstack([units.values, units.values[at]])
        taus[at] = np.clip(weighted_taus(replace(units, values=columns), ones)[0], -1, 1)
    return taus
