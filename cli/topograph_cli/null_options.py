"""Options that set a mask beside random nets that share something with it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from topograph.graph import LayeredGraph
    from topograph.report import NullKind, Report
    from topograph.weighted import WeightedGraph
    from topograph_cli.progress import ProgressBar

Command = TypeVar("Command", bound=Callable[..., Any])

SAMPLES = 100

_OPTIONS = (
    click.option(
        "--null",
        "null_kind",
        type=click.Choice(["degree", "density", "relabel"]),
        help="Set every value beside those of random nets that share all fan-ins and fan-outs, the "
        "density of each layer, or the layers themselves, joined to each other at random.",
    ),
    click.option(
        "--samples",
        type=click.IntRange(min=1),
        metavar="N",
        help=f"How many null nets; {SAMPLES} by default.",
    ),
    click.option(
        "--jobs",
        type=click.IntRange(min=1),
        metavar="N",
        help="Null nets measured at the same time; by default as many as there are cores. The "
        "answer is the same.",
    ),
)


@dataclass(frozen=True)
class Nulls:
    """What the options say about null nets; ``kind`` is None where there are to be none."""

    kind: NullKind | None = None
    samples: int = SAMPLES
    jobs: int | None = None

    @property
    def wanted(self) -> bool:
        """Whether null nets were asked for."""
        return self.kind is not None

    def report(
        self,
        graph: LayeredGraph,
        *,
        source: str,
        metrics: list[str] | None,
        include_all: bool,
        exact: bool,
        seed: int,
        progress: ProgressBar,
        weighted: WeightedGraph | None = None,
    ) -> Report:
        """Measure a graph, and its null nets if they were asked for."""
        from topograph.analysis import analyze

        asked: dict[str, Any] = {"metrics": metrics, "include_all": include_all, "exact": exact}
        asked |= {"seed": seed, "progress": progress}
        report = analyze(graph, source=source, weighted=weighted, **asked)
        if self.kind is None:
            return report
        import time
        from dataclasses import replace

        from topograph.nulls import PATIENCE_SECONDS, null_ensemble

        began = time.perf_counter()
        is_forced = include_all or exact or metrics is not None
        limit = None if is_forced else PATIENCE_SECONDS
        wanted: dict[str, Any] = {
            "samples": self.samples,
            "jobs": self.jobs,
            "limit_seconds": limit,
        }
        ensemble = null_ensemble(graph, self.kind, **wanted, **asked)
        seconds = report.seconds + time.perf_counter() - began
        return replace(report, null=ensemble, seconds=seconds)


def asks_for_nulls(command: Command) -> Command:
    """Give a command the options on null nets, as one argument ``nulls``."""

    @functools.wraps(command)
    def with_nulls(*args: Any, **kwargs: Any) -> Any:
        kind, samples, jobs = (kwargs.pop(name) for name in ("null_kind", "samples", "jobs"))
        for option, value in (("--samples", samples), ("--jobs", jobs)):
            if kind is None and value is not None:
                raise click.UsageError(f"{option} is about null nets, so it needs --null.")
        return command(*args, nulls=Nulls(kind, samples or SAMPLES, jobs), **kwargs)

    asking: Any = with_nulls
    for option in reversed(_OPTIONS):
        asking = option(asking)
    made: Command = asking
    return made
