"""What do the rows of a study say, cell by cell and family by family?"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, TypeAlias, TypeVar

from topograph.study.statistics import wilson_interval

Row: TypeAlias = Mapping[str, Any]
_Key = TypeVar("_Key", bound=Hashable)


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


def accuracy_of(row: Row) -> float:
    """Accuracy on test images; that of a guess if the net diverged.

    Examples
    --------
    >>> accuracy_of({"test_accuracy": None, "n_classes": 10})
    0.1
    """
    found = row["test_accuracy"]
    return float(found) if found is not None else 1 / int(row["n_classes"])


def environments(rows: Sequence[Row]) -> list[str]:
    """Name the environment of each row: its data set, with regime and variant where they differ.

    Examples
    --------
    >>> environments([{"data": "mnist", "regime": "lenet"}, {"data": "mnist", "regime": "deep"}])
    ['mnist, lenet', 'mnist, deep']
    """
    names = [
        name
        for name in ("data", "regime", "variant")
        if name == "data" or len({row.get(name) for row in rows}) > 1
    ]
    return [", ".join(str(row[name]) for name in names if row.get(name)) for row in rows]


def grouped(rows: Iterable[Row], keys: Iterable[_Key]) -> dict[_Key, list[Row]]:
    """Return the rows of each key, keys in the order in which they come first."""
    found: dict[_Key, list[Row]] = {}
    for row, key in zip(rows, keys, strict=True):
        found.setdefault(key, []).append(row)
    return found


def topology_means(rows: Sequence[Row]) -> dict[str, float]:
    """Return the mean accuracy of each topology over its nets."""
    by_topology = grouped(rows, (str(row["topology"]) for row in rows))
    return {name: fmean(map(accuracy_of, nets)) for name, nets in by_topology.items()}


def family_cells(rows: Sequence[Row], *, level: float = 0.95) -> list[FamilyCell]:
    """Summarise each family in each stratum of each environment.

    Topologies of dose series are left out: they were moved on purpose.

    Parameters
    ----------
    rows : sequence of mapping
    level : float
        Of Wilson's intervals.

    Returns
    -------
    list of FamilyCell
        In the order of environment, mean density of the stratum, and family.
    """
    places = environments(rows)
    kept = [(row, place) for row, place in zip(rows, places, strict=True) if row["role"] != "dose"]
    keys = [(place, str(row["stratum"]), str(row["family"])) for row, place in kept]
    found = [
        _family_cell(*key, nets, level)
        for key, nets in grouped((row for row, _ in kept), keys).items()
    ]
    by_stratum = grouped((row for row, _ in kept), (key[:2] for key in keys))
    densities = {
        key: fmean(float(row["density"]) for row in nets) for key, nets in by_stratum.items()
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
    means = [fmean(map(accuracy_of, group)) for group in by_topology.values()]
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
