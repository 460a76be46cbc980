"""What data sets there are, and which of them are here."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from topograph.training.data.locating import Located, locate
from topograph.training.data.published import PUBLISHED, Published


@dataclass(frozen=True)
class Entry:
    """A data set, and what of it is in a folder.

    Parameters
    ----------
    published : Published
        What its authors say.
    located : Located or None
        None if it is not there; also for ``digits``, which is in no folder.
    n_bytes : int or None
        Of its files, as they are on disk, or as they would be fetched; None for a folder of
        images and for ``digits``.
    found : bool
        Whether all of it is there.
    """

    published: Published
    located: Located | None
    n_bytes: int | None
    found: bool


def inventory(folder: Path | None = None) -> tuple[Entry, ...]:
    """Return all data sets that `load_data` knows, and where their files are.

    Parameters
    ----------
    folder : Path, optional
        Where to look; without it only the digits can be found.

    Examples
    --------
    >>> [(entry.published.name, entry.published.shape) for entry in inventory()][0]
    ('digits', (1, 8, 8))
    """
    return tuple(_entry(known, folder) for known in PUBLISHED.values())


def _entry(known: Published, folder: Path | None) -> Entry:
    if not known.downloads:
        return Entry(known, None, None, importlib.util.find_spec("sklearn") is not None)
    located = None if folder is None else locate(known.name, folder)
    if located is None:
        # Of the archives of CIFAR-10 one is enough.
        sizes = list(known.downloads.values())
        return Entry(known, None, sizes[0] if known.name == "cifar10" else sum(sizes), False)
    files = [path for path in located.paths if path.is_file()]
    n_bytes = sum(path.stat().st_size for path in files) if files else None
    return Entry(known, located, n_bytes, not located.missing)
