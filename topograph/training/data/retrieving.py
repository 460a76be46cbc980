"""A file from the first place that has it: an address or a path, and a checksum that decides."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from topograph.errors import MissingExtraError, ParameterError, ReadError
from topograph.io.paths import naming, shown
from topograph.training.data.addressing import shown_address

Progress: TypeAlias = Callable[[str, int, int], None]
TIMEOUT_SECONDS = 30.0
_BLOCK_BYTES = 1 << 16
_NOT_THERE = (403, 404, 410)  # stores of files say 403 of a name that they do not have


class NotAtMirrorError(ReadError):
    """The mirror has no such file."""


def retrieve(
    places: Sequence[str | Path],
    target: Path,
    n_bytes: int,
    checksum: str,
    progress: Progress | None = None,
) -> None:
    """Get a file from the first of several places that has it, whole or not at all.

    Parameters
    ----------
    places : sequence of str or Path
        Addresses and paths, tried in order.
    target : Path
        Where it shall be; its folder exists.
    n_bytes : int
        The size it must have: no more is ever written.
    checksum : str
        MD5; what differs is removed, and the next place is tried.
    progress : callable, optional
        Called as ``progress(what, done, total)``, in MiB.

    Raises
    ------
    NotAtMirrorError
        If no place has it.
    ReadError
        If a place cannot be reached, or none has the file of this checksum.
    MissingExtraError
        If pooch is not installed.
    """
    try:
        import pooch
    except ImportError as error:
        raise MissingExtraError.of("pooch", "fetch") from error
    wrong: ReadError | None = None
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")  # it would print whole addresses, passwords included
    try:
        for place in places:
            transfer = _Transfer(place, target.name, n_bytes, checksum, progress)
            try:
                pooch.retrieve(
                    str(place),
                    known_hash=f"md5:{checksum}",
                    fname=target.name,
                    path=target.parent.absolute(),
                    downloader=transfer,
                )
            except NotAtMirrorError:
                continue
            except _WrongContentError as error:
                wrong = wrong or error
                continue
            except OSError as error:
                why = error.strerror or type(error).__name__
                raise ParameterError(
                    f"{shown(target)}: The data must go to a folder that allows it, but the file "
                    f"cannot be written ({shown(why)})."
                ) from error
            return
    finally:
        logger.setLevel(level)
    if wrong is not None:
        raise ReadError(wrong.message, hint=wrong.hint)
    raise NotAtMirrorError(
        f"The mirror must have the file {target.name}, but there is none at "
        f"{' or '.join(map(shown_address, places))}."
    )


class _WrongContentError(ReadError):
    """What came is not the file that was published."""


class _Transfer:
    """Fills the file that pooch gives it from one place; pooch checks it and moves it."""

    def __init__(
        self, place: str | Path, name: str, n_bytes: int, checksum: str, progress: Progress | None
    ) -> None:
        self._place, self._name, self._n_bytes = place, name, n_bytes
        self._checksum, self._progress = checksum, progress

    def __call__(self, address: str, output: str, _: Any) -> None:
        temporary = Path(output)
        temporary.unlink()  # made anew below, with the rights that a new file gets
        with temporary.open("xb") as file:
            sink = _Sink(file, self._n_bytes, self._report)
            try:
                if isinstance(self._place, Path):
                    _copy(self._place, sink)
                else:
                    _download(address, sink)
            except _TooMuchError:
                raise self._wrong(f"more than its {self._n_bytes} bytes came") from None
        got = sink.digest.hexdigest()
        if got != self._checksum:
            came = "" if sink.count == self._n_bytes else f" ({sink.count} bytes came)"
            raise self._wrong(f"it is {got}{came}")

    def _report(self, done: int) -> None:
        if self._progress is not None:
            self._progress(f"fetch {self._name} (MiB)", done >> 20, max(1, self._n_bytes >> 20))

    def _wrong(self, what: str) -> _WrongContentError:
        return _WrongContentError(
            f"{shown_address(self._place)}: The MD5 checksum of {self._name} must be "
            f"{self._checksum}, but {what}.",
            hint="nothing of it was kept; the mirror has another file, or it was damaged on the "
            "way: try once more, or another mirror.",
        )


class _TooMuchError(Exception):
    pass


class _Sink(io.RawIOBase):
    """Writes up to a number of bytes, and takes their checksum on the way."""

    def __init__(self, file: Any, most: int, report: Callable[[int], None]) -> None:
        self._file, self._most, self._report = file, most, report
        self.count = 0
        self.digest = hashlib.md5(usedforsecurity=False)

    def write(self, content: Any) -> int:
        self.count += len(content)
        if self.count > self._most:
            raise _TooMuchError
        self.digest.update(content)
        self._file.write(content)
        self._report(self.count)
        return len(content)


def _copy(place: Path, sink: _Sink) -> None:
    if not place.is_file():
        raise NotAtMirrorError(f"{shown(place)}: There is no such file.")
    with naming(shown(place)):
        stream = place.open("rb")
    with stream:
        while content := stream.read(_BLOCK_BYTES):
            sink.write(content)


def _download(address: str, sink: _Sink) -> None:
    import pooch
    import requests

    download = pooch.HTTPDownloader(
        chunk_size=_BLOCK_BYTES,
        timeout=TIMEOUT_SECONDS,
        headers={"Accept-Encoding": "identity"},
        hooks={"response": _as_stored},
    )
    try:
        download(address, sink, None)
    except requests.HTTPError as error:
        status = 0 if error.response is None else error.response.status_code
        if status in _NOT_THERE:
            raise NotAtMirrorError(f"{shown_address(address)}: There is no such file.") from None
        raise _unreachable(address, f"status {status}") from None
    except requests.RequestException as error:
        raise _unreachable(address, _why(error)) from None


def _as_stored(response: Any, *_: Any, **__: Any) -> None:
    """Keep a .gz packed that a server declares to be a packed form of something else."""
    response.raw.headers.pop("Content-Encoding", None)


def _unreachable(address: str, why: str) -> ReadError:
    return ReadError(
        f"{shown_address(address)}: The mirror must send the file, but it does not ({why}).",
        hint="is the address right, and the mirror up?",
    )


def _why(error: BaseException) -> str:
    """Return what the system said, from the depth of a chain of errors."""
    import requests

    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT_SECONDS:g} seconds"
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError) and inner.strerror:
            return shown(inner.strerror)
        inner = inner.__cause__ or inner.__context__
    return type(error).__name__
