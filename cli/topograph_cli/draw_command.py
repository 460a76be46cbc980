"""`topograph draw`: the net itself, and figures for print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from topograph_cli.inputs import open_graph, reads_masks
from topograph_cli.picture_options import said_of_figures
from topograph_cli.progress import ProgressBar
from topograph_cli.targets import check_folder, check_targets
from topograph_cli.wiring import Wiring

if TYPE_CHECKING:
    from topograph.io import Orientation

_SUFFIXES = ("svg", "png", "pdf")


@click.command()
@reads_masks
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Draw the net itself; the suffix says how: .svg, .png or .pdf.",
)
@click.option(
    "--figures", metavar="DIR", help="Write the figures of the report for print, into a folder."
)
@click.option(
    "--figure-format",
    type=click.Choice(["pdf", "svg", "png"]),
    default="pdf",
    show_default=True,
    help="Of --figures.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def draw(
    paths: tuple[str, ...],
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
    wiring: Wiring,
    output: str | None,
    figures: str | None,
    figure_format: str,
    seed: int,
    quiet: bool,
) -> None:
    """Draw a mask: units and edges of a small net, the matrices of a large one.

    Dead units are red and hollow. If an input does not reach an output, or some pairs have more
    paths than others, the edges that show it are highlighted. Nets of more than 160 units a level,
    24 levels or 4000 edges are drawn as matrices in cells, whose size is said; nothing is left out.

    \b
    Examples:
      topograph draw net.npz -o net.svg
      topograph draw "generate:radix --systems [[2,3]]" -o radix.pdf
      topograph draw net.npz --figures figures --figure-format png
    """
    if output is None and figures is None:
        raise click.UsageError("Say what to draw: -o FILE for the net, --figures DIR for figures.")
    if output is not None and Path(output).suffix.lower().lstrip(".") not in _SUFFIXES:
        raise click.UsageError(f"-o must end in .svg, .png or .pdf, but it is {output!r}.")
    check_targets(paths, output=output)
    check_folder("--figures", figures)
    from topograph.plots import (
        draw_net,
        figure_data,
        is_drawn_by_units,
        save_drawing,
        write_figures,
    )
    from topograph.verification import verify

    with ProgressBar(quiet) as progress:
        progress("read", 0, 3)
        graph = open_graph(paths, orientation, threshold, layers, wiring)
        progress("draw the net", 1, 3)
        if output is not None:
            by_units = is_drawn_by_units(graph)
            verdicts = verify(graph, ["connected", "symmetric"], seed) if by_units else []
            save_drawing(draw_net(graph, verdicts, ", ".join(paths)), Path(output))
            how = "units and edges" if by_units else "matrices in cells"
            click.echo(f"Wrote {output}: {how}.", err=True)
        progress("draw figures", 2, 3)
        if figures is not None:
            made = figure_data(graph, seed=seed)
            write_figures(made, figures, figure_format)
            click.echo(said_of_figures(made, figures), err=True)
        progress("done", 3, 3)
