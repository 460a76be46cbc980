"""Text files, plain or gzipped, read in blocks and never further than the cap."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from topograph.errors import ReadError
from topograph.io.limits import Budget
from topograph.io.paths import extension, opened

BLOCK_BYTES = 1 << 17  # the arrays made of a block stay in cache
DEFLATE_RATIO = 1032  # no deflate stream grows by more


class CappedText(io.RawIOBase):
    """A binary stream that refuses to give more bytes than the cap.

    Parameters
    ----------
    source : BinaryIO
        Where the bytes come from; a damaged gzip stream becomes a ReadError.
    budget : Budget
        Its cap is the largest number of bytes given.
    """

    def __init__(self, source: BinaryIO, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._given = 0

    def readable(self) -> bool:
        """Whether the stream can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer and return the number of bytes given, 0 at the end."""
        wanted = memoryview(buffer).cast("B")
        try:
            got = self._source.read(len(wanted))
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ReadError(
                "A .gz file must be a whole gzip stream, but this one is damaged or cut short.",
                hint="fetch or write it again.",
            ) from error
        wanted[: len(got)] = got
        self._given += len(got)
        self._budget.check_alone(self._given, "the text of the file")
        return len(got)


@contextmanager
def open_text(path: Path, budget: Budget) -> Iterator[tuple[io.BufferedReader, int]]:
    """Open a text file; give a capped stream and the most bytes it can hold."""
    with opened(path) as (stream, size):
        if extension(path).endswith(".gz"):
            with gzip.GzipFile(fileobj=stream, mode="rb") as inflated:
                capped = CappedText(inflated, budget)  # type: ignore[arg-type]
                yield io.BufferedReader(capped, BLOCK_BYTES), size * DEFLATE_RATIO
        else:
            yield io.BufferedReader(CappedText(stream, budget), BLOCK_BYTES), size


def line_blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Give the text in blocks of whole lines, each ended by a newline."""
    rest = b""
    while piece := stream.read(BLOCK_BYTES):
        end = piece.rfind(b"\n") + 1
        if end:
            yield rest + piece[:end]
            rest = piece[end:]
        else:
            rest += piece
        if len(rest) > BLOCK_BYTES:
            raise ReadError(
                f"A line must be shorter than {BLOCK_BYTES} bytes, but there is a longer one."
            )
    if rest:
        yield rest + b"\n"
