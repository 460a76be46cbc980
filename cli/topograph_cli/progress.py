"""A progress bar on stderr for whatever takes more than a second."""

from __future__ import annotations

import sys
import threading
from types import TracebackType
from typing import Any, Self

PATIENCE_SECONDS = 1.0


class ProgressBar:
    """A bar that appears after a second, on a terminal only, and vanishes at the end.

    Parameters
    ----------
    quiet : bool
        Never show it.
    """

    def __init__(self, quiet: bool = False) -> None:
        self._wanted = not quiet and sys.stderr.isatty()
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
        with self._lock:
            self._state = (what, done, total)
            if self._bar is not None:
                self._bar.update(self._task, description=what, completed=done, total=total)

    def _appear(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        with self._lock:
            if not self._wanted:
                return
            what, done, total = self._state
            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.completed}/{task.total}"),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(what, completed=done, total=total)
            self._bar.start()
