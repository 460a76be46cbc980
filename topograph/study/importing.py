"""The statistics of a study on a table that others made."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from topograph.errors import ParameterError
from topograph.study.statistics import StudyTable

Rows = Sequence[Mapping[str, Any]]
Value = TypeVar("Value")
MISSING = (None, "", "NA", "N/A", "nan", "NaN", "None", "null", "-")
_RESERVED = (
    *("outcome", "stratum", "topology", "labelling", "seed", "family", "environment"),
    "predicts_all",
)
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class ColumnMapping:
    """Which columns of a table say what.

    Parameters
    ----------
    outcome : str
    properties : tuple of str
        To judge; a missing value means that the property has none.
    stratum, topology, environment : tuple of str
        Several columns together make one name.
    labelling, seed, family, predicts_all : str or None
    controls : tuple of str
        Of the density-only baseline.
    higher_is_worse : bool
        Whether the outcome is an error or a loss.
    """

    outcome: str
    properties: tuple[str, ...]
    stratum: tuple[str, ...] = ()
    topology: tuple[str, ...] = ()
    labelling: str | None = None
    seed: str | None = None
    family: str | None = None
    environment: tuple[str, ...] = ()
    predicts_all: str | None = None
    controls: tuple[str, ...] = ()
    higher_is_worse: bool = False


@dataclass(frozen=True)
class ImportedTable:
    """A table for `topograph.study.statistics.analyse`.

    Parameters
    ----------
    table : StudyTable
        With the outcome turned round if higher is worse.
    names : dict of str to str
        What each property and control is called in the table, by column.
    notes : tuple of str
        What was not said of the table, and what follows.
    """

    table: StudyTable
    names: dict[str, str]
    notes: tuple[str, ...]


def import_rows(rows: Rows, mapping: ColumnMapping) -> ImportedTable:
    """Turn the rows of any table into those that the statistics want.

    What the mapping does not say has a default that claims least: every row is a topology of its
    own, all nets are in one stratum, one environment and one family. Rows of one topology and
    labelling without a seed are counted as its seeds.

    Parameters
    ----------
    rows : sequence of mapping
        Numbers may be text.
    mapping : ColumnMapping

    Raises
    ------
    ParameterError
        Naming the column and the row, counted from 1, that do not fit.

    Examples
    --------
    >>> found = import_rows([{"acc": "0.9", "reach": 1}, {"acc": "0.8", "reach": None}],
    ...                     ColumnMapping("acc", ("reach",)))
    >>> found.table.arrays["outcome"].tolist(), found.table.arrays["reach"].tolist()
    ([0.9, 0.8], [1.0, nan])
    """
    _check_columns(rows, mapping)
    sign = -1.0 if mapping.higher_is_worse else 1.0
    columns: dict[str, list[Any]] = {
        "outcome": [sign * value for value in _finite(rows, mapping.outcome)],
        "stratum": _names(rows, mapping.stratum, "all"),
        "environment": _names(rows, mapping.environment, "all"),
        "family": _names(rows, _one(mapping.family), "all"),
        "labelling": _names(rows, _one(mapping.labelling), "0"),
        "topology": _names(rows, mapping.topology, "")
        if mapping.topology
        else [f"row {number}" for number in range(1, len(rows) + 1)],
    }
    columns["seed"] = _seeds(rows, mapping.seed, columns)
    _check_design(columns, mapping)
    if mapping.predicts_all is not None:
        columns["predicts_all"] = _each(rows, mapping.predicts_all, "true or false", _truth)
    called = {
        name: f"{name} (column)" if name in _RESERVED else name
        for name in (*mapping.properties, *mapping.controls)
    }
    columns |= {called[name]: _with_gaps(rows, name) for name in mapping.properties}
    columns |= {called[name]: _finite(rows, name) for name in mapping.controls}
    table = StudyTable(
        columns,
        [called[name] for name in mapping.properties],
        [called[name] for name in mapping.controls],
    )
    return ImportedTable(table, called, tuple(_notes(mapping, columns)))


def _one(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _check_columns(rows: Rows, mapping: ColumnMapping) -> None:
    if not rows:
        raise ParameterError("A table must have one row at least, but it has none.")
    if not mapping.properties:
        raise ParameterError("One property at least must be named, but none is.")
    parts = (mapping.outcome, *mapping.properties, *mapping.controls)
    labels = (*mapping.stratum, *mapping.topology, *mapping.environment)
    others = (mapping.labelling, mapping.seed, mapping.family, mapping.predicts_all)
    for name in (*parts, *labels, *(one for one in others if one is not None)):
        if name not in rows[0]:
            raise ParameterError.expected("A column", f"one of {', '.join(rows[0])}", name)
    for name in parts:
        if parts.count(name) > 1:
            raise ParameterError(
                f"Column {name!r} must be one of outcome, property and control, but it is named "
                "twice."
            )


def _each(rows: Rows, column: str, wanted: str, convert: Callable[[Any], Value]) -> list[Value]:
    found = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(convert(row[column]))
        except (ValueError, TypeError, KeyError):
            raise ParameterError.expected(
                f"Column {column!r}, row {number},", wanted, row.get(column)
            ) from None
    return found


def _finite(rows: Rows, column: str) -> list[float]:
    return _each(rows, column, "a finite number", _number)


def _with_gaps(rows: Rows, column: str) -> list[float]:
    return _each(
        rows,
        column,
        "a finite number, or empty where the property has no value",
        lambda value: math.nan if _is_missing(value) else _number(value),
    )


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _is_missing(value: Any) -> bool:
    return (isinstance(value, float) and math.isnan(value)) or value in MISSING


def _truth(value: Any) -> bool:
    return _TRUTH[str(int(value) if isinstance(value, float) else value).strip().lower()]


def _names(rows: Rows, columns: Sequence[str], default: str) -> list[str]:
    """Return the label of each row, of several columns together."""
    if not columns:
        return [default] * len(rows)
    parts = [_each(rows, column, "a name", _label) for column in columns]
    return [", ".join(each) for each in zip(*parts, strict=True)]


def _label(value: Any) -> str:
    if _is_missing(value):
        raise ValueError(value)
    return str(value)


def _seeds(rows: Rows, column: str | None, columns: Mapping[str, list[Any]]) -> list[Any]:
    if column is not None:
        return _names(rows, (column,), "")
    counts: Counter[Hashable] = Counter()
    found = []
    for at in range(len(rows)):
        run = tuple(columns[name][at] for name in ("environment", "topology", "labelling"))
        found.append(counts[run])
        counts[run] += 1
    return found


def _check_design(columns: Mapping[str, list[Any]], mapping: ColumnMapping) -> None:
    """Raise if a topology is in two strata or families, or a run comes twice."""
    here = list(zip(columns["environment"], columns["topology"], strict=True))
    runs = list(zip(here, columns["labelling"], columns["seed"], strict=True))
    for name, said, groups, where in (
        ("family", _one(mapping.family), columns["topology"], ""),
        ("stratum", mapping.stratum, here, " in one environment"),
    ):
        first: dict[Hashable, int] = {}
        for at, group in enumerate(groups):
            before = first.setdefault(group, at)
            if columns[name][before] != columns[name][at]:
                raise ParameterError(
                    f"A topology must have one {name}{where}, but {columns['topology'][at]!r} has "
                    f"{columns[name][before]!r} in row {before + 1} and {columns[name][at]!r} in "
                    f"row {at + 1} (column {', '.join(said)}).",
                    hint="if its name is used again for other nets, name --topology several "
                    "times: the columns together make the name.",
                )
    seen: dict[Hashable, int] = {}
    for at, run in enumerate(runs):
        before = seen.setdefault(run, at)
        if before != at:
            raise ParameterError(
                f"A seed must come once for each topology, labelling and environment, but rows "
                f"{before + 1} and {at + 1} are the same run (column {mapping.seed}: "
                f"{columns['seed'][at]}).",
                hint="tell data sets and models apart by --environment, and topologies by "
                "--topology.",
            )


def _notes(mapping: ColumnMapping, columns: Mapping[str, list[Any]]) -> list[str]:
    found = []
    if mapping.higher_is_worse:
        found.append(f"The outcome is minus {mapping.outcome}: a positive tau means better nets.")
    if not mapping.stratum:
        found.append(
            "No strata: all nets of an environment are compared with one another, so that a "
            "property that goes with density is credited with what density does."
        )
    if not mapping.topology:
        found.append(
            "No topologies: every row counts as a topology of its own. If rows share a mask, "
            "p-values are too small and intervals too narrow. Without replicates there is no "
            "noise ceiling, and cells with nothing to explain are not told from others."
        )
    elif mapping.seed is None:
        replicated = any(columns["seed"])
        found.append(
            "No seeds: rows of one topology and labelling are counted as its seeds."
            if replicated
            else "No seeds, and every topology comes once in an environment: there is no noise "
            "ceiling."
        )
    if mapping.topology and mapping.labelling is None:
        found.append("No labellings: what is left to relabelling is counted as the topology's.")
    if not mapping.family:
        found.append("One family: nothing is said of families that a fit has not seen.")
    if not mapping.environment:
        found.append("One environment: nothing is said of where else an effect holds.")
    if not mapping.controls:
        found.append("No controls: no partial correlation, and no gain over densities alone.")
    if mapping.predicts_all is None:
        found.append("Nets that failed are not told from others: no test in two parts.")
    return found
