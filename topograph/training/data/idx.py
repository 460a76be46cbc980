"""One array in the IDX form of MNIST, plain or gzipped; its header is believed last.

Two zero bytes, the type (8: unsigned bytes), the rank, one big-endian 32-bit size for each
dimension, then the values.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from topograph.errors import ReadError
from topograph.io.limits import Budget
from topograph.io.paths import naming, opened, shown
from topograph.io.text import DEFLATE_RATIO

_UNSIGNED_BYTES = 8
_DAMAGE = (gzip.BadGzipFile, EOFError, zlib.error)


def read_idx(path: Path, rank: int) -> npt.NDArray[np.uint8]:
    """Read an IDX file of bytes.

    Parameters
    ----------
    path : Path
        Gzipped if it ends in ``.gz``.
    rank : int
        Dimensions that the array must have: 3 for images, 1 for labels.

    Raises
    ------
    ReadError
        If the file is damaged, cut short, too large (see `topograph.io.limits`), or
        something else.
    """
    with naming(shown(path)), opened(path) as (stream, size):
        if path.suffix != ".gz":
            return _read(stream, size, rank)
        try:
            with gzip.GzipFile(fileobj=stream, mode="rb") as inflated:
                return _read(inflated, size * DEFLATE_RATIO, rank)
        except _DAMAGE as error:
            raise ReadError(
                "A .gz file must be a whole gzip stream, but this one is damaged or cut short.",
                hint="fetch it again.",
            ) from error


def _read(stream: BinaryIO | gzip.GzipFile, most: int, rank: int) -> npt.NDArray[np.uint8]:
    start = stream.read(4)
    if len(start) < 4 or start[:2] != b"\0\0":
        raise ReadError("An IDX file must start with two zero bytes, but this one does not.")
    if (start[2], start[3]) != (_UNSIGNED_BYTES, rank):
        raise ReadError(
            f"The IDX file must hold unsigned bytes (type 8) in {rank} dimensions, but it says "
            f"type {start[2]} in {start[3]}.",
            hint="images have 3 dimensions and labels 1: are the files swapped?",
        )
    sizes = stream.read(4 * rank)
    if len(sizes) < 4 * rank:
        raise ReadError("The file must hold a whole IDX header, but it ends inside it.")
    shape = struct.unpack(f">{rank}I", sizes)
    count = math.prod(shape)
    if not count or count > most:
        raise ReadError(
            f"An array of shape {shape} cannot be in this file, which has room for {most} bytes."
        )
    Budget().check(count, f"an array of shape {shape}")
    return _values(stream, count).reshape(shape)


def _values(stream: Any, count: int) -> npt.NDArray[np.uint8]:
    content = stream.read(count)
    if len(content) < count:
        raise ReadError(
            f"The file must hold {count} values, as its header says, but it ends after "
            f"{len(content)}.",
            hint="it is cut short; fetch it again.",
        )
    if stream.read(1):
        raise ReadError(f"The file must hold {count} values, as its header says, but more follow.")
    return np.frombuffer(content, dtype=np.uint8)
