"""`topograph twin`: a net that shares some properties of a mask and is random otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from topograph_cli.given import given_options
from topograph_cli.inputs import open_graph, reads_masks
from topograph_cli.parameters import save, writes_graph
from topograph_cli.targets import check_targets
from topograph_cli.wiring import Wiring

if TYPE_CHECKING:
    from topograph.io import Orientation


@click.command()
@reads_masks
@click.option(
    "--keep",
    type=click.Choice(["degrees", "density", "layers", "everything"]),
    default="degrees",
    show_default=True,
    help="What the twin shares: every unit's fan-in and fan-out, each layer's number of edges, the "
    "layers, joined to each other at random, or every property of the graph (units are put in "
    "another order).",
)
@click.option(
    "--swaps-per-edge",
    type=float,
    default=10.0,
    show_default=True,
    metavar="X",
    help="Swaps proposed for each edge, where degrees are kept.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N")
@writes_graph
def twin(
    paths: tuple[str, ...],
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
    wiring: Wiring,
    keep: str,
    swaps_per_edge: float,
    seed: int,
    output: str,
) -> None:
    """Write a random twin of a mask, for comparisons with everything else held fixed.

    \b
    Example:
      topograph twin net.npz --keep degrees --seed 1 -o twin.npz
    """
    from topograph import generators

    check_targets(paths, output=output)
    if keep != "degrees" and given_options(["swaps_per_edge"]):
        raise click.UsageError("--swaps-per-edge is for --keep degrees.")
    graph = open_graph(paths, orientation, threshold, layers, wiring)
    if keep == "degrees":
        made = generators.degree_preserving_twin(graph, seed, swaps_per_edge)
    elif keep == "density":
        made = generators.density_preserving_twin(graph, seed)
    elif keep == "layers":
        made = generators.layer_preserving_twin(graph, seed)
    else:
        made = generators.isomorphic_twin(graph, seed)
    save(made, output)
    for index, told in enumerate(made.provenance.get("mixing", ()), start=1):
        rounds = f"{told['trades']:,} round{'s' * (told['trades'] != 1)}"
        trades = f", then {rounds} of trades" if told["trades"] else ""
        click.echo(
            f"Layer {index}: {told['accepted']:,} of {told['proposed']:,} swaps accepted{trades}; "
            f"{told['kept']:.3g} of the edges are where they were, "
            f"by chance about {told['expected']:.3g}.",
            err=True,
        )
        if not told["mixed"]:
            click.echo(
                f"Layer {index} is not mixed yet: {told['kept_halfway']:.3g} were where they were "
                "halfway. Raise --swaps-per-edge.",
                err=True,
            )
