"""The options that every command which reads masks shares."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from topograph.graph import LayeredGraph
    from topograph.io import Orientation

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.argument("paths", nargs=-1, required=True, metavar="MASK...", type=click.Path()),
    click.option(
        "--orientation",
        type=click.Choice(["in-out", "out-in"]),
        help="Whether rows are inputs (in-out) or outputs (out-in) of a layer. By default the "
        "widths of neighbouring layers decide.",
    ),
    click.option(
        "--threshold",
        type=float,
        default=0.0,
        metavar="T",
        help="In weighted matrices keep the entries with |w| > T; by default the non-zero ones.",
    ),
    click.option(
        "--layers",
        metavar="FIRST:LAST",
        help="Take these layers alone, counted from 1, both included.",
    ),
)


def reads_masks(command: Command) -> Command:
    """Give a command the arguments and options with which masks are read."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def open_graph(
    paths: tuple[str, ...], orientation: Orientation | None, threshold: float, layers: str | None
) -> LayeredGraph:
    """Read the masks as the options say: one file, a folder, or a file a layer."""
    from topograph.io import read

    return read(
        paths if len(paths) > 1 else paths[0],
        orientation=orientation,
        threshold=threshold,
        layers=layers,
    )
