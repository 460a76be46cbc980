"""The command of one family: the options all share, and the family's own."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import click

from topograph_cli.given import given_options
from topograph_cli.parameters import Densities, Integers, save

if TYPE_CHECKING:
    from topograph.generators import Family


def family_command(family: Family) -> click.Command:
    """Make the command that draws nets of a family."""

    def draw(
        widths: tuple[int, ...],
        density: float | None,
        layer_densities: tuple[float, ...] | None,
        fan_in: int | None,
        allocation: str,
        seed: int,
        nearest: bool,
        output: str,
        **options: Any,
    ) -> None:
        from topograph.generators import family_net

        if density is not None and layer_densities is not None:
            raise click.UsageError("Give either --density or --layer-densities.")
        if density is None and given_options(["allocation"]):
            raise click.UsageError("--allocation is for --density.")
        graph = family_net(
            family.name,
            widths,
            density if layer_densities is None else layer_densities,
            fan_in=fan_in,
            allocation=allocation,  # type: ignore[arg-type]
            seed=seed,
            nearest=nearest,
            **options,
        )
        save(graph, output)
        _tell_what_differs(graph)

    text = inspect.getdoc(family.draw) or ""
    summary = re.split(r"\n(?:Parameters|Returns|Examples)\n-+\n", text)[0]
    return click.Command(
        family.name,
        callback=draw,
        params=[*_shared_options(), *_own_options(family, text)],
        help=_wrappable(summary),
        short_help=re.sub(r"``?", "", family.legend),
    )


def _shared_options() -> list[click.Parameter]:
    return [
        click.Option(
            ["--widths"],
            type=Integers(),
            required=True,
            metavar="W0,W1,...",
            help="Units of each level.",
        ),
        click.Option(
            ["--density"], type=float, metavar="D", help="Of the whole net, above 0 and at most 1."
        ),
        click.Option(
            ["--layer-densities"],
            type=Densities(),
            metavar="D1,D2,...",
            help="Of each layer, instead of --density.",
        ),
        click.Option(
            ["--fan-in"], type=int, metavar="N", help="Mean inputs of every unit, likewise."
        ),
        click.Option(
            ["--allocation"],
            type=click.Choice(["uniform", "erk", "er"]),
            default="uniform",
            show_default=True,
            help="How --density is spread over the layers.",
        ),
        click.Option(
            ["--seed"], type=click.IntRange(min=0), default=0, show_default=True, metavar="N"
        ),
        click.Option(
            ["--nearest"],
            is_flag=True,
            help="Take the nearest number of edges that the family can have.",
        ),
        click.Option(
            ["-o", "--output"],
            required=True,
            metavar="FILE.npz",
            type=click.Path(),
            help="The archive to write.",
        ),
    ]


def _own_options(family: Family, text: str) -> list[click.Parameter]:
    made: list[click.Parameter] = []
    for name, default in family.options.items():
        told = {
            "help": _parameter_text(text, name),
            "default": default,
            "show_default": not isinstance(default, bool),
        }
        declared = [f"--{name.replace('_', '-')}", name]
        if isinstance(default, bool):
            made.append(click.Option(declared, is_flag=True, **told))
        else:
            made.append(click.Option(declared, type=type(default), metavar="X", **told))
    return made


def _wrappable(summary: str) -> str:
    """Return a docstring as click wraps it: no marks, and a paragraph for each item of a list."""
    plain = re.sub(r"``?", "", summary)
    return re.sub(r"\n(?=\d\. )", "\n\n", re.sub(r"\n +", "\n", plain))


def _parameter_text(text: str, name: str) -> str:
    """Return what the docstring's Parameters section says of one parameter."""
    head = rf"^(?:\w+, )*{name}(?:, \w+)* : .*\n"
    match = re.search(rf"{head}((?:    .*\n|\n(?=    ))+)", text + "\n", re.MULTILINE)
    if match:
        return re.sub(r"``?", "", " ".join(match[1].split()))
    return "Put inputs and outputs in a random order." if name == "permuted" else ""


def _tell_what_differs(graph: Any) -> None:
    asked, reached = graph.provenance["edges_asked"], graph.provenance["edges_reached"]
    if asked != reached:
        click.echo(f"Edges asked -> reached, layer by layer: {_pairs(asked, reached)}.", err=True)
    density = graph.provenance["parameters"].get("density")
    if density is None:
        return
    if isinstance(density, list):
        asked, about = density, "Densities of the layers"
        reached = [layer.n_edges / layer.n_possible_edges for layer in graph.layers]
    else:
        possible = sum(layer.n_possible_edges for layer in graph.layers)
        asked, reached, about = [density], [graph.n_edges / possible], "Density"
    if asked != reached:
        click.echo(f"{about} asked -> reached: {_pairs(asked, reached)}.", err=True)


def _pairs(asked: list[float], reached: list[float]) -> str:
    return ", ".join(f"{a:.10g} -> {r:.10g}" for a, r in zip(asked, reached, strict=True))
