"""Where at a mirror may a file be?"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit
from urllib.request import url2pathname

from topograph.errors import ParameterError, ReadError
from topograph.io.paths import listed, shown

VARIABLE = "TOPOGRAPH_MIRROR"


def addresses(mirror: str, data_set: str, file: str) -> tuple[str | Path, ...]:
    """Return where a file of a data set may be: in a folder named like the set, or beside.

    Parameters
    ----------
    mirror : str
        ``http(s)://...``, ``file:...`` or the path of a folder.
    data_set, file : str

    Raises
    ------
    ParameterError
        If the mirror is none of the three.
    ReadError
        If the folder does not exist.

    Examples
    --------
    >>> addresses("http://localhost:8000/data/", "mnist", "t10k.gz")
    ('http://localhost:8000/data/mnist/t10k.gz', 'http://localhost:8000/data/t10k.gz')
    """
    try:
        parts = urlsplit(mirror)
    except ValueError:
        parts = urlsplit("none:")
    if parts.scheme in ("http", "https") and parts.netloc:
        stem = parts.path.rstrip("/")
        return tuple(
            urlunsplit(parts._replace(path=f"{stem}/{quote(tail)}", fragment=""))
            for tail in (f"{data_set}/{file}", file)
        )
    if parts.scheme and len(parts.scheme) > 1 and parts.scheme != "file":  # C: is a drive
        raise ParameterError.expected(
            "A mirror", "http://..., https://..., file:... or a folder", shown_address(mirror)
        )
    said = url2pathname(unquote(parts.path)) if parts.scheme == "file" else mirror
    (folder,) = listed([said])
    if not folder.is_dir():
        raise ReadError(
            f"{shown(folder)}: A mirror must be a folder that exists, but this is none."
        )
    return folder / data_set / file, folder / file


def shown_address(place: str | Path) -> str:
    """Return an address without password and query, safe in a terminal."""
    if isinstance(place, Path):
        return shown(place)
    try:
        parts = urlsplit(place)
    except ValueError:
        return shown(place)
    return shown(urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="")))
