"""What do the sums of squares of a nested design say of its variances?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics.columns import Floats, Integers, joined, labels, numbers
from topograph.study.statistics.resampling import drawn_counts
from topograph.study.statistics.units import grouped


@dataclass(frozen=True)
class Classes:
    """Sums of the rows of each topology within a stratum.

    Parameters
    ----------
    stratum : ndarray of int
    rows, labellings : ndarray
        How many.
    mean : ndarray
        Of the outcome, less that of the stratum.
    squares_labelling, squares_seed : ndarray
        Sums of squares between its labellings, and within them.
    concentration : ndarray
        ``sum over labellings of n_ij^2 / n_i``.
    """

    stratum: Integers
    rows: Floats
    labellings: Floats
    mean: Floats
    squares_labelling: Floats
    squares_seed: Floats
    concentration: Floats


def classes_of(
    outcome: npt.ArrayLike,
    topology: npt.ArrayLike,
    labelling: npt.ArrayLike,
    seed: npt.ArrayLike,
    strata: npt.ArrayLike | None,
) -> tuple[Classes, tuple[str, ...]]:
    """Return the sums of each topology, and what the design cannot tell apart."""
    values = numbers("outcome", outcome).copy()
    rows = values.size
    stratum = labels("strata", np.zeros(rows) if strata is None else strata, rows)[0]
    unit = joined(stratum, labels("topology", topology, rows)[0])
    cell = joined(unit, labels("labelling", labelling, rows)[0])
    run = joined(cell, labels("seed", seed, rows)[0])
    if run.size and np.bincount(run).max() > 1:
        row = int(np.flatnonzero(np.bincount(run)[run] > 1)[0])
        raise ParameterError(
            f"Every seed of a labelling must come once in a stratum, but row {row} has a double.",
            hint="tell environments apart by strata",
        )
    unit_of_cell = np.zeros(int(cell.max(initial=-1)) + 1, dtype=np.int64)
    unit_of_cell[cell] = unit
    cells_of_unit = np.bincount(unit_of_cell)
    notes: tuple[str, ...] = ()
    if run.size == cells_of_unit.size:
        raise Undefined("no topology has two rows: its effect cannot be told from the seed's")
    if (cells_of_unit == 1).all():
        notes = ("one labelling a topology: its variance lies within the topology's",)
    elif run.size == unit_of_cell.size:
        notes = ("one seed a labelling: the labelling's variance lies within the seed's",)
        cell, unit_of_cell = unit, np.arange(cells_of_unit.size)
    for group in grouped(stratum):
        values[group] = values[group] - values[group].mean()  # for digits; the model is unmoved
    per_cell = np.bincount(cell).astype(np.float64)
    cell_mean = np.bincount(cell, values) / per_cell
    per_unit = np.bincount(unit).astype(np.float64)
    mean = np.bincount(unit, values) / per_unit
    between = per_cell * (cell_mean - mean[unit_of_cell]) ** 2
    first = np.unique(unit, return_index=True)[1]
    return Classes(
        stratum=stratum[first],
        rows=per_unit,
        labellings=np.bincount(unit_of_cell).astype(np.float64),
        mean=mean,
        squares_labelling=np.bincount(unit_of_cell, between).astype(np.float64),
        squares_seed=np.bincount(unit, (values - cell_mean[cell]) ** 2).astype(np.float64),
        concentration=np.bincount(unit_of_cell, per_cell**2) / per_unit,
    ), notes


def estimates(classes: Classes, weights: Floats) -> Floats:
    """Return the three estimates for topologies counted several times; NaN where undefined."""
    n_draws = weights.shape[0]
    error_freedom = weights @ (classes.rows - classes.labellings)
    label_freedom = weights @ (classes.labellings - 1)
    label_factor = weights @ (classes.rows - classes.concentration)
    square, freedom, label_in_class, class_factor = (np.zeros(n_draws) for _ in range(4))
    for members in grouped(classes.stratum):
        drawn, rows = weights[:, members], classes.rows[members]
        total = drawn @ rows
        safe = np.where(total > 0, total, 1.0)
        sums = drawn @ (rows * classes.mean[members])
        square += drawn @ (rows * classes.mean[members] ** 2) - sums**2 / safe
        freedom += np.maximum(drawn.sum(axis=1) - 1, 0)
        label_in_class += drawn @ classes.concentration[members]
        label_in_class -= drawn @ (classes.concentration[members] * rows) / safe
        class_factor += total - drawn @ rows**2 / safe
    with np.errstate(divide="ignore", invalid="ignore"):
        seed = weights @ classes.squares_seed / error_freedom
        if (classes.labellings == 1).all():
            labelling, inside = np.full(n_draws, np.nan), np.zeros(n_draws)
        else:
            labelling = weights @ classes.squares_labelling - label_freedom * seed
            labelling = labelling / label_factor
            inside = label_in_class * labelling
        topology = (square - freedom * seed - inside) / class_factor
        found = np.array([topology, labelling, seed])
    found[~np.isfinite(found)] = np.nan
    found[0, class_factor <= 1e-9] = np.nan
    return found


def class_draws(classes: Classes, n_resamples: int, random_seed: int) -> Floats | None:
    """Return how often each topology is drawn; None where no stratum has three to draw from."""
    random = np.random.default_rng(random_seed)
    draws = np.empty((n_resamples, classes.rows.size))
    groups = grouped(classes.stratum)
    for members in groups:
        draws[:, members] = drawn_counts(members.size, n_resamples, random)
    return draws if max(members.size for members in groups) >= 3 else None


def topology_shares(classes: Classes, weights: Floats) -> Floats:
    """Return the topology's share of the variance in each draw; NaN where undefined."""
    found = estimates(classes, weights)
    undefined = np.isnan(found[0]) | np.isnan(found[2])
    kept = np.maximum(np.nan_to_num(found), 0.0)
    total = kept.sum(axis=0)
    shares: Floats = np.full(total.size, np.nan)
    np.divide(kept[0], total, out=shares, where=total > 0)
    shares[undefined] = np.nan
    return shares
