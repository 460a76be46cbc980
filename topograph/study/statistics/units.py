"""Which topologies are compared, and which may be exchanged?

A unit is one topology (isomorphism class) in one stratum. All its rows, whatever their seeds and
labellings, become one value: more seeds make a unit more certain, never more numerous.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from topograph.study.statistics.columns import Floats, Integers, joined, labels, numbers


@dataclass(frozen=True)
class Units:
    """Topologies within strata, with the mean rank of every column.

    Parameters
    ----------
    values : ndarray of shape (columns, units)
        Mean over the rows of a unit of their midranks within the stratum. Ranks make every
        statistic on units invariant under monotone transforms of a column: accuracy and logit
        accuracy give one answer.
    stratum, topology : ndarray of shape (units,)
        Codes.
    block : ndarray of shape (topologies,)
        Topologies that occur in the same strata have one block: these are drawn for one another.
    mixing : ndarray of shape (topologies,)
        Those that have as many rows in each of them as well: these may be exchanged. A mean of
        eight rows varies less than one of two, so that exchanging the two is no matter of chance.
    stratum_names : tuple of str
    row_unit : ndarray of shape (rows,)
        The unit of each row.
    """

    values: Floats
    stratum: Integers
    topology: Integers
    block: Integers
    mixing: Integers
    stratum_names: tuple[str, ...]
    row_unit: Integers

    @property
    def n_topologies(self) -> int:
        """Number of topologies, each counted once however many strata it occurs in."""
        return int(self.block.size)

    def members(self) -> list[Integers]:
        """Return the units of each stratum."""
        return grouped(self.stratum)

    def blocks(self) -> list[Integers]:
        """Return the topologies of each block."""
        return grouped(self.block)

    def exchangeable(self) -> list[Integers]:
        """Return the topologies of each group of `mixing`."""
        return grouped(self.mixing)


def units_of(
    columns: Sequence[npt.ArrayLike],
    strata: npt.ArrayLike,
    topologies: npt.ArrayLike | None = None,
    names: Sequence[str] = (),
) -> Units:
    """Return the units of a table.

    Parameters
    ----------
    columns : sequence of array_like
        Numbers, one a row.
    strata : array_like
        Only rows of one stratum are compared: a stratum is one design density in one environment.
    topologies : array_like, optional
        Which topology a row trained; without it every row is a topology of its own.
    names : sequence of str, optional
        What the columns are called in errors.

    Examples
    --------
    >>> found = units_of([[0.9, 0.7, 0.8, 0.5]], ["a", "a", "a", "b"], [1, 1, 2, 3])
    >>> found.values.tolist(), found.stratum.tolist(), found.block.tolist()
    ([[2.0, 2.0, 1.0]], [0, 0, 1], [0, 0, 1])
    """
    called = [*names, *("values",) * (len(columns) - len(names))]
    stratum, stratum_names = labels("strata", strata)
    rows = stratum.size
    table = [numbers(name, column, rows) for name, column in zip(called, columns, strict=True)]
    topology = (
        np.arange(rows, dtype=np.int64)
        if topologies is None
        else labels("topologies", topologies, rows)[0]
    )
    unit = joined(stratum, topology)
    counts = np.bincount(unit)
    first = np.unique(unit, return_index=True)[1]
    values = np.array(
        [np.bincount(unit, ranks_within(column, stratum)) / counts for column in table]
    ).reshape(len(table), counts.size)
    return Units(
        values=values,
        stratum=stratum[first],
        topology=topology[first],
        block=_patterns(topology[first], stratum[first]),
        mixing=_patterns(topology[first], stratum[first], counts),
        stratum_names=stratum_names,
        row_unit=unit,
    )


def ranks_within(column: Floats, groups: Integers) -> Floats:
    """Return the midranks 1, 2, ... of a column within each group.

    Examples
    --------
    >>> import numpy as np
    >>> ranks_within(np.array([3.0, 1.0, 1.0, 7.0]), np.array([0, 0, 0, 1])).tolist()
    [3.0, 1.5, 1.5, 1.0]
    """
    ranks = np.empty(column.size)
    for group in grouped(groups):
        ranks[group] = rankdata(column[group])
    return ranks


def grouped(codes: Integers) -> list[Integers]:
    """Return the positions of each code 0, 1, ..."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.cumsum(np.bincount(codes))[:-1]) if codes.size else []


def _patterns(topology: Integers, *features: Integers) -> Integers:
    """Return codes of the topologies: one for those whose units have the same features."""
    seen: dict[int, list[tuple[int, ...]]] = {}
    told = zip(*(feature.tolist() for feature in features), strict=True)
    for code, unit in zip(topology.tolist(), told, strict=True):
        seen.setdefault(code, []).append(unit)
    patterns: dict[tuple[tuple[int, ...], ...], int] = {}
    found = [patterns.setdefault(tuple(seen[code]), len(patterns)) for code in sorted(seen)]
    return np.array(found, dtype=np.int64)
