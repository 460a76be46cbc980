"""Where a command's answer goes: the terminal, a pipe, or a file that is never half-written."""

from __future__ import annotations

import os
import shutil
import sys

import click


def terminal_width() -> int:
    """Return the columns of the terminal; 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 100


def terminal_color() -> bool:
    """Whether the answer goes to a terminal that wants colors."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


def deliver(text: str, output: str | None) -> None:
    """Print the text, or write it to the file ``output`` in one step."""
    if output is None:
        click.echo(text, nl=False)
        return
    from topograph.io import write_text

    write_text(text, output)
