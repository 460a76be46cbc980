"""Run what a study asks for and is not done yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from topograph.errors import ParameterError
from topograph.study.design.preregistration import check_registered
from topograph.study.design.specification import Specification
from topograph.study.design.units import Chunk, chunks_of, count_runs, units_of
from topograph.study.execution.backends import results_of
from topograph.study.execution.chunk_training import Place, train_chunk
from topograph.study.execution.preparing import preparations_of, prepare
from topograph.study.execution.store import keep_rows, stored_rows
from topograph.training.shards import check_shard, items_of_shard

Progress: TypeAlias = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Resources:
    """With what a study is run.

    Parameters
    ----------
    jobs : int, default 1
        Chunks at the same time.
    members : int, default 32
        Nets that train side by side in a chunk, about.
    backend : {"loky", "dask"}, default "loky"
    scheduler : str, optional
        Of dask.
    shard : (int, int), default (1, 1)
        ``(i, n)``: do the i-th of n parts of the chunks, counted from 1.
    """

    jobs: int = 1
    members: int = 32
    backend: str = "loky"
    scheduler: str | None = None
    shard: tuple[int, int] = (1, 1)

    def __post_init__(self) -> None:
        check_shard(self.shard)
        for name in ("jobs", "members"):
            if getattr(self, name) < 1:
                raise ParameterError.expected(name, "at least 1", getattr(self, name))

    def results_of(
        self, function: Callable[..., Any], calls: Iterable[tuple[Any, ...]]
    ) -> Iterator[Any]:
        """Give the results of calls as they come, as `results_of` with these resources."""
        return results_of(
            function, calls, jobs=self.jobs, backend=self.backend, scheduler=self.scheduler
        )


def run_study(
    specification: Specification,
    place: Place,
    resources: Resources,
    progress: Progress | None = None,
) -> int:
    """Train every net that is not in the store yet, and return how many were trained.

    Masks that cost much are made first, and kept in the study's folder. The rows of a chunk are
    on the disk as soon as it is done; a crash loses the chunks under way and nothing else.

    Parameters
    ----------
    specification : Specification
    place : Place
    resources : Resources
    progress : callable, optional
        Called with what is being done, runs done, and runs in all, those of other shards
        included.

    Raises
    ------
    ParameterError
        If the study was not registered beforehand, or is another one now.
    """
    check_registered(specification, place.folder)
    say = progress or (lambda *_: None)
    prepare_masks(specification, place, resources, say)
    finished = {row["key"] for row in stored_rows(place.folder)}
    total, trained = count_runs(specification), 0
    done = sum(unit.key in finished for unit in units_of(specification))
    say("train", done, total)
    left = ((chunk, place) for chunk in chunks_left(specification, resources, finished))
    for rows in resources.results_of(train_chunk, left):
        keep_rows(place.folder, rows, "part-{}-of-{}".format(*resources.shard))
        done, trained = done + len(rows), trained + len(rows)
        say("train", done, total)
    return trained


def prepare_masks(
    specification: Specification, place: Place, resources: Resources, progress: Progress
) -> None:
    """Make the masks that cost much and are not in the study's folder yet."""
    to_make = preparations_of(specification, place.folder)
    calls = ((one, place.folder, place.data_folder) for one in to_make)
    for number, _ in enumerate(resources.results_of(prepare, calls), start=1):
        progress("make masks", number, len(to_make))


def chunks_left(
    specification: Specification, resources: Resources, finished: set[str]
) -> Iterator[Chunk]:
    """Give the chunks of the shard without the runs that are done."""
    for chunk in items_of_shard(chunks_of(specification, resources.members), resources.shard):
        units = tuple(unit for unit in chunk.units if unit.key not in finished)
        if units:
            yield Chunk(units)
