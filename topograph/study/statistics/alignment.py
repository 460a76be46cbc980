"""Does it matter which unit is which?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics.columns import (
    Floats,
    Integers,
    fraction,
    joined,
    labels,
    numbers,
    positive,
)
from topograph.study.statistics.doses import sign_flip
from topograph.study.statistics.resampling import Interval


@dataclass(frozen=True)
class Alignment:
    """What the natural labelling of the units gains over random ones.

    Parameters
    ----------
    gain : float or None
        Mean over topologies.
    interval : Interval or None
        Student's t over topologies; None for one.
    p_value : float or None
        From flipping the signs of the topologies' gains: at least ``2 / 2^topologies``.
    n_topologies : int
        With both the natural labelling and random ones.
    n_relabellings : int
        Random labellings of these.
    n_left_out : int
        Topologies that lack one of the two.
    undefined : str or None
        Why there is no gain.
    """

    gain: float | None
    interval: Interval | None
    p_value: float | None
    n_topologies: int
    n_relabellings: int
    n_left_out: int
    undefined: str | None = None


@dataclass(frozen=True)
class DataAlignment:
    """The gain over all topologies, and over those of each stratum and family.

    Parameters
    ----------
    overall : Alignment
    strata, families : dict of str to Alignment
        No families where none are given.
    """

    overall: Alignment
    strata: dict[str, Alignment]
    families: dict[str, Alignment]


@dataclass(frozen=True, eq=False)
class _Units:
    """Topologies within strata: their gain, NaN where there is none."""

    gain: Floats
    relabellings: Integers
    topology: Integers


def data_alignment(
    outcome: npt.ArrayLike,
    topologies: npt.ArrayLike,
    labellings: npt.ArrayLike,
    strata: npt.ArrayLike | None = None,
    families: npt.ArrayLike | None = None,
    *,
    level: float = 0.95,
    n_permutations: int = 10_000,
    seed: int = 0,
) -> DataAlignment:
    """Mean outcome with the natural labelling of the units, less that with random labellings.

    Labellings of one topology are isomorphic: every graph property is the same, and what differs
    is which input pixel meets which edges. For each topology in a stratum ``gain = mean of
    labelling 0 - mean over labellings 1, 2, ... of their means``, means over seeds; the gains of a
    topology are averaged over its strata, and topologies weigh alike. Where labels carry no
    meaning, as in random nets, the expected gain is 0.

    Each part (all, a stratum, a family) has Student's interval and a two-sided test that flips the
    signs of the topologies' gains (`dose_response`): exact if gains are spread evenly about 0. The
    p-values are not adjusted.

    Parameters
    ----------
    outcome : array_like
        One number a row.
    topologies : array_like
        Isomorphism class of a row.
    labellings : array_like
        0 for the natural one.
    strata, families : array_like, optional
    level : float
    n_permutations : int
        Flips, for more than 12 topologies.
    seed : int

    Raises
    ------
    Undefined
        If no topology has both the natural labelling and a random one.

    Examples
    --------
    >>> found = data_alignment([0.9, 0.6, 0.8, 0.5, 0.4], [1, 1, 1, 2, 2], [0, 1, 2, 0, 1]).overall
    >>> round(found.gain, 3), found.n_relabellings, found.p_value
    (0.15, 3, 0.5)
    """
    fraction("level", level)
    positive("n_permutations", n_permutations)
    values = numbers("outcome", outcome)
    rows = values.size
    topology = labels("topologies", topologies, rows)[0]
    stratum, stratum_names = labels("strata", np.zeros(rows) if strata is None else strata, rows)
    units, unit = _units_of(values, topology, numbers("labellings", labellings, rows), stratum)
    first = np.unique(unit, return_index=True)[1]
    random = np.random.default_rng(seed)

    def part(here: npt.NDArray[np.bool_]) -> Alignment:
        return _alignment(units, here, level, n_permutations, random)

    overall = part(np.ones(first.size, dtype=np.bool_))
    if overall.undefined is not None:
        raise Undefined(overall.undefined)
    by_family = {}
    if families is not None:
        family, family_names = labels("families", families, rows)
        if (family != family[np.unique(topology, return_index=True)[1]][topology]).any():
            raise ParameterError("A topology must have one family, but one has two.")
        by_family = {name: part(family[first] == at) for at, name in enumerate(family_names)}
    by_stratum = {name: part(stratum[first] == at) for at, name in enumerate(stratum_names)}
    return DataAlignment(overall, by_stratum, by_family)


def _units_of(
    values: Floats, topology: Integers, labelling: Floats, stratum: Integers
) -> tuple[_Units, Integers]:
    """Return the units, and the unit of each row."""
    unit = joined(stratum, topology)
    cell = joined(unit, labels("labellings", labelling)[0])
    means = np.bincount(cell, values) / np.bincount(cell)
    first = np.unique(cell, return_index=True)[1]
    natural, unit_of_cell = labelling[first] == 0, unit[first]
    count = int(unit.max(initial=-1)) + 1
    relabellings = np.bincount(unit_of_cell[~natural], minlength=count)
    has_both = (relabellings > 0) & (np.bincount(unit_of_cell[natural], minlength=count) > 0)
    chance = np.bincount(unit_of_cell[~natural], means[~natural], count)
    gain: Floats = np.bincount(unit_of_cell[natural], means[natural], count).astype(np.float64)
    gain -= chance / np.maximum(relabellings, 1)
    gain[~has_both] = np.nan
    return _Units(gain, relabellings, topology[np.unique(unit, return_index=True)[1]]), unit


def _alignment(
    units: _Units,
    here: npt.NDArray[np.bool_],
    level: float,
    n_permutations: int,
    random: np.random.Generator,
) -> Alignment:
    valued = here & np.isfinite(units.gain)
    left_out = int(np.unique(units.topology[here]).size - np.unique(units.topology[valued]).size)
    if not valued.any():
        reason = "no topology has both the natural labelling and a random one"
        return Alignment(None, None, None, 0, 0, left_out, reason)
    topology = joined(units.topology[valued])
    gains = np.bincount(topology, units.gain[valued]) / np.bincount(topology)
    interval = None
    mean = float(gains.mean())
    if gains.size > 1:
        half = float(student.ppf((1 + level) / 2, gains.size - 1))
        half *= float(gains.std(ddof=1)) / math.sqrt(gains.size)
        interval = Interval(
            mean - half, mean + half, level, int(gains.size), "Student's t over topologies"
        )
    return Alignment(
        gain=mean,
        interval=interval,
        p_value=sign_flip(gains, n_permutations, random),
        n_topologies=int(gains.size),
        n_relabellings=int(units.relabellings[valued].sum()),
        n_left_out=left_out,
    )
