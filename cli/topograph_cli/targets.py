"""Where answers go, looked at before any work begins."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click


def check_targets(inputs: Sequence[str], **outputs: str | None) -> None:
    """Refuse files that cannot be written, or that would take the place of something else.

    Parameters
    ----------
    inputs : sequence of str
        What is read.
    **outputs : str or None
        By the name of the option, with an underscore for a hyphen; None where nothing is written.

    Raises
    ------
    click.UsageError
        If two name one file, one names an input, or its folder is not there.
    """
    taken = {os.path.realpath(path): "the input" for path in inputs if Path(path).is_file()}
    for option, path in outputs.items():
        if path is None:
            continue
        name = "-o" if option == "output" else f"--{option.replace('_', '-')}"
        place = os.path.realpath(path)
        if place in taken:
            raise click.UsageError(
                f"{name} {path} would take the place of {taken[place]}. Name another file."
            )
        parent = Path(place).parent
        if not parent.is_dir():
            raise click.UsageError(
                f"{name} {path}: the folder {str(parent)!r} must be there, but it is not."
            )
        if Path(place).is_file() or not Path(place).exists():  # no device or pipe
            taken[place] = f"what {name} writes"


def check_folder(option: str, path: str | None) -> None:
    """Refuse a folder whose name is that of a file.

    Raises
    ------
    click.UsageError
    """
    if path is not None and Path(path).exists() and not Path(path).is_dir():
        raise click.UsageError(f"{option} {path} must be a folder, but it is a file.")


@contextmanager
def noting_replacement(path: Path) -> Iterator[None]:
    """Say on stderr that a file was there before, if what it held was something else."""
    before = path.read_bytes() if path.is_file() else None
    yield
    if before is not None and path.read_bytes() != before:
        click.echo(f"Note: {path} was there and held something else; it is replaced.", err=True)
