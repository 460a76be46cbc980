"""The options that every command which reads masks shares."""

from __future__ import annotations

import glob
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from topograph_cli.wiring import (
    NO_MODEL,
    Wiring,
    asks_for_wiring,
    check_no_model,
    open_model,
    open_onnx,
)

if TYPE_CHECKING:
    from topograph.graph import LayeredGraph
    from topograph.io import Orientation

Command = TypeVar("Command", bound=Callable[..., Any])

_GENERATE = "generate:"

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
    """Give a command the arguments and options with which masks are read.

    What the options on a model say is one argument, ``wiring``.
    """
    command = asks_for_wiring(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def expanded(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Return the paths with patterns such as ``masks/*.npz`` replaced by the files they match.

    A shell does that before, unless the pattern is quoted; the files of a pattern come in the
    order of their names, layer 10 after layer 2.
    """
    found: list[str] = []
    for path in paths:
        is_pattern = glob.has_magic(path) and not is_generated(path)
        if not is_pattern or Path(path).exists():
            found.append(path)
            continue
        from topograph.io.natural_order import natural_key

        matches = sorted(glob.glob(path, recursive=True), key=natural_key)  # noqa: PTH207  as typed
        if not matches:
            raise click.UsageError(f"No file matches {path!r}.")
        found += matches
    return tuple(found)


def mask_name(path: str) -> str:
    """Return the name of a file without its ending, or what a net is made with on the spot."""
    return path.removeprefix(_GENERATE) if is_generated(path) else Path(path).stem


def is_generated(path: str) -> bool:
    """Whether a net is to be made on the spot: ``generate:FAMILY OPTIONS``."""
    return path.startswith(_GENERATE)


def open_graph(
    paths: tuple[str, ...],
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
    wiring: Wiring = NO_MODEL,
) -> LayeredGraph:
    """Read the masks as the options say: one file, a folder, or a file a layer.

    ``generate:FAMILY OPTIONS`` in the place of a file is a net made on the spot; with a model,
    the file holds its weights. One ``.onnx`` file is a model with its wiring.
    """
    if wiring.model is not None:
        return open_model(paths, orientation, threshold, layers, wiring)
    if len(paths) == 1 and paths[0].lower().endswith(".onnx") and orientation is None:
        return open_onnx(paths[0], threshold, layers, wiring)
    check_no_model(wiring)
    from topograph.io import read

    if any(map(is_generated, paths)):
        return _generated(paths, orientation, threshold, layers)
    return read(
        paths if len(paths) > 1 else paths[0],
        orientation=orientation,
        threshold=threshold,
        layers=layers,
    )


def _generated(
    paths: tuple[str, ...], orientation: Orientation | None, threshold: float, layers: str | None
) -> LayeredGraph:
    from topograph.io import layer_range
    from topograph_cli.generate_command import generate
    from topograph_cli.parameters import SETTINGS, GeneratedNets

    if len(paths) > 1:
        raise click.UsageError(f"A net that is made by {_GENERATE} must be the only MASK of a net.")
    if orientation or threshold:
        raise click.UsageError(
            "--orientation and --threshold are for files, not for generated nets."
        )
    try:
        words = shlex.split(paths[0].removeprefix(_GENERATE))
    except ValueError as error:
        raise click.UsageError(
            f"{paths[0]!r} must hold options as a shell takes them ({error})."
        ) from None
    if {"-o", "--output"} & {word.partition("=")[0] for word in words}:
        raise click.UsageError(f"A net that is made by {_GENERATE} is not written; leave out -o.")
    nets = GeneratedNets()
    words += ["-o", "unused.npz"]
    generate.main(words, "generate:", standalone_mode=False, obj=nets, **SETTINGS)
    if not nets:
        raise click.UsageError(f"{paths[0]!r} generates no net.")
    wanted = layer_range(layers)
    return nets[0] if wanted is None else nets[0].select_layers(*wanted)
