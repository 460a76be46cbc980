"""TOML from a file."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from topograph.errors import ReadError
from topograph.io.paths import listed, naming, shown


def read_toml(path: str | os.PathLike[str], what: str) -> tuple[Path, dict[str, Any]]:
    """Return the path of a file of TOML, and what it says.

    Parameters
    ----------
    path : path
    what : str
        What the file holds, for the error: "A recipe".

    Raises
    ------
    ReadError
        If it cannot be read or is no TOML.
    """
    (file,) = listed([os.fspath(path)])
    with naming(shown(file)):
        content = file.read_bytes()
    try:
        return file, tomllib.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ReadError(f"{shown(file)}: {what} must be TOML, but this is not: {error}.") from error
