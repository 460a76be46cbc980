"""Which files are meant, what they are called, and what can be wrong with them as files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from topograph.errors import ParameterError, ReadError, TopographError


def listed(paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the paths meant by one path or a sequence of paths."""
    given: object = [paths] if isinstance(paths, str | os.PathLike) else paths
    if not isinstance(given, Sequence) or isinstance(given, bytes | bytearray) or not given:
        raise ParameterError.expected("paths", "a path or a sequence of paths", paths)
    return [_path(path) for path in given]


def _path(path: str | os.PathLike[str]) -> Path:
    try:
        is_text = isinstance(os.fspath(path), str) and b"\0" not in os.fsencode(path)
    except (TypeError, UnicodeEncodeError):
        is_text = False
    if not is_text:
        raise ParameterError.expected("A path", "text that can name a file", path)
    return Path(path)


def shown(text: str | Path) -> str:
    r"""Return the text with its unprintable characters escaped: safe in a terminal.

    Examples
    --------
    >>> shown("mask\x1b.npz")
    'mask\\x1b.npz'
    """
    return "".join(
        mark if mark.isprintable() else mark.encode("unicode_escape").decode("ascii")
        for mark in str(text)
    )


def extension(path: Path) -> str:
    """Return the extension in lower case, with what is before a final ``.gz``.

    Examples
    --------
    >>> extension(Path("masks/n1024-l1.tsv.gz")), extension(Path("v1.2/mask.NPZ"))
    ('.tsv.gz', '.npz')
    """
    last = path.suffix.lower()
    return Path(path.stem).suffix.lower() + last if last == ".gz" else last


def stem(path: Path) -> str:
    """Return the name of the file without its extension, printable: the name of its layer."""
    ending = extension(path)
    return shown(path.name[: len(path.name) - len(ending)])


@contextmanager
def naming(place: str) -> Iterator[None]:
    """Say ``place``, the file, first in every error that comes from inside."""
    try:
        yield
    except TopographError as error:
        raise error.within(place) from error
    except MemoryError as error:
        raise ReadError(f"{place}: The file needs more memory than there is.") from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ReadError(f"{place}: The file must be readable, but it is not ({why}).") from error


def is_folder(path: Path) -> bool:
    """Whether the path is a folder; ReadError if there is nothing there."""
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116  Path.stat is the same call
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ReadError("The file must exist, but it does not.") from error
    if stat.S_ISDIR(mode):
        return True
    if not stat.S_ISREG(mode):
        raise ReadError(
            "A mask must be a regular file, but this is a device, pipe or socket.",
            hint="save it to a file first.",
        )
    return False


def check_file(path: Path) -> None:
    """Raise ReadError unless the path is a regular file."""
    if is_folder(path):
        raise ReadError("A mask must be a file, but this is a folder.")


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file for reading; give the stream and the bytes it has."""
    check_file(path)
    with path.open("rb") as stream:
        yield stream, os.fstat(stream.fileno()).st_size
