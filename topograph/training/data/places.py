"""Where the files of a data set are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from topograph.errors import ReadError
from topograph.io.paths import listed, shown

VARIABLE = "TOPOGRAPH_DATA"


def data_folder(folder: str | os.PathLike[str] | None, name: str) -> Path:
    """Return the folder with the data: the argument, or what TOPOGRAPH_DATA says.

    Parameters
    ----------
    folder : path or None
        As the user gave it.
    name : str
        The data set, for the error.

    Raises
    ------
    ReadError
        If neither names an existing folder.
    """
    said: str | os.PathLike[str] | None = folder or os.environ.get(VARIABLE)
    if not said:
        raise ReadError(
            f"The data set {name!r} must be in a local folder, but none is named.",
            hint=f"give the folder (--data-dir), or set the environment variable {VARIABLE}; "
            f"nothing is downloaded.",
        )
    (path,) = listed([said])
    if not path.is_dir():
        raise ReadError(
            f"{shown(path)}: The data must be in a folder that exists, but this is none."
        )
    return path


def places(folder: Path, subfolders: Sequence[str]) -> list[Path]:
    """Return the folder itself and those of its subfolders that exist, in this order."""
    return [folder, *(folder / name for name in subfolders if (folder / name).is_dir())]
