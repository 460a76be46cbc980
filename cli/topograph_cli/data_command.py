"""`topograph data`: which data sets there are, whether they are whole, and fetching them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from topograph_cli.output import terminal_color, terminal_width
from topograph_cli.progress import ProgressBar

if TYPE_CHECKING:
    from topograph.training.data.checking import FileCheck
    from topograph.training.data.inventory import Entry

DATA_SETS = ("digits", "mnist", "fashion-mnist", "cifar10")
_BAD_INPUT = 1

_data_dir = click.option(
    "--data-dir",
    metavar="DIR",
    envvar="TOPOGRAPH_DATA",
    help="Folder with the data; by default what TOPOGRAPH_DATA says.",
)
_quiet = click.option("--quiet", is_flag=True, help="Show no progress bar.")


@click.group()
def data() -> None:
    """List data sets, check their files, or fetch them from a mirror."""


@data.command("list")
@_data_dir
def list_data_sets(data_dir: str | None) -> None:
    """List the data sets: images, sizes, licence, what is here.

    Their files are not read: see `topograph data check`.
    """
    from topograph.training.data.inventory import inventory

    titles = ("data set", "images", "shape", "classes", "size", "found", "licence")
    entries = inventory(_folder(data_dir))
    rows = [_row(entry) for entry in entries]
    click.echo(_table(titles, rows, right=("images", "shape", "classes", "size")), nl=False)
    for line in filter(None, map(_whereabouts, entries)):
        click.echo(line)


@data.command()
@click.argument("names", nargs=-1, type=click.Choice(DATA_SETS), metavar="[NAME]...")
@_data_dir
@_quiet
def check(names: tuple[str, ...], data_dir: str | None, quiet: bool) -> int:
    """Read every file, and compare it with the published checksum.

    Without a NAME, of all data sets that are found. The exit code is 1 if a file is missing,
    damaged, or another one than was published. The JPEG copy of CIFAR-10 is read too, which
    can take half a minute: no checksum is published, and its pixels are not the original ones.
    """
    from topograph.training.data.checking import check_data
    from topograph.training.data.inventory import inventory

    folder = _folder(data_dir)
    if not names:
        entries = inventory(folder)
        names = tuple(e.published.name for e in entries if e.found or e.located is not None)
    checks: list[FileCheck] = []
    with ProgressBar(quiet) as progress:
        for number, name in enumerate(names):
            progress(f"check {name}", number, len(names))
            checks += check_data(name, folder)
    rows: list[tuple[str, ...]] = [(one.data_set, one.file, one.state) for one in checks]
    click.echo(_table(("data set", "file", "state"), rows), nl=False)
    for found in checks:
        if found.note:
            click.echo(f"Note: {found.data_set}: {found.file}: {found.note}")
    return _BAD_INPUT if any(found.is_bad for found in checks) else 0


@data.command()
@click.argument(
    "names", nargs=-1, required=True, type=click.Choice(DATA_SETS[1:]), metavar="NAME..."
)
@click.option(
    "--mirror",
    metavar="URL|DIR",
    envvar="TOPOGRAPH_MIRROR",
    help="Where to fetch from: http(s)://..., file:... or a folder; by default what "
    "TOPOGRAPH_MIRROR says.",
)
@_data_dir
@_quiet
def fetch(names: tuple[str, ...], mirror: str | None, data_dir: str | None, quiet: bool) -> None:
    """Fetch the missing files of a data set from a mirror.

    No address is built in: data sets move, and what makes a file the right one is its
    published checksum, whoever sends it. The mirror must have MIRROR/NAME/FILE or
    MIRROR/FILE, under the published names. Files go to DIR/NAME, where all commands find
    them; good ones are kept, and one with another checksum is never left behind.

    \b
    Examples:
      topograph data fetch mnist --mirror http://localhost:8000 --data-dir data
      topograph data fetch cifar10 --mirror /media/backup --data-dir data
    """
    from topograph.io.paths import shown
    from topograph.training.data.fetching import fetch_data

    rows: list[tuple[str, ...]] = []
    where: list[str] = []
    try:
        with ProgressBar(quiet) as progress:
            for name in names:
                files = fetch_data(name, data_dir, mirror, progress)
                rows += [(name, file.path.name, file.outcome) for file in files]
                where.append(f"{name} is in {shown(files[0].path.parent)}")
    finally:
        if rows:  # of the sets before the one that failed too
            click.echo(_table(("data set", "file", "outcome"), rows), nl=False)
            click.echo("\n".join(where))


def _folder(data_dir: str | None) -> Path | None:
    from topograph.training.data.places import data_folder

    return data_folder(data_dir, "all") if data_dir else None


def _row(entry: Entry) -> tuple[str, ...]:
    known = entry.published
    images = " + ".join(map(str, known.n_images))
    shape = " x ".join(map(str, known.shape))
    size = "-" if entry.n_bytes is None else f"{entry.n_bytes / 2**20:.1f} MiB"
    found = "yes" if entry.found else "in part" if entry.located else "no"
    return known.name, images, shape, str(known.n_classes), size, found, known.licence


def _whereabouts(entry: Entry) -> str:
    """Return a line on where the files are and what lacks; empty if there is nothing to say."""
    from topograph.io.paths import shown

    name, located = entry.published.name, entry.located
    if located is None:
        return ""
    if located.missing:
        return f"{name}: {shown(located.place)} lacks {', '.join(located.missing)}"
    if located.form == "images":
        return f"{name}: {shown(located.paths[0])}: images, not the original bytes if they are JPEG"
    return f"{name}: {shown(located.place)}: {located.form}"


def _table(
    titles: tuple[str, ...], rows: list[tuple[str, ...]], right: tuple[str, ...] = ()
) -> str:
    import io

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from topograph.io.paths import shown

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        table.add_column(
            title,
            justify="right" if title in right else "left",
            no_wrap=title != "found",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    buffer = io.StringIO()
    color = terminal_color()
    console = Console(file=buffer, width=terminal_width(), force_terminal=color, no_color=not color)
    console.print(table)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"
