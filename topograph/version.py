"""Which topograph is this?"""

from __future__ import annotations

import functools
import importlib.metadata


@functools.cache
def topograph_version() -> str:
    """Return the version of topograph that is installed, "unknown" in a bare source tree."""
    try:
        return importlib.metadata.version("topograph")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


__version__ = topograph_version()
