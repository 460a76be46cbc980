"""Is each file of a data set the published one?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from topograph.errors import MissingExtraError, TopographError
from topograph.io.paths import shown
from topograph.training.data.checksums import compare_with_published
from topograph.training.data.cifar import read_cifar10
from topograph.training.data.digits import read_digits
from topograph.training.data.locating import Located, locate
from topograph.training.data.places import data_folder
from topograph.training.data.published import CIFAR_10_BATCH_BYTES, Published, find_published

State: TypeAlias = Literal["ok", "differs", "damaged", "missing", "no published checksum"]
LOSSY = "JPEG files: a lossy copy, whose pixels are not the original ones."


@dataclass(frozen=True)
class FileCheck:
    """What came of reading a file.

    Parameters
    ----------
    data_set, file : str
    state : {"ok", "differs", "damaged", "missing", "no published checksum"}
        ``differs`` from the published file; ``damaged``: cannot be read.
    note : str, default ""
        More about it, in a sentence.
    """

    data_set: str
    file: str
    state: State
    note: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether the file is missing, or not what was published."""
        return self.state in ("differs", "damaged", "missing")


def check_data(name: str, folder: Path | None = None) -> tuple[FileCheck, ...]:
    """Read every file of a data set and compare it with the published checksum.

    Parameters
    ----------
    name : {"digits", "mnist", "fashion-mnist", "cifar10"}
    folder : path, optional
        As of `load_data`.

    Raises
    ------
    ParameterError
        If no data set has that name.
    ReadError
        If no folder is named, or it does not exist.

    Examples
    --------
    >>> [check.state for check in check_data("digits")]
    ['ok']
    """
    known = find_published(name)
    if not known.downloads:
        return (_digits(),)
    located = locate(name, data_folder(folder, name))
    if located is None:
        # The archives of CIFAR-10 are never read: its batches are what lacks.
        lacking = [file for file in known.checksums if file.endswith(".gz") == (name != "cifar10")]
        return tuple(FileCheck(name, file, "missing") for file in lacking)
    return tuple(_checks(known, located))


def _digits() -> FileCheck:
    try:
        verified = read_digits().verified
    except MissingExtraError as error:
        return FileCheck("digits", "of scikit-learn", "missing", str(error))
    return FileCheck("digits", "of scikit-learn", "ok" if verified else "differs")


def _checks(known: Published, located: Located) -> Iterator[FileCheck]:
    for path in located.paths:
        if located.form == "images":
            yield _images(known.name, path)
            continue
        verified, notes = compare_with_published([path], known.checksums)
        size = path.stat().st_size
        if verified:
            yield FileCheck(known.name, shown(path.name), "ok")
        elif path.name in known.checksums:
            yield FileCheck(known.name, shown(path.name), "differs", *notes)
        elif located.form == "binary batches" and size != CIFAR_10_BATCH_BYTES:
            note = f"{shown(path.name)} has {size} bytes, not {CIFAR_10_BATCH_BYTES}."
            yield FileCheck(known.name, shown(path.name), "differs", note)
        else:
            yield FileCheck(known.name, shown(path.name), "no published checksum")
    for file in located.missing:
        yield FileCheck(known.name, file, "missing")


def _images(name: str, source: Path) -> FileCheck:
    """Read all images: there is no other way to know whether they are whole."""
    try:
        lossy = read_cifar10(source if source.is_dir() else source.parent).lossy
    except MissingExtraError as error:
        return FileCheck(name, shown(source.name), "no published checksum", str(error))
    except TopographError as error:
        return FileCheck(name, shown(source.name), "damaged", str(error))
    return FileCheck(name, shown(source.name), "no published checksum", LOSSY if lossy else "")
