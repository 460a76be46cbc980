"""What do the rows of a study say, cell by cell and family by family?"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, TypeAlias, TypeVar

from topograph.study.design import Specification
from topograph.study.statistics import wilson_interval
from topograph.study.views import Rows, environment_of, judged_outcome, sampled

Row: TypeAlias = dict[str, Any]
_Key = TypeVar("_Key", bound=Hashable)
_Thing = TypeVar("_Thing")


@dataclass(frozen=True)
class FamilyCell:
    """The nets of one family in one stratum of one environment.

    Parameters
    ----------
    environment, stratum, family : str
    density : float
        Mean over topologies.
    n_topologies, n_nets : int
    mean : float
        Accuracy: mean over topologies of the mean over their nets.
    spread : float or None
        Standard deviation of the topologies' means; None for one topology.
    n_diverged : int
        Nets whose loss was not finite.
    n_failed : int
        Nets that diverged, or give no test image to one of the classes.
    n_topologies_failed : int
        Topologies with such a net.
    interval : tuple of float
        Wilson's interval of their share: topologies are independent, the nets of one are not.
    """

    environment: str
    stratum: str
    family: str
    density: float
    n_topologies: int
    n_nets: int
    mean: float
    spread: float | None
    n_diverged: int
    n_failed: int
    n_topologies_failed: int
    interval: tuple[float, float]


def cell_name(environment: str, stratum: str) -> str:
    """Name a cell, without what its environment and its stratum both say.

    Examples
    --------
    >>> cell_name("mnist, lenet", "lenet 0.01"), cell_name("mnist", "thin")
    ('mnist, lenet 0.01', 'mnist, thin')
    >>> cell_name("mnist, two layers, wide, own", "two layers, wide 0.1")
    'mnist, two layers, wide 0.1, own'
    """
    parts = environment.split(", ")
    spans = itertools.combinations(range(len(parts) + 1), 2)
    for start, end in sorted(spans, key=lambda span: span[0] - span[1]):  # the longest first
        if stratum.startswith(f"{', '.join(parts[start:end])} "):
            return ", ".join([*parts[:start], stratum, *parts[end:]])
    return f"{environment}, {stratum}"


def grouped(things: Iterable[_Thing], keys: Iterable[_Key]) -> dict[_Key, list[_Thing]]:
    """Return the things of each key, keys in the order in which they come first."""
    found: dict[_Key, list[_Thing]] = {}
    for thing, key in zip(things, keys, strict=True):
        found.setdefault(key, []).append(thing)
    return found


def topology_means(rows: Sequence[Row]) -> dict[str, float]:
    """Return the mean accuracy of each topology over its nets."""
    by_topology = grouped(rows, (str(row["topology"]) for row in rows))
    return {name: fmean(map(judged_outcome, nets)) for name, nets in by_topology.items()}


def family_cells(
    rows: Rows, specification: Specification, *, level: float = 0.95
) -> list[FamilyCell]:
    """Summarise each family in each stratum of each environment.

    Topologies of dose series and repaired ones are left out: they were moved on purpose.

    Parameters
    ----------
    rows : list of dict
        Of one rate: fixed or tuned.
    specification : Specification
    level : float
        Of Wilson's intervals.

    Returns
    -------
    list of FamilyCell
        In the order of environment, mean density of the stratum, and family.
    """
    kept = sampled(rows)
    keys = [
        (environment_of(row, specification), str(row["stratum"]), str(row["family"]))
        for row in kept
    ]
    found = [_family_cell(*key, nets, level) for key, nets in grouped(kept, keys).items()]
    densities = {
        key: fmean(float(row["density"]) for row in nets)
        for key, nets in grouped(kept, (key[:2] for key in keys)).items()
    }
    return sorted(
        found,
        key=lambda one: (
            one.environment,
            densities[one.environment, one.stratum],
            one.stratum,
            one.family,
        ),
    )


def failed(row: Row) -> bool:
    """Whether the net diverged, or gives no test image to one of the classes."""
    return not row["predicts_all"]


def _family_cell(
    environment: str, stratum: str, family: str, nets: Sequence[Row], level: float
) -> FamilyCell:
    by_topology = grouped(nets, (str(row["topology"]) for row in nets))
    means = [fmean(map(judged_outcome, group)) for group in by_topology.values()]
    with_failure = sum(any(map(failed, group)) for group in by_topology.values())
    return FamilyCell(
        environment=environment,
        stratum=stratum,
        family=family,
        density=fmean(float(group[0]["density"]) for group in by_topology.values()),
        n_topologies=len(by_topology),
        n_nets=len(nets),
        mean=fmean(means),
        spread=stdev(means) if len(means) > 1 else None,
        n_diverged=sum(bool(row["diverged"]) for row in nets),
        n_failed=sum(map(failed, nets)),
        n_topologies_failed=with_failure,
        interval=wilson_interval(with_failure, len(by_topology), level=level),
    )
