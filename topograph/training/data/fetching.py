"""A data set from a mirror that the user names, to where `load_data` finds it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from topograph.errors import ParameterError, ReadError
from topograph.io.paths import listed, shown
from topograph.training.data.addressing import VARIABLE, addresses
from topograph.training.data.checking import check_data
from topograph.training.data.checksums import CIFAR_10_PYTHON, compare_with_published
from topograph.training.data.locating import locate
from topograph.training.data.places import VARIABLE as DATA_VARIABLE
from topograph.training.data.published import CIFAR_10_FOLDERS, PUBLISHED, Published
from topograph.training.data.retrieving import NotAtMirrorError, Progress, retrieve
from topograph.training.data.unpacking import unpack_batches

Outcome: TypeAlias = Literal["kept", "fetched", "replaced"]


@dataclass(frozen=True)
class FetchedFile:
    """A file of a data set that is there now.

    Parameters
    ----------
    path : Path
    outcome : {"kept", "fetched", "replaced"}
        ``kept``: was there and good; ``replaced``: was there, but was not the published file.
    """

    path: Path
    outcome: Outcome


def fetch_data(
    name: str,
    folder: str | os.PathLike[str] | None = None,
    mirror: str | None = None,
    progress: Progress | None = None,
) -> tuple[FetchedFile, ...]:
    """Fetch the files of a data set that are not there, or not the published ones.

    No address is built in: data sets move, and what makes a file the right one is its
    checksum. A file is looked for at ``MIRROR/DATA SET/FILE``, then at ``MIRROR/FILE``.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist", "cifar10"}
        Of ``cifar10`` the archive of the pickled batches is fetched, whose every file has a
        published checksum; the binary one if the mirror has no other, or if binary batches
        are to be mended.
    folder : path, optional
        Files go to its subfolder ``name``; by default what TOPOGRAPH_DATA names. It is made
        if it does not exist.
    mirror : str, optional
        ``http(s)://...``, ``file:...`` or a folder; by default what TOPOGRAPH_MIRROR says.
    progress : callable, optional
        Called as ``progress(what, done, total)``.

    Returns
    -------
    tuple of FetchedFile
        In the order in which they are read.

    Raises
    ------
    ParameterError
        If there is no such data set, or a file has to be fetched and no mirror is named.
    ReadError
        If a file is not at the mirror, the mirror cannot be reached, or the checksum differs.
    MissingExtraError
        If pooch is not installed.
    """
    known = PUBLISHED.get(name)
    if known is None or not known.downloads:
        allowed = [other.name for other in PUBLISHED.values() if other.downloads]
        raise ParameterError.expected(
            "A data set to fetch",
            f"one of {', '.join(allowed)}",
            name,
            hint="digits come with scikit-learn." if known else None,
        )
    place = _folder(folder)
    said = mirror or os.environ.get(VARIABLE)
    if name == "cifar10":
        return _fetch_cifar10(known, place, said, progress)
    return tuple(_fetch_idx(known, file, place / name, said, progress) for file in known.downloads)


def _folder(folder: str | os.PathLike[str] | None) -> Path:
    said: str | os.PathLike[str] | None = folder or os.environ.get(DATA_VARIABLE)
    if not said:
        raise ParameterError(
            "The data must go to a folder, but none is named.",
            hint=f"give the folder (--data-dir), or set the environment variable {DATA_VARIABLE}.",
        )
    return listed([said])[0].absolute()


def _fetch_idx(
    known: Published, file: str, place: Path, mirror: str | None, progress: Progress | None
) -> FetchedFile:
    target = place / file
    is_there = target.is_file()
    there = target if is_there else target.with_suffix("")  # unpacked will do
    if _is_published(there, known):
        return FetchedFile(there, "kept")
    _retrieve(known, [file], place, mirror, progress)
    return FetchedFile(target, "replaced" if is_there else "fetched")


def _fetch_cifar10(
    known: Published, folder: Path, mirror: str | None, progress: Progress | None
) -> tuple[FetchedFile, ...]:
    archives, place = list(CIFAR_10_FOLDERS), None
    located = locate(known.name, folder) if folder.is_dir() else None
    if located is not None and located.form != "images":
        if not any(check.is_bad for check in check_data(known.name, folder)):
            return tuple(FetchedFile(path, "kept") for path in located.paths)
        # These batches come before others when they are read: they must be mended.
        is_binary = located.form == "binary batches"
        archives, place = [archives[is_binary]], located.place
    home = folder / known.name
    is_ours = False
    archive = next((home / file for file in archives if _is_published(home / file, known)), None)
    if archive is None:
        archive, is_ours = home / _retrieve(known, archives, home, mirror, progress), True
    top = CIFAR_10_FOLDERS[archive.name]
    place = place or home / top
    suffix = ".bin" if top.endswith("bin") else ""
    paths = [place / f"{batch}{suffix}" for batch in CIFAR_10_PYTHON]
    were_there = [path.is_file() for path in paths]
    try:
        unpack_batches(archive, top, [path.name for path in paths], place)
    finally:
        if is_ours:
            archive.unlink(missing_ok=True)
    return tuple(
        FetchedFile(path, "replaced" if was_there else "fetched")
        for path, was_there in zip(paths, were_there, strict=True)
    )


def _retrieve(
    known: Published,
    files: Sequence[str],
    place: Path,
    mirror: str | None,
    progress: Progress | None,
) -> str:
    """Retrieve one of several files, the first that the mirror has as published; name it."""
    if not mirror:
        raise ParameterError(
            f"The file {files[0]} of {known.name} must be fetched, but no mirror is named.",
            hint=f"give one (--mirror), or set the environment variable {VARIABLE}; no address is "
            f"built in: data sets move, and what makes a file the right one is its checksum.",
        )
    errors: list[ReadError] = []
    for file in files:
        where = addresses(mirror, known.name, file)
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise ParameterError(
                f"{shown(place)}: The data must go to a folder that can be made, but it cannot "
                f"({why})."
            ) from error
        try:
            retrieve(where, place / file, known.downloads[file], known.checksums[file], progress)
        except NotAtMirrorError as error:
            errors.append(error)
            continue
        return file
    raise ReadError(" ".join(error.message for error in errors))


def _is_published(path: Path, known: Published) -> bool:
    return path.is_file() and compare_with_published([path], known.checksums)[0]
