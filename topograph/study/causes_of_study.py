"""Which causes of failure does a study mend, and in which of its runs?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from topograph.study.design.specification import Specification
from topograph.study.views import Rows

_FACTOR = "factor."
_REPAIRED = f"{_FACTOR}repaired"


@dataclass(frozen=True)
class MendedRuns:
    """Runs that are alike but for what is mended.

    Parameters
    ----------
    name : str
        Where the causes are: ``recipe and structure`` or ``recipe alone``.
    rows : list of dict
    mends : dict of str to list of bool
        Of each cause, whether it is mended in each row.
    blocks : list of str
        Rows of a block differ in nothing but what is mended.
    bases : list of str
        The topology of each row, that of a repaired one before the repair.
    strata : list of str
        Stratum and family.
    """

    name: str
    rows: Rows
    mends: dict[str, list[bool]]
    blocks: list[str]
    bases: list[str]
    strata: list[str]


def factor_values(specification: Specification) -> dict[str, list[Any]]:
    """Return the two values of each factor of the recipe, in the order of the file."""
    found: dict[str, list[Any]] = {}
    for variant in specification.variants:
        for name, value in variant.factors.items():
            if value not in found.setdefault(name, []):
                found[name].append(value)
    return {name: values for name, values in found.items() if len(values) == 2}


def mended_runs(rows: Rows, specification: Specification) -> list[MendedRuns]:
    """Return the runs with repaired twins, and those without, if the recipe has factors.

    The first value of a factor is the cause, the last one mends it; a dead output is mended by
    its repair. Factors of one value, or of three, stay as they are within a block.
    """
    values = factor_values(specification)
    if not values:
        return []
    parts = {
        "recipe and structure": [row for row in rows if _REPAIRED in row],
        "recipe alone": [row for row in rows if _REPAIRED not in row],
    }
    return [_mended(name, part, values) for name, part in parts.items() if part]


def _mended(name: str, rows: Rows, values: dict[str, list[Any]]) -> MendedRuns:
    mends = {
        factor: [row[f"{_FACTOR}{factor}"] == ordered[-1] for row in rows]
        for factor, ordered in values.items()
    }
    if _REPAIRED in rows[0]:
        mends["dead outputs"] = [bool(row[_REPAIRED]) for row in rows]
    bases = [row["base"] if row.get(_REPAIRED) else row["topology"] for row in rows]
    mended = {_REPAIRED, *(f"{_FACTOR}{factor}" for factor in values)}
    others = [key for key in rows[0] if key.startswith(_FACTOR) and key not in mended]
    alike = ("labelling", "seed", "data", *others)
    blocks = [
        " ".join([*(str(row[key]) for key in alike), base])
        for base, row in zip(bases, rows, strict=True)
    ]
    strata = [f"{row['stratum']}, {row['family']}" for row in rows]
    return MendedRuns(name, rows, mends, blocks, bases, strata)
