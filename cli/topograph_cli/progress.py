"""A progress bar on stderr for whatever takes more than a second."""

from __future__ import annotations

import importlib.util
import sys
import threading
import time
from types import TracebackType
from typing import Any, Self

import click

PATIENCE_SECONDS = 1.0
LOG_SECONDS = 60.0


class ProgressBar:
    """A bar that appears after a second, on a terminal only, and vanishes at the end.

    Parameters
    ----------
    quiet : bool
        Never show it.
    unit : str, optional
        What is counted: the bar then says how many a second, and how long it will take. Where
        there is no bar, a line every minute does.
    """

    def __init__(self, quiet: bool = False, unit: str = "") -> None:
        self._unit = unit
        has_rich = importlib.util.find_spec("rich") is not None  # training does without it
        self._wanted = not quiet and sys.stderr.isatty() and has_rich
        self._is_log = not quiet and not self._wanted
        self._start: tuple[float, int, int] | None = None
        self._last_line = 0.0
        self._lock = threading.Lock()
        self._state: tuple[str, int, int] = ("", 0, 1)
        self._bar: Any = None
        self._task: Any = None
        self._timer = threading.Timer(PATIENCE_SECONDS, self._appear)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._wanted:
            self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            self._wanted = False
            if self._bar is not None:
                self._bar.stop()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Say what is being done, and how many steps of how many are behind."""
        if self._unit:
            what = f"{what}{self._pace(done, total)}"
        with self._lock:
            self._state = (what, done, total)
            if self._bar is not None:
                self._bar.update(self._task, description=what, completed=done, total=total)

    def _pace(self, done: int, total: int) -> str:
        """Return how many a second so far; in a log, write it down now and then."""
        now = time.monotonic()
        if self._start is None or self._start[2] != total:  # another thing is counted now
            self._start, self._last_line = (now, done, total), now
        seconds, more = now - self._start[0], done - self._start[1]
        if seconds <= 0 or more <= 0:
            return ""
        speed = more / seconds
        if self._is_log and now - self._last_line >= LOG_SECONDS:
            self._last_line = now
            minutes = (total - done) / speed / 60
            line = f"{done}/{total} {self._unit}, {speed:.3g} a second, {minutes:.1f} min left"
            click.echo(line, err=True)
        return f", {speed:.3g} {self._unit}/s"

    def _appear(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        with self._lock:
            if not self._wanted:
                return
            what, done, total = self._state
            rest = [TimeRemainingColumn()] if self._unit else []
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed}/{task.total}"),
                TimeElapsedColumn(),
                *rest,
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(what, completed=done, total=total)
            self._bar.start()
