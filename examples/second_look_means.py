"""Means of a study's table: over seeds, then labellings, then topologies."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

Row = dict[str, Any]
Floats = npt.NDArray[np.float64]
T = TypeVar("T")


@dataclass(frozen=True)
class Net:
    """A labelled topology on one data set, at its best rate: a value a seed.

    The rate is the one with the best mean accuracy on held-out images; of equal ones that nearest
    to the recipe's own, then the smaller. Accuracies are in percent, a diverged run is a guess.
    """

    row: Row
    accuracies: tuple[float, ...]
    failed: tuple[bool, ...]
    rate: float
    rates: tuple[float, ...]


@dataclass(frozen=True)
class Topology:
    """A topology on one data set: its nets, a labelling each."""

    row: Row
    nets: tuple[Net, ...]

    @cached_property
    def accuracy(self) -> float:
        """Mean over seeds, then over all labellings."""
        return mean(mean(net.accuracies) for net in self.nets)

    @cached_property
    def failures(self) -> float:
        """Share of runs that never predict some class, averaged alike, from 0 to 1."""
        return mean(mean(net.failed) for net in self.nets)

    @property
    def natural(self) -> float | None:
        """Mean over seeds in the natural labelling."""
        found = [mean(net.accuracies) for net in self.nets if net.row["labelling"] == 0]
        return found[0] if found else None

    @property
    def relabelled(self) -> float | None:
        """Mean over seeds, then over random labellings."""
        found = [mean(net.accuracies) for net in self.nets if net.row["labelling"] != 0]
        return mean(found) if found else None

    def metric(self, name: str) -> float:
        """Return a property; NaN where it has no value."""
        value = self.row.get(f"metric.{name}")
        return math.nan if value is None else float(value)


def nets_of(rows: Iterable[Row]) -> list[Net]:
    """Return the labelled topologies, each with its runs at its best rate."""
    names = ("data", "variant", "stratum", "topology", "labelling")
    return [
        _tuned(runs) for runs in grouped(rows, lambda row: tuple(row[n] for n in names)).values()
    ]


def _tuned(runs: list[Row]) -> Net:
    by_rate = grouped(runs, lambda row: float(row["rate_factor"]))

    def worth(rate: float) -> tuple[float, float, float]:
        found = mean(row.get("validation_accuracy") or 0.0 for row in by_rate[rate])
        return round(found, 9), -abs(math.log(rate)), -rate

    best = by_rate[max(by_rate, key=worth)]
    return Net(
        best[0],
        tuple(100 * _accuracy(row) for row in best),
        tuple(row["predicts_all"] is False for row in best),
        float(best[0]["rate_factor"]),
        tuple(sorted(by_rate)),
    )


def _accuracy(row: Row) -> float:
    return 1 / row["n_classes"] if row["diverged"] else float(row["test_accuracy"])


def topologies_of(nets: Iterable[Net]) -> list[Topology]:
    """Return the topologies of every data set, each with its nets."""
    names = ("data", "variant", "stratum", "topology")
    groups = grouped(nets, lambda net: tuple(net.row[n] for n in names)).values()
    return [Topology(nets[0].row, tuple(nets)) for nets in groups]


def grouped(things: Iterable[T], key: Callable[[T], Any]) -> dict[Any, list[T]]:
    """Return lists of the things with the same key, the keys in order."""
    found: dict[Hashable, list[T]] = {}
    for thing in things:
        found.setdefault(key(thing), []).append(thing)
    return dict(sorted(found.items(), key=lambda item: item[0]))


def mean(values: Iterable[float]) -> float:
    """Return the mean; NaN of nothing."""
    listed = list(values)
    return math.fsum(listed) / len(listed) if listed else math.nan


def deviation(values: Sequence[float]) -> float:
    """Return the standard deviation of a sample; NaN of fewer than two."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan


def half_width(values: Sequence[float]) -> float:
    """Return half of Student's 95 % interval of a mean; NaN of fewer than two."""
    count = len(values)
    if count < 2:
        return math.nan
    return float(student.ppf(0.975, count - 1)) * deviation(values) / math.sqrt(count)


def welch_half_width(first: Sequence[float], second: Sequence[float]) -> float:
    """Return half of Welch's 95 % interval of a difference; NaN if either has fewer than two."""
    if min(len(first), len(second)) < 2:
        return math.nan
    parts = [deviation(values) ** 2 / len(values) for values in (first, second)]
    if not sum(parts):
        return 0.0
    spread = zip(parts, (first, second), strict=True)
    freedom = sum(parts) ** 2 / sum(part**2 / (len(values) - 1) for part, values in spread)
    return float(student.ppf(0.975, freedom)) * math.sqrt(sum(parts))


def shown(value: float | None, digits: int = 2, *, signed: bool = False) -> str:
    """Return a number as printed; a dash where there is none."""
    if value is None or math.isnan(value):
        return "-"
    text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    return text.lstrip("+-") if not float(text) else text


def around(value: float, half: float, digits: int = 2) -> str:
    """Return a number with its interval."""
    if math.isnan(half):
        return shown(value, digits, signed=True)
    low, high = (shown(end, digits, signed=True) for end in (value - half, value + half))
    return f"{shown(value, digits, signed=True)} ({low} to {high})"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, words: int = 1) -> str:
    """Return a Markdown table whose first columns hold words, the others numbers."""
    rule = ["---"] * words + ["---:"] * (len(columns) - words)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *rows))
