"""Results of many runs in a few numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Spread:
    """Mean of some values, and where one more is to be expected.

    Parameters
    ----------
    count : int
    mean : float
    low, high : float or None
        The 95 % prediction interval for one more value, by Student's t; None for one value.
    """

    count: int
    mean: float
    low: float | None
    high: float | None


def spread_of(values: Sequence[float]) -> Spread:
    """Return mean and 95 % prediction interval.

    ``mean +- t s sqrt(1 + 1/n)`` with ``t`` the .975 quantile of Student's distribution with
    ``n - 1`` degrees of freedom and ``s`` the standard deviation of the sample.

    Parameters
    ----------
    values : sequence of float
        One at least.

    Examples
    --------
    >>> found = spread_of([0.9, 0.92, 0.94])
    >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3)
    (0.92, 0.821, 1.019)
    """
    from scipy.stats import t

    count = len(values)
    mean = math.fsum(values) / count
    if count < 2:
        return Spread(count, mean, None, None)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    half = float(t.ppf(0.975, count - 1)) * deviation * math.sqrt(1 + 1 / count)
    return Spread(count, mean, mean - half, mean + half)


@dataclass(frozen=True)
class MaskSummary:
    """The runs of one mask at one rate.

    Parameters
    ----------
    name : str
    density : float
    rate_factor : float
    accuracy : Spread or None
        Of test accuracies of the runs that did not diverge; None if all did.
    n_runs, n_untrained, n_diverged : int
    n_missing_classes : int
        Runs that never predict some class.
    seconds_a_net : float
        Wall time of the ensembles over their members, in the mean.
    """

    name: str
    density: float
    rate_factor: float
    accuracy: Spread | None
    n_runs: int
    n_untrained: int
    n_diverged: int
    n_missing_classes: int
    seconds_a_net: float


def summarise(rows: Iterable[Mapping[str, Any]]) -> list[MaskSummary]:
    """Return a summary a mask and rate, in the order in which they first come."""
    groups: dict[tuple[str, float], list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["mask"], row["rate_factor"]), []).append(row)
    return [_summary(group) for group in groups.values()]


def _summary(rows: Sequence[Mapping[str, Any]]) -> MaskSummary:
    accuracies = [row["test_accuracy"] for row in rows if row["test_accuracy"] is not None]
    return MaskSummary(
        name=rows[0]["name"],
        density=rows[0]["density"],
        rate_factor=rows[0]["rate_factor"],
        accuracy=spread_of(accuracies) if accuracies else None,
        n_runs=len(rows),
        n_untrained=sum(row["untrained"] for row in rows),
        n_diverged=sum(row["diverged"] for row in rows),
        n_missing_classes=sum(bool(row["classes_never_predicted"]) for row in rows),
        seconds_a_net=sum(row["seconds"] / row["members"] for row in rows) / len(rows),
    )
