"""The options that every command which measures masks shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

FORMATS = ("table", "json", "csv", "markdown")
_BY_SUFFIX = {".json": "json", ".jsonl": "json", ".csv": "csv", ".md": "markdown"}


def format_option(*formats: str) -> Callable[[Command], Command]:
    """Return the option that says how an answer is written, for `chosen_format`."""
    return click.option(
        "--format",
        "style",
        type=click.Choice(formats),
        help="How to write the answer; by default as -o's suffix says, else as a table.",
    )


_OPTIONS = (
    format_option(*FORMATS),
    click.option(
        "-o", "--output", metavar="FILE", type=click.Path(), help="Write the answer to a file."
    ),
    click.option(
        "--metric",
        "metrics",
        multiple=True,
        metavar="NAME",
        help="Compute this metric alone, whatever it costs; may be repeated or list names with "
        "commas. `topograph metrics` lists them.",
    ),
    click.option(
        "--all", "include_all", is_flag=True, help="Compute every metric, whatever it costs."
    ),
    click.option("--exact", is_flag=True, help="Compute exact path counts whatever they cost."),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=0,
        show_default=True,
        metavar="N",
        help="Of random primes, samples, sign vectors and null nets.",
    ),
    click.option("--quiet", is_flag=True, help="Show no progress bar."),
)


def measures_masks(command: Command) -> Command:
    """Give a command the options that say what is measured and how it is written."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen_metrics(entries: tuple[str, ...], include_all: bool = False) -> list[str] | None:
    """Return the names given, or None for the default; unknown ones are refused at once."""
    from topograph.metrics import find_metrics

    given = [name.strip() for entry in entries for name in entry.split(",") if name.strip()]
    names = [one.name for one in find_metrics(given)]
    if names and include_all:
        raise click.UsageError("Give either --metric or --all.")
    return names or None


def refuse_layer_metrics(names: list[str] | None, way_out: str) -> None:
    """Refuse metrics of layers alone where an answer has values of networks alone."""
    from topograph.metrics import find_metrics

    alone = [one.name for one in find_metrics(names or ()) if one.scope == "layer"]
    if alone:
        raise click.UsageError(f"{', '.join(alone)}: measured in layers alone; {way_out}.")


def chosen_format(style: str | None, output: str | None, known: Sequence[str] = FORMATS) -> str:
    """Return the format asked for, else that of the output's suffix if known, else a table."""
    by_suffix = _BY_SUFFIX.get(Path(output or "").suffix.lower(), "table")
    return style or (by_suffix if by_suffix in known else "table")
