"""How a process that trains on a CPU handles memory that it has freed."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as numbered by mallopt(3)
_LARGEST_ARRAY, _LARGEST_REST = 1 << 30, (1 << 31) - 1  # bytes


def keep_freed_memory() -> bool:
    """Keep freed memory for the next step rather than give it back to the system.

    A step of a net with convolutions allocates and frees the same tens of megabytes as the step
    before; given back, they come page by page, each cleared first: 5 to 15 % of the time.
    It holds for the whole process and until its end, so it is for processes that are there to
    train, not for a library in someone's notebook. The peak is the same.

    Returns
    -------
    bool
        Whether it can be had: it needs the C library of GNU.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    kept = [mallopt(_MMAP_THRESHOLD, _LARGEST_ARRAY), mallopt(_TRIM_THRESHOLD, _LARGEST_REST)]
    return all(kept)
