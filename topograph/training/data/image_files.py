"""Images as files ``train/CLASS/NAME.jpg`` and ``test/CLASS/NAME.jpg``, in a folder or a tar."""

from __future__ import annotations

import io
import lzma
import re
import tarfile
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from topograph.errors import MissingExtraError, ReadError
from topograph.io.limits import Budget
from topograph.io.paths import shown

SUFFIXES = ("jpg", "jpeg", "png")
_NAME = re.compile(
    rf"(?:\./)?(train|test)/([^/]{{1,100}})/([^/]{{1,100}})\.({'|'.join(SUFFIXES)})", re.IGNORECASE
)
_LOSSY = ("jpg", "jpeg")
_LARGEST_IMAGE = 1 << 22  # bytes of one file, as packed
_LARGEST_SIDE = 4096
_TAR_FACTOR = 32  # bytes of Python objects for a member, over its size in the tar
_Part = tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]


@dataclass(frozen=True)
class LabelledImages:
    """Images by part, and the names of their classes in order.

    Parameters
    ----------
    train, test : pair of ndarray
        uint8 of shape (n, channels, height, width), and the number of each image's class.
    classes : tuple of str
        In alphabetical order, as they are numbered.
    lossy : bool
        Whether an image is a JPEG.
    """

    train: _Part
    test: _Part
    classes: tuple[str, ...]
    lossy: bool


def find_images(folder: Path, name: str) -> Path | None:
    """Return the folder, if it holds ``train/``, or a tar in it that is named like the set."""
    if (folder / "train").is_dir():
        return folder
    for stem in (name, f"{name}-jpeg", f"{name}-png"):
        for suffix in (".tar", ".tar.xz", ".tar.gz", ".tar.bz2"):
            if (folder / f"{stem}{suffix}").is_file():
                return folder / f"{stem}{suffix}"
    return None


def read_images(source: Path) -> LabelledImages:
    """Read all images of a folder or of a tar, plain or packed; nothing is unpacked to disk.

    Classes are numbered in alphabetical order; images are in an order of chance, the same
    every time. Files of other names are passed over.

    Raises
    ------
    ReadError
        If a file is damaged, an image is of another size than the first or there twice, or
        there are none.
    MissingExtraError
        If Pillow is not installed.
    """
    files = _folder_files(source) if source.is_dir() else _tar_files(source)
    budget = Budget()
    images: dict[str, dict[tuple[str, str], npt.NDArray[np.uint8]]] = {"train": {}, "test": {}}
    shape: tuple[int, ...] | None = None
    lossy = False
    for name, content in files:
        match = _NAME.fullmatch(name)
        if match is None:
            continue
        part, label, stem, suffix = match.groups()
        image = _decoded(name, content)
        budget.hold(2 * image.nbytes, "the images")
        if shape is not None and image.shape != shape:
            raise ReadError(
                f"All images must have one shape, but {shown(name)} has {image.shape} and those "
                f"before it {shape}."
            )
        shape = image.shape
        if (label, stem) in images[part.lower()]:
            raise ReadError(f"The image {shown(name)} must be there once, but it is there twice.")
        images[part.lower()][label, stem] = image
        lossy |= suffix.lower() in _LOSSY
    classes = tuple(sorted({label for part in images.values() for label, _ in part}))
    for part, found in images.items():
        if not found:
            raise ReadError(f"There must be images {part}/CLASS/NAME.jpg, but there are none.")
    return LabelledImages(
        _stacked(images["train"], classes), _stacked(images["test"], classes), classes, lossy
    )


def _stacked(
    found: dict[tuple[str, str], npt.NDArray[np.uint8]], classes: tuple[str, ...]
) -> _Part:
    """Return images and labels in an order of chance, the same every time.

    By class and name the last images would be those of one class.
    """
    numbers = {label: number for number, label in enumerate(classes)}
    keys = sorted(found)
    keys = [keys[number] for number in np.random.default_rng(0).permutation(len(keys))]
    labels = np.array([numbers[label] for label, _ in keys], dtype=np.int64)
    return np.stack([found[key] for key in keys]), labels


def _folder_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.glob("t*/*/*")):
        name = path.relative_to(folder).as_posix()
        if _NAME.fullmatch(name) and path.is_file():
            if path.stat().st_size > _LARGEST_IMAGE:
                raise ReadError(
                    f"{shown(name)} must be an image of at most {_LARGEST_IMAGE} bytes."
                )
            yield name, path.read_bytes()


def _tar_files(path: Path) -> Iterator[tuple[str, bytes]]:
    with _damage_named(), path.open("rb") as packed, _unpacked(path, packed) as stream:
        capped: Any = _Capped(stream, Budget())
        with tarfile.open(fileobj=capped, mode="r|") as archive:
            for member in archive:
                archive.members = []  # type: ignore[attr-defined]  # keep no list of them
                if not (member.isreg() and _NAME.fullmatch(member.name)):
                    continue
                if member.size > _LARGEST_IMAGE:
                    raise ReadError(
                        f"{shown(member.name)} must be an image of at most {_LARGEST_IMAGE} bytes."
                    )
                file = archive.extractfile(member)
                if file is not None:
                    yield member.name, file.read()


def _unpacked(path: Path, packed: Any) -> Any:
    import bz2
    import gzip

    openers: dict[str, Any] = {".xz": lzma.open, ".gz": gzip.open, ".bz2": bz2.open}
    opener = openers.get(path.suffix)
    return opener(packed, "rb") if opener else packed


class _Capped:
    """A stream that refuses to give more bytes than a budget allows."""

    def __init__(self, source: Any, budget: Budget) -> None:
        self._source, self._budget, self._given = source, budget, 0

    def read(self, size: int) -> bytes:
        """Return up to ``size`` bytes."""
        content: bytes = self._source.read(size)
        self._given += len(content)
        self._budget.check(self._given, "the unpacked tar")
        return content


@contextmanager
def _damage_named() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError, ValueError) as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(
            "A .tar file must be a whole archive, but this one is damaged or cut short.",
            hint="fetch it again.",
        ) from error


def _decoded(name: str, content: bytes) -> npt.NDArray[np.uint8]:
    """Return an image as (channels, height, width); its size is checked before its pixels."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError.of("pillow", "train") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
                if max(image.size) > _LARGEST_SIDE:
                    raise ReadError(
                        f"{shown(name)} must have sides of at most {_LARGEST_SIDE} pixels, but it "
                        f"has {image.size[0]} x {image.size[1]}."
                    )
                mode = "L" if image.mode in ("1", "L") else "RGB"
                pixels = np.asarray(image.convert(mode), dtype=np.uint8)
    except ReadError:
        raise
    except Exception as error:  # Pillow raises a dozen kinds
        raise ReadError(
            f"{shown(name)} must be a JPEG or PNG image, but it is damaged or something else."
        ) from error
    return np.ascontiguousarray(
        pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0), dtype=np.uint8
    )
