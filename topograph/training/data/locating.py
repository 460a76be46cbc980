"""Which files of a data set are in a folder, and which lack? Their content stays unread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from topograph.training.data.checksums import CIFAR_10_PYTHON, compare_with_published
from topograph.training.data.cifar import _SUBFOLDERS
from topograph.training.data.image_files import find_images
from topograph.training.data.mnist import FILES
from topograph.training.data.places import places
from topograph.training.data.published import PUBLISHED

Form: TypeAlias = Literal["IDX files", "binary batches", "pickled batches", "images"]


@dataclass(frozen=True)
class Located:
    """The files of a data set that a reader would turn to.

    Parameters
    ----------
    form : {"IDX files", "binary batches", "pickled batches", "images"}
    place : Path
        The folder they are in.
    paths : tuple of Path
        What is there; for images their folder or tar.
    missing : tuple of str
        Names of files that are not there.
    """

    form: Form
    place: Path
    paths: tuple[Path, ...]
    missing: tuple[str, ...] = ()


def locate(name: str, folder: Path) -> Located | None:
    """Return where a data set is, whole or in part; None if no file of it is there.

    What `load_data` would read comes first, else what is there of a set it would not find.
    Files of MNIST are not taken for those of Fashion-MNIST, which have the same names, nor
    the other way round.

    Parameters
    ----------
    name : {"mnist", "fashion-mnist", "cifar10"}
    folder : Path
        As of `load_data`.
    """
    found = list(_cifar10(folder) if name == "cifar10" else _idx(name, folder))
    return min(found, key=_is_passed_over, default=None)


def _is_passed_over(located: Located) -> bool:
    """Whether a reader looks further: batches are taken for there if the first one is."""
    if located.form == "IDX files":
        return bool(located.missing)
    return any(name.startswith("data_batch_1") for name in located.missing)


def _idx(name: str, folder: Path) -> Iterator[Located]:
    for place in reversed(places(folder, [name])):
        paths, missing = [], []
        for stems in FILES.values():
            forms = [place / form for stem in stems for form in (f"{stem}.gz", stem)]
            there = next((path for path in forms if path.is_file()), None)
            if there is not None:
                paths.append(there)
            else:
                missing.append(forms[0].name)
        if paths and not _is_another(name, paths):
            yield Located("IDX files", place, tuple(paths), tuple(missing))


def _is_another(name: str, paths: list[Path]) -> bool:
    """Whether the smallest file is that of another data set."""
    smallest = [min(paths, key=lambda path: path.stat().st_size)]
    return any(
        compare_with_published(smallest, known.checksums)[0]
        for known in PUBLISHED.values()
        if known.name != name and known.checksums
    )


def _cifar10(folder: Path) -> Iterator[Located]:
    where = places(folder, _SUBFOLDERS)
    forms: tuple[tuple[Form, str], ...] = (("binary batches", ".bin"), ("pickled batches", ""))
    for form, suffix in forms:
        for place in where:
            paths = [place / f"{batch}{suffix}" for batch in CIFAR_10_PYTHON]
            there = tuple(path for path in paths if path.is_file())
            if there:
                missing = tuple(path.name for path in paths if path not in there)
                yield Located(form, place, there, missing)
    for place in where:
        source = find_images(place, "cifar10")
        if source is not None:
            yield Located("images", place, (source,))
