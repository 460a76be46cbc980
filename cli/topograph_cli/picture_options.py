"""Options that write pictures beside the answer: a page for the browser, and figures for print."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

from topograph_cli.given import given_options

if TYPE_CHECKING:
    from topograph.plots import Figure

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--html",
        metavar="FILE.html",
        help="Write the answer as a page for the browser too, with figures; one file that needs no "
        "network.",
    ),
    click.option(
        "--figures",
        metavar="DIR",
        help="Write the figures of the page for print too, into a folder.",
    ),
    click.option(
        "--figure-format",
        type=click.Choice(["pdf", "svg", "png"]),
        default="pdf",
        show_default=True,
        help="Of --figures.",
    ),
)


@dataclass(frozen=True)
class Pictures:
    """What the options say about pictures; ``html`` and ``folder`` are None if not wanted."""

    html: str | None = None
    folder: str | None = None
    suffix: str = "pdf"

    @property
    def wanted(self) -> bool:
        """Whether there is anything to draw."""
        return self.html is not None or self.folder is not None

    def write(self, figures: tuple[Figure, ...], page: Callable[[tuple[Figure, ...]], str]) -> None:
        """Write what was asked for, and say so; ``page`` makes the HTML of the figures."""
        from topograph.io import write_text
        from topograph.plots import write_figures

        if self.folder is not None:
            write_figures(figures, self.folder, self.suffix)
            click.echo(said_of_figures(figures, self.folder), err=True)
        if self.html is not None:
            write_text(page(figures), self.html)
            click.echo(f"Wrote {self.html}.", err=True)


def said_of_figures(figures: tuple[Figure, ...], folder: str) -> str:
    """Say how many figures were written into a folder, and which were not, and why."""
    drawn = sum(bool(figure.panels) for figure in figures)
    said = f"Wrote {drawn} figure{'' if drawn == 1 else 's'} into {folder}"
    gone = [f"{figure.name} ({_reason(figure)})" for figure in figures if not figure.panels]
    return f"{said}; not drawn: {', '.join(gone)}." if gone else f"{said}."


def _reason(figure: Figure) -> str:
    return " ".join(figure.notes).removeprefix("Not drawn: ").rstrip(".")


def asks_for_pictures(command: Command) -> Command:
    """Give a command the options on pictures, as one argument, ``pictures``."""

    @functools.wraps(command)
    def start(
        *args: Any, html: str | None, figures: str | None, figure_format: str, **options: Any
    ) -> Any:
        if figures is None and given_options(["figure_format"]):
            raise click.UsageError("--figure-format is for --figures DIR.")
        made = Pictures(html, figures, figure_format)
        return command(*args, pictures=made, **options)

    asking: Any = start
    for option in reversed(_OPTIONS):
        asking = option(asking)
    return asking  # type: ignore[no-any-return]
