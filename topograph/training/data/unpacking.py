"""The batches of CIFAR-10 out of their archive, and nothing else."""

from __future__ import annotations

import gzip
import tarfile
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from topograph.errors import ReadError
from topograph.io.paths import naming, shown

_LARGEST_BATCH = 1 << 26  # bytes; a real one has 31 million
_LARGEST_ARCHIVE = 1 << 28  # bytes unpacked; a real one has 186 million
_BLOCK_BYTES = 1 << 20


def unpack_batches(archive: Path, top: str, names: Sequence[str], place: Path) -> None:
    """Unpack the files ``top/NAME`` of a .tar.gz into a folder: all of them, or none.

    Only regular files of these very names are looked at; whatever else the archive holds,
    links and paths that lead elsewhere among it, is passed over.

    Parameters
    ----------
    archive : Path
    top : str
        The folder in the archive.
    names : sequence of str
        What is wanted; an existing file of that name is replaced.
    place : Path
        Made if it does not exist.

    Raises
    ------
    ReadError
        If the archive is damaged, too large, or lacks a file.
    """
    with naming(shown(archive)):
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=place) as temporary:
            _unpack(archive, {f"{top}/{name}": Path(temporary) / name for name in names})
            for name in names:
                (Path(temporary) / name).replace(place / name)


def _unpack(archive: Path, targets: dict[str, Path]) -> None:
    lacking = set(targets)
    try:
        with gzip.open(archive, "rb") as unpacked:
            capped: Any = _Capped(unpacked)
            with tarfile.open(fileobj=capped, mode="r|") as members:
                for member in members:
                    name = member.name.removeprefix("./")
                    if not member.isreg() or name not in lacking:
                        continue
                    file = members.extractfile(member)
                    if member.size > _LARGEST_BATCH or file is None:
                        raise ReadError(
                            f"{shown(name)} must have at most {_LARGEST_BATCH} bytes, but it has "
                            f"{member.size}."
                        )
                    with targets[name].open("xb") as target:
                        while content := file.read(_BLOCK_BYTES):
                            target.write(content)
                    lacking.discard(name)
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ReadError(
            "A .tar.gz must be a whole archive, but this one is damaged or cut short.",
            hint="fetch it again.",
        ) from error
    if lacking:
        raise ReadError(
            f"The archive must hold {', '.join(sorted(targets))}, but it lacks "
            f"{', '.join(sorted(lacking))}."
        )


class _Capped:
    """A stream that refuses to give more bytes than such an archive has."""

    def __init__(self, source: BinaryIO | gzip.GzipFile) -> None:
        self._source, self._given = source, 0

    def read(self, size: int) -> bytes:
        content = self._source.read(size)
        self._given += len(content)
        if self._given > _LARGEST_ARCHIVE:
            raise ReadError(
                f"An archive of CIFAR-10 must unpack to at most {_LARGEST_ARCHIVE} bytes, but this "
                f"one gives more."
            )
        return content
