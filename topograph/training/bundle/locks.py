"""One process at a time: locks that go when their process goes, however it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":  # there, nothing keeps two processes apart
    import fcntl


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a file while the block runs, and say whether it is held.

    Parameters
    ----------
    path : Path
        Made if it is not there, and left there.
    wait : bool, default True
        Wait for another process that has it; otherwise give False.
    """
    with path.open("ab") as file:
        if sys.platform == "win32":
            yield True
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True  # closing the file lets go of the lock
