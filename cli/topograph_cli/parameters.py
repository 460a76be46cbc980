"""Parameters that commands which make nets share: lists of numbers, systems, the archive."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from topograph.graph import LayeredGraph

    IntegersType = click.ParamType[tuple[int, ...]]
    DensitiesType = click.ParamType[tuple[float, ...]]
    SystemsType = click.ParamType[list[list[int]]]
else:  # click before 8.4 has no such subscript
    IntegersType = DensitiesType = SystemsType = click.ParamType

Command = TypeVar("Command", bound=Callable[..., Any])

# Of every context at the top: a command keeps the names that it was first asked for help by.
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


class Integers(IntegersType):
    """A list of integers with commas: ``784,300,100``."""

    name = "integers"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Parse the list."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(int(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of integers such as 784,300,100.", param, ctx)


class Densities(DensitiesType):
    """A list of numbers with commas: ``0.1,0.1,1``."""

    name = "densities"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, ...]:
        """Parse the list."""
        if isinstance(value, tuple):
            return value
        try:
            return tuple(float(part) for part in value.split(","))
        except ValueError:
            self.fail(f"{value!r} is not a list of numbers such as 0.1,0.1,1.", param, ctx)


class FiniteRange(click.FloatRange):
    """A number within bounds; no comparison holds for ``nan``, so bounds alone let it pass."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class Systems(SystemsType):
    """Mixed-radix systems as JSON: ``[[10,10]]``."""

    name = "systems"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[list[int]]:
        """Parse the systems; their constraints are the generator's to check."""
        try:
            systems = json.loads(value)
        except json.JSONDecodeError:
            systems = None
        if not isinstance(systems, list) or not all(
            isinstance(system, list) and all(type(radix) is int for radix in system)
            for system in systems
        ):
            self.fail(f'{value!r} is not a list of systems such as "[[10,10],[10]]".', param, ctx)
        return systems


class GeneratedNets(list["LayeredGraph"]):
    """Where a command that generates a net puts it for another command, instead of a file."""


def writes_graph(command: Command) -> Command:
    """Give a generator's command the option that says where its net goes."""
    option: Callable[[Command], Command] = click.option(
        "-o", "--output", required=True, metavar="FILE.npz", help="The archive to write."
    )
    return option(command)


def save(graph: LayeredGraph, output: str) -> None:
    """Write the net and say on stderr what it is; or hand it to the command that wants it."""
    from topograph.errors import Undefined
    from topograph.io import write
    from topograph.metrics import density

    wanted = click.get_current_context().find_object(GeneratedNets)
    if wanted is not None:
        wanted.append(graph)
        return
    write(graph, output)
    widths = graph.widths
    shown = "-".join(map(str, widths)) if len(widths) < 10 else f"{len(widths)} levels"
    try:
        said = f", density {density(graph):.6g}"
    except Undefined:  # no layer has parameters
        said = ""
    click.echo(f"Wrote {output}: {shown}, {graph.n_edges:,} edges{said}.", err=True)
    for note in graph.notes:
        click.echo(f"Note: {note}", err=True)
