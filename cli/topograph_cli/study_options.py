"""What the commands of a study have in common: its file and its folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from topograph.study.design import Specification

MEMBERS = 32  # nets that train side by side, unless one says otherwise
Command = TypeVar("Command", bound=Callable[..., Any])


def study_file(command: Command) -> Command:
    """Add the file and the folder of a study."""
    command = click.option("--folder", metavar="DIR", help="Of the study; by default STUDY.study.")(
        command
    )
    return click.argument("file", metavar="STUDY.toml")(command)


def jobs_option(what: str) -> Callable[[Command], Command]:
    """Add the number of processes."""
    return click.option(
        "--jobs", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help=what
    )


def permutations_option(default: int) -> Callable[[Command], Command]:
    """Return what adds the number of permutations of a test."""
    return click.option(
        "--permutations",
        type=click.IntRange(min=1),
        default=default,
        show_default=True,
        metavar="N",
        help="Of each test.",
    )


def opened(file: str, folder: str | None, is_registered: bool = True) -> tuple[Specification, Path]:
    """Return the study of a file, and its folder, in which it must be registered as it is."""
    from topograph.study.design import read_study
    from topograph.study.design.preregistration import check_registered

    specification = read_study(file)
    place = Path(folder) if folder else Path(f"{Path(file).stem}.study")
    if is_registered:
        check_registered(specification, place)
    return specification, place


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
