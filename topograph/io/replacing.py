"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from topograph.errors import ParameterError, TopographError
from topograph.io.paths import listed, shown


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file that takes the place of ``path`` once all is written to it.

    It is a file ``*.part`` in the same folder, removed if anything goes wrong; a link is
    followed. The path is said first in every error.

    Raises
    ------
    ParameterError
        If there can be no such file.
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
    try:
        if target.exists() and not target.is_file():
            raise ParameterError("The output must be a regular file, but it is something else.")
        with temporary.open("xb") as file:
            yield file
        temporary.replace(target)
    except TopographError as error:
        raise error.within(shown(path)) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):  # the error that counts is already on its way
            temporary.unlink(missing_ok=True)


def write_text(text: str, path: str | os.PathLike[str]) -> None:
    """Write a text file in UTF-8, whole or not at all; into a device or pipe directly.

    Parameters
    ----------
    text : str
        What to write.
    path : str or os.PathLike
        An existing file is replaced.

    Raises
    ------
    ParameterError
        If the file cannot be written there.
    """
    (target,) = listed([path])
    content = text.encode("utf-8", "backslashreplace")
    if _is_device(target):
        try:
            with target.open("wb") as device:
                device.write(content)
        except OSError as error:
            raise _unwritable(target, error) from error
        return
    with replacing(target) as file:
        file.write(content)


def _is_device(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _unwritable(path: Path, error: OSError) -> ParameterError:
    why = error.strerror or type(error).__name__
    is_missing = isinstance(error, FileNotFoundError)
    return ParameterError(
        f"{shown(path)}: The output must be in a folder that exists and allows it, but it cannot "
        f"be written ({shown(why)}).",
        hint=f"make the folder {shown(path.parent)} first." if is_missing else None,
    )
