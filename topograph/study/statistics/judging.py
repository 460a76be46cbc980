"""What does a study say of one property?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from topograph.errors import Undefined
from topograph.study.statistics.ceilings import NoiseCeiling
from topograph.study.statistics.concordance import kendall_within_strata
from topograph.study.statistics.failures import TwoPart
from topograph.study.statistics.family_prediction import OutOfFamily, out_of_family
from topograph.study.statistics.findings import EnvironmentTau, PropertyFinding
from topograph.study.statistics.partial_correlation import partial_rank_correlation
from topograph.study.statistics.permutations import PermutationTest
from topograph.study.statistics.resampling import cluster_bootstrap
from topograph.study.statistics.table import StudyTable
from topograph.study.statistics.units import units_of

_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Drawing:
    """How much is drawn, and from which seed.

    Parameters
    ----------
    n_permutations, n_resamples : int
    level : float
    seed : int
    """

    n_permutations: int
    n_resamples: int
    level: float
    seed: int


def judged(
    table: StudyTable,
    tested: npt.NDArray[np.bool_],
    name: str,
    test: PermutationTest,
    drawing: Drawing,
    *,
    primary: bool,
    ceiling: NoiseCeiling | None,
    parts: TwoPart | None,
    alone: PermutationTest | None,
) -> PropertyFinding:
    """Return the finding on one property, its p-value not yet adjusted.

    Parameters
    ----------
    table : StudyTable
    tested : ndarray of bool
        Rows of the cells that are tested.
    name : str
    test : PermutationTest
    drawing : Drawing
    primary : bool
        Exploratory properties get a test, an interval and the environments only.
    ceiling : NoiseCeiling or None
    parts : TwoPart or None
    alone : PermutationTest or None
        Among nets of one family.
    """
    rows = tested & np.isfinite(table.arrays[name])
    here = {key: array[rows] for key, array in table.arrays.items()}
    here["cell"] = table.cell[rows]
    undefined: dict[str, str] = {}

    def attempt(part: str, question: Callable[[], _Found]) -> _Found | None:
        try:
            return question()
        except Undefined as reason:
            undefined[part] = reason.message
            return None

    if test.undefined is not None:
        undefined["test"] = test.undefined
    valued = bool(rows.any())
    places = _environments(here, name) if valued else ()
    deep = primary and valued
    return PropertyFinding(
        name=name,
        role="primary" if primary else "exploratory",
        test=test,
        adjusted_p=None,
        interval=attempt("interval", lambda: _interval(here, name, drawing)) if valued else None,
        share_of_ceiling=attempt("share_of_ceiling", lambda: _share(test, ceiling)),
        environments=places,
        worst_environment=_worst(places, test.tau),
        within_families=attempt("within_families", lambda: _with_value(alone)) if alone else None,
        partial=attempt("partial", lambda: _partial(table, here, name, drawing)) if deep else None,
        out_of_family=attempt(
            "out_of_family", lambda: _predicted(table, here, name, "cell", drawing)
        )
        if deep
        else None,
        out_of_family_pooled=attempt(
            "out_of_family_pooled", lambda: _predicted(table, here, name, "environment", drawing)
        )
        if deep
        else None,
        two_part=parts,
        n_rows_left_out=int((tested & ~rows).sum()),
        undefined=undefined,
    )


def _interval(here: dict[str, npt.NDArray[Any]], name: str, drawing: Drawing) -> Any:
    return cluster_bootstrap(
        here[name],
        here["outcome"],
        here["cell"],
        here["topology"],
        level=drawing.level,
        n_resamples=drawing.n_resamples,
        seed=drawing.seed,
    )


def _with_value(test: PermutationTest) -> PermutationTest:
    if test.undefined is not None:
        raise Undefined(test.undefined)
    return test


def _share(test: PermutationTest, ceiling: NoiseCeiling | None) -> float:
    if test.tau is None:
        raise Undefined("tau has no value")
    if ceiling is None or ceiling.ceiling is None:
        raise Undefined("the ceiling has no value")
    return abs(test.tau) / ceiling.ceiling


def _partial(
    table: StudyTable, here: dict[str, npt.NDArray[Any]], name: str, drawing: Drawing
) -> Any:
    if not table.controls:
        raise Undefined("the table names no controls")
    return partial_rank_correlation(
        here[name],
        here["outcome"],
        [here[control] for control in table.controls],
        here["environment"],
        here["topology"],
        exchangeable=here["stratum"],
        n_permutations=drawing.n_permutations,
        seed=drawing.seed,
    )


def _predicted(
    table: StudyTable,
    here: dict[str, npt.NDArray[Any]],
    name: str,
    strata: str,
    drawing: Drawing,
) -> OutOfFamily:
    return out_of_family(
        [here[name]],
        here["outcome"],
        [here[control] for control in table.controls],
        here["family"],
        here[strata],
        here["topology"],
        here["environment"],
        level=drawing.level,
        n_resamples=drawing.n_resamples,
        seed=drawing.seed,
    )


def _environments(here: dict[str, npt.NDArray[Any]], name: str) -> tuple[EnvironmentTau, ...]:
    """Return tau within cells in each environment, on topologies."""
    found = []
    for place in np.unique(here["environment"]):
        rows = here["environment"] == place
        units = units_of(
            [here[name][rows], here["outcome"][rows]], here["cell"][rows], here["topology"][rows]
        )
        try:
            tau = kendall_within_strata(units.values[0], units.values[1], units.stratum).tau
            found.append(EnvironmentTau(str(place), tau))
        except Undefined as reason:
            found.append(EnvironmentTau(str(place), None, reason.message))
    return tuple(found)


def _worst(places: tuple[EnvironmentTau, ...], tau: float | None) -> EnvironmentTau | None:
    """Return the environment in which tau is smallest in the direction of the whole."""
    if not tau:
        return None
    direction = 1 if tau > 0 else -1
    known = [(direction * place.tau, place) for place in places if place.tau is not None]
    return min(known, key=lambda pair: pair[0])[1] if known else None
