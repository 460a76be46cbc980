"""`topograph generate radix` and `graphchallenge`: nets made by arithmetic."""

from __future__ import annotations

import click

from topograph_cli.given import given_options
from topograph_cli.parameters import Integers, Systems, save, writes_graph


@click.command()
@click.option("--systems", type=Systems(), help="Mixed-radix systems, such as [[10,10],[10]].")
@click.option(
    "--dense-widths",
    type=Integers(),
    metavar="D0,D1,...",
    help="The Kronecker factor, one more than there are radices; all 1 by default.",
)
@click.option(
    "--widths",
    type=Integers(),
    metavar="W0,W1,...",
    help="Instead of systems: the widths of the levels ...",
)
@click.option(
    "--degrees", type=Integers(), metavar="R1,R2,...", help="... and the fan-out of each layer."
)
@click.option(
    "--direction",
    type=click.Choice(["1", "-1"]),
    default="1",
    show_default=True,
    help="Shift by +n v as defined, or by -n v as in the GraphChallenge files.",
)
@click.option(
    "--allow-unit-radix", is_flag=True, help="Allow radix 1: every unit keeps to its place."
)
@click.option(
    "--fit",
    type=Integers(),
    metavar="W0,W1,...",
    help="Drop units of each level until it has this width.",
)
@click.option(
    "--drop",
    type=click.Choice(["first", "last"]),
    default="first",
    show_default=True,
    help="Which units --fit drops.",
)
@click.option(
    "--append-dense", type=int, metavar="N", help="Append a dense layer to N output units."
)
@writes_graph
def radix(
    systems: list[list[int]] | None,
    dense_widths: tuple[int, ...] | None,
    widths: tuple[int, ...] | None,
    degrees: tuple[int, ...] | None,
    direction: str,
    allow_unit_radix: bool,
    fit: tuple[int, ...] | None,
    drop: str,
    append_dense: int | None,
    output: str,
) -> None:
    """Generate a RadiX-Net from systems and dense widths, or from widths and degrees.

    \b
    Examples:
      topograph generate radix --systems "[[10,10]]" --dense-widths 8,3,1 -o net.npz
      topograph generate radix --systems "[[10,10]]" --dense-widths 8,3,1 \\
          --fit 784,300,100 --append-dense 10 -o lenet.npz
      topograph generate radix --widths 800,300,100 --degrees 30,10 -o net.npz
    """
    from topograph import generators

    by_degrees = widths is not None and degrees is not None
    either = (widths is None) != (degrees is None)
    if (systems is None) != by_degrees or either or (by_degrees and dense_widths is not None):
        raise click.UsageError(
            "Give either --systems (and --dense-widths), or --widths and --degrees."
        )
    if fit is None and given_options(["drop"]):
        raise click.UsageError("--drop is for --fit.")
    sign = int(direction)
    if systems is not None:
        graph = generators.radix_net(systems, dense_widths, sign, allow_unit_radix)
    else:
        assert widths is not None and degrees is not None  # noqa: S101, PT018
        graph = generators.radix_net_from_degrees(widths, degrees, sign, allow_unit_radix)
    if fit is not None:
        graph = generators.fit_widths(graph, fit, "last" if drop == "last" else "first")
    if append_dense is not None:
        graph = generators.append_dense(graph, append_dense)
    save(graph, output)


@click.command()
@click.option(
    "--neurons", type=int, required=True, help="Units of each level: 1024, 4096, 16384 or 65536."
)
@click.option("--layers", type=int, required=True, help="Number of layers: 120, 480 or 1920.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N")
@writes_graph
def graphchallenge(neurons: int, layers: int, seed: int, output: str) -> None:
    """Generate a GraphChallenge net: a RadiX-Net base, then its layers with permuted rows.

    \b
    Example:
      topograph generate graphchallenge --neurons 1024 --layers 120 --seed 0 -o net.npz
    """
    from topograph import generators

    save(generators.graphchallenge_net(neurons, layers, seed), output)
