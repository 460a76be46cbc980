"""The rows of a study: one a trained net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from topograph.errors import ParameterError
from topograph.study.statistics.columns import Floats, Integers, joined, labels, numbers

_LABELS = ("stratum", "topology", "labelling", "seed", "family", "environment")


@dataclass(frozen=True)
class StudyTable:
    """Trained nets with what was designed, what was measured and what came out.

    Parameters
    ----------
    columns : mapping of str to array_like
        ``outcome`` (a finite number; larger is better or worse throughout), ``stratum`` (nets of
        equal edges in every layer), ``topology`` (isomorphism class), ``labelling`` (of the units,
        counted within the topology), ``seed``, ``family`` (of generators), ``environment`` (data
        set or depth); ``predicts_all`` (bool, optional); properties and controls.
    properties : sequence of str
        Columns to judge; NaN where a property is undefined.
    controls : sequence of str
        Columns of the density-only baseline, such as the log edges of each layer; finite.

    Raises
    ------
    ParameterError
        If a column is missing, has another length or holds what it must not; if a topology has two
        families, or two strata in one environment; if a seed of a labelling comes twice in an
        environment.

    Examples
    --------
    >>> table = StudyTable({"outcome": [0.9, 0.8], "stratum": [1, 1], "topology": [1, 2],
    ...                     "labelling": [0, 0], "seed": [0, 0], "family": ["radix", "er"],
    ...                     "environment": ["digits"] * 2, "reach": [1.0, 0.7]}, ["reach"])
    >>> table.n_rows, table.cell.tolist()
    (2, ['digits | 1', 'digits | 1'])
    """

    columns: Mapping[str, npt.ArrayLike]
    properties: Sequence[str]
    controls: Sequence[str] = ()
    arrays: dict[str, npt.NDArray[Any]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._check_names()
        outcome = numbers("outcome", self.columns["outcome"])
        rows = outcome.size
        if not rows:
            raise ParameterError("A study table must have one row at least, but it has none.")
        arrays: dict[str, npt.NDArray[Any]] = {"outcome": outcome}
        for name in _LABELS:
            labels(name, self.columns[name], rows)
            arrays[name] = np.asarray(self.columns[name])
        for name in self.controls:
            arrays[name] = numbers(name, self.columns[name], rows)
        for name in self.properties:
            arrays[name] = _with_gaps(name, self.columns[name], rows)
        if "predicts_all" in self.columns:
            arrays["predicts_all"] = numbers("predicts_all", self.columns["predicts_all"], rows)
        arrays = {name: array.copy() for name, array in arrays.items()}
        for array in arrays.values():
            array.setflags(write=False)
        object.__setattr__(self, "arrays", arrays)
        self._check_design()

    @property
    def n_rows(self) -> int:
        """Number of trained nets."""
        return int(self.arrays["outcome"].size)

    @property
    def cell(self) -> npt.NDArray[np.str_]:
        """Environment and stratum of each row: only rows of one cell are compared."""
        places, strata = self.arrays["environment"], self.arrays["stratum"]
        return np.array([f"{place} | {one}" for place, one in zip(places, strata, strict=True)])

    def _check_names(self) -> None:
        needed = ["outcome", *_LABELS, *self.properties, *self.controls]
        missing = [name for name in needed if name not in self.columns]
        if missing:
            raise ParameterError(
                f"A study table must have the columns {', '.join(missing)}, which it lacks.",
                hint=f"it has {', '.join(self.columns)}",
            )
        taken = [name for name in (*self.properties, *self.controls) if needed.count(name) > 1]
        if taken:
            raise ParameterError(f"Column {taken[0]!r} must have one part in a study, not two.")

    def _check_design(self) -> None:
        code = {name: labels(name, self.arrays[name])[0] for name in _LABELS}
        self._check_one("family", code["topology"], code["family"], "")
        here = joined(code["environment"], code["topology"])
        self._check_one("stratum", here, code["stratum"], " in one environment")
        run = joined(here, code["labelling"], code["seed"])
        doubles = np.flatnonzero(np.bincount(run)[run] > 1)
        if doubles.size:
            one, other = np.flatnonzero(run == run[doubles[0]])[:2].tolist()
            raise ParameterError(
                f"A seed of a labelling must come once in an environment, but rows {one} and "
                f"{other} are the same run.",
                hint="tell data sets and depths apart by the column environment",
            )

    def _check_one(self, name: str, groups: Integers, codes: Integers, where: str) -> None:
        first = np.unique(groups, return_index=True)[1]
        wrong = np.flatnonzero(codes[first][groups] != codes)
        if wrong.size:
            row = int(wrong[0])
            topology, values = self.arrays["topology"][row], self.arrays[name]
            raise ParameterError(
                f"Topology {topology} must have one {name}{where}, but it has "
                f"{values[first[groups[row]]]} and {values[row]}."
            )


def _with_gaps(name: str, values: npt.ArrayLike, length: int) -> Floats:
    try:
        column = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ParameterError.expected(f"property {name}", "a column of numbers", values) from None
    if column.shape != (length,):
        raise ParameterError.expected(
            f"property {name}", f"of {length} rows, as the others", f"of shape {column.shape}"
        )
    if np.isinf(column).any():
        row = int(np.flatnonzero(np.isinf(column))[0])
        raise ParameterError(f"property {name} must be finite or NaN, but row {row} is infinite.")
    return column
