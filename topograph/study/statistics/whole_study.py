"""Do the properties named beforehand predict the outcome, within the design?"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from topograph.errors import ParameterError, Undefined
from topograph.study.statistics.adjustments import benjamini_hochberg, holm
from topograph.study.statistics.ceilings import NoiseCeiling, noise_ceiling
from topograph.study.statistics.cells_of_study import cell_findings
from topograph.study.statistics.collinearity import collinear_groups
from topograph.study.statistics.columns import fraction, joined, labels, positive
from topograph.study.statistics.failures import TwoPart, two_parts
from topograph.study.statistics.findings import PropertyFinding, StudyFindings
from topograph.study.statistics.judging import Drawing, judged
from topograph.study.statistics.permutations import PermutationTest, permutation_tests
from topograph.study.statistics.table import StudyTable


def analyse(
    table: StudyTable,
    primaries: Sequence[str],
    exploratory: Sequence[str] = (),
    *,
    n_permutations: int = 10_000,
    n_resamples: int = 2000,
    level: float = 0.95,
    least_class_share: float = 0.2,
    collinear_above: float = 0.8,
    seed: int = 0,
) -> StudyFindings:
    """The whole analysis of a study, as its design laid it down.

    A cell is a stratum in an environment. Cells in which the topology has less than
    ``least_class_share`` of the variance of the outcome (`variance_components`) have nothing to
    explain: they are reported and left out of every test. That choice looks at outcomes alone,
    never at properties, so that p-values stay valid. Then, within the cells left:

    - each property: `permutation_test`, `cluster_bootstrap`, share of the `noise_ceiling`, tau in
      each environment and the worst of them;
    - each primary besides: Holm's adjustment among primaries, `permutation_test` with only the nets
      of one family compared, `partial_rank_correlation` given the controls (within environments,
      all densities together, permuted within strata), `out_of_family` against the controls within
      cells and within environments, and `two_part` if the table says which nets predict all
      classes;
    - exploratory properties: Benjamini-Hochberg among themselves.

    The p-values of the other parts are not adjusted. Rows in which a property is undefined are
    left out for that property, and counted. The ceiling splits labellings if most topologies have
    two, else seeds.

    Parameters
    ----------
    table : StudyTable
    primaries, exploratory : sequence of str
        Properties of the table, named before the outcomes were seen.
    n_permutations, n_resamples : int
    level : float
        Of the intervals.
    least_class_share : float
        Cells below it are not tested.
    collinear_above : float
        Properties with a larger ``|tau|`` between them are one.
    seed : int

    Raises
    ------
    ParameterError
        If a property is not in the table, or is named twice.
    Undefined
        If no cell is left to test.
    """
    _check_roles(table, primaries, exploratory)
    drawing = Drawing(
        positive("n_permutations", n_permutations),
        positive("n_resamples", n_resamples),
        fraction("level", level),
        seed,
    )
    least = fraction("least_class_share", least_class_share)
    cells = cell_findings(table, least, level, n_resamples, seed)
    kept = [f"{cell.environment} | {cell.stratum}" for cell in cells if cell.tested]
    tested = np.isin(table.cell, kept)
    if not tested.any():
        raise Undefined("in no cell does the topology explain enough to be tested")
    notes = [f"{one.environment}, stratum {one.stratum}: {one.note}" for one in cells if one.note]
    names = [*primaries, *exploratory]
    ceiling, replicates = _ceiling(table, tested, seed, notes)
    collinear = _collinear(table, tested, names, collinear_above)
    for group in collinear:
        twins = [name for name in group if name in primaries]
        if len(twins) > 1:
            notes.append(f"{', '.join(twins)} order nets nearly alike: count them as one primary")
    parts = _parts(table, tested, primaries, drawing)
    families = joined(labels("cell", table.cell)[0], labels("family", table.arrays["family"])[0])
    alone = _tests(table, tested, primaries, drawing, families)
    found = [
        judged(
            table,
            tested,
            name,
            test,
            drawing,
            primary=name in primaries,
            ceiling=ceiling,
            parts=parts.get(name),
            alone=alone.get(name),
        )
        for name, test in _tests(table, tested, names, drawing, table.cell).items()
    ]
    return StudyFindings(
        cells=cells,
        ceiling=ceiling,
        ceiling_replicates=replicates,
        primaries=_adjusted(found, "primary", holm),
        exploratory=_adjusted(found, "exploratory", benjamini_hochberg),
        collinear=collinear,
        settings={
            "n_permutations": n_permutations,
            "n_resamples": n_resamples,
            "level": level,
            "least_class_share": least_class_share,
            "collinear_above": collinear_above,
            "seed": seed,
        },
        notes=tuple(notes),
    )


def _check_roles(table: StudyTable, primaries: Sequence[str], exploratory: Sequence[str]) -> None:
    names = [*primaries, *exploratory]
    for name in names:
        if name not in table.properties:
            choices = ", ".join(table.properties)
            raise ParameterError.expected("a property", f"one of {choices}", name)
        if names.count(name) > 1:
            raise ParameterError(f"Property {name!r} must be named once, but it is named twice.")


def _tests(
    table: StudyTable,
    tested: npt.NDArray[np.bool_],
    names: Sequence[str],
    drawing: Drawing,
    strata: npt.NDArray[Any],
) -> dict[str, PermutationTest]:
    """Return the test of each property; those with the same gaps share their permutations."""
    found: dict[str, PermutationTest] = {}
    for rows, group in _by_gaps(table, tested, names):
        if rows.any():
            found |= permutation_tests(
                {name: table.arrays[name][rows] for name in group},
                table.arrays["outcome"][rows],
                strata[rows],
                table.arrays["topology"][rows],
                n_permutations=drawing.n_permutations,
                seed=drawing.seed,
            )
        else:
            reason = "the property has no value in any tested cell"
            found |= {name: PermutationTest(None, None, 0, 0, 0, reason) for name in group}
    return {name: found[name] for name in names}


def _parts(
    table: StudyTable, tested: npt.NDArray[np.bool_], names: Sequence[str], drawing: Drawing
) -> dict[str, TwoPart]:
    """Return the two parts of each property that has a value, if the table has `predicts_all`."""
    found: dict[str, TwoPart] = {}
    if "predicts_all" in table.arrays:
        for rows, group in _by_gaps(table, tested, names):
            if rows.any():
                found |= two_parts(
                    {name: table.arrays[name][rows] for name in group},
                    table.arrays["outcome"][rows],
                    table.arrays["predicts_all"][rows],
                    table.cell[rows],
                    table.arrays["topology"][rows],
                    n_permutations=drawing.n_permutations,
                    seed=drawing.seed,
                )
    return found


def _by_gaps(
    table: StudyTable, tested: npt.NDArray[np.bool_], names: Sequence[str]
) -> list[tuple[npt.NDArray[np.bool_], list[str]]]:
    """Return the properties that have values in the same rows, with those rows."""
    groups: dict[bytes, list[str]] = {}
    for name in names:
        rows = tested & np.isfinite(table.arrays[name])
        groups.setdefault(rows.tobytes(), []).append(name)
    return [(np.frombuffer(mask, dtype=np.bool_), group) for mask, group in groups.items()]


def _ceiling(
    table: StudyTable, tested: npt.NDArray[np.bool_], seed: int, notes: list[str]
) -> tuple[NoiseCeiling | None, str]:
    here = {name: array[tested] for name, array in table.arrays.items()}
    topology = labels("topology", here["topology"])[0]
    labelling = joined(topology, labels("labelling", here["labelling"])[0])
    several = np.bincount(topology[np.unique(labelling, return_index=True)[1]]) >= 2
    split = "labelling" if several.mean() > 0.5 else "seed"
    try:
        found = noise_ceiling(
            here["outcome"], table.cell[tested], here["topology"], here[split], seed=seed
        )
    except Undefined as reason:
        notes.append(f"no noise ceiling: {reason.message}")
        return None, split
    return found, split


def _collinear(
    table: StudyTable, tested: npt.NDArray[np.bool_], names: Sequence[str], threshold: float
) -> tuple[tuple[str, ...], ...]:
    """Return groups of two and more.

    Properties are compared in the rows in which both have a value, those with the same gaps
    together.
    """
    groups: list[set[str]] = []
    patterns = _by_gaps(table, tested, names)
    for (first, some), (second, others) in itertools.combinations_with_replacement(patterns, 2):
        rows = first & second
        if not rows.any():
            continue
        columns = {name: table.arrays[name][rows] for name in dict.fromkeys((*some, *others))}
        tau = collinear_groups(
            columns, table.cell[rows], table.arrays["topology"][rows], threshold=threshold
        ).tau
        for one, other in itertools.product(some, others):
            if one != other and abs(tau[one][other] or 0.0) > threshold:
                met = [group for group in groups if group & {one, other}]
                groups = [group for group in groups if not group & {one, other}]
                groups.append({one, other}.union(*met))
    ordered = (tuple(name for name in names if name in group) for group in groups)
    return tuple(sorted(ordered, key=lambda group: names.index(group[0])))


def _adjusted(
    found: Sequence[PropertyFinding],
    role: str,
    adjust: Callable[[Sequence[float]], tuple[float, ...]],
) -> tuple[PropertyFinding, ...]:
    chosen = [one for one in found if one.role == role]
    p_values = [one.test.p_value for one in chosen if one.test.p_value is not None]
    adjusted = iter(adjust(p_values))
    return tuple(
        one if one.test.p_value is None else replace(one, adjusted_p=next(adjusted))
        for one in chosen
    )
