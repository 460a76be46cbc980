"""`topograph bottleneck`: what all paths need."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from topograph_cli.inputs import open_graph, reads_masks
from topograph_cli.output import deliver
from topograph_cli.progress import ProgressBar
from topograph_cli.reporting import chosen_format, format_option
from topograph_cli.targets import check_targets
from topograph_cli.wiring import Wiring

if TYPE_CHECKING:
    from topograph.flows import EdgeCut, UnitCut
    from topograph.graph import LayeredGraph
    from topograph.io import Orientation

NAMED = 10  # members of a cut shown for each level and layer; JSON has all
_HOW = {
    "degrees": "by equal degrees",
    "matchings": "by matchings of the layers",
    "flow": "by a maximum flow",
}


@click.command()
@reads_masks
@click.option("--units", is_flag=True, help="The fewest units alone.")
@click.option("--edges", is_flag=True, help="The fewest edges alone.")
@format_option("table", "json")
@click.option("-o", "--output", metavar="FILE", help="Write the answer to a file.")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
def bottleneck(
    paths: tuple[str, ...],
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
    wiring: Wiring,
    units: bool,
    edges: bool,
    style: str | None,
    output: str | None,
    quiet: bool,
) -> None:
    """Find the fewest units, and the fewest edges, without which no path is left.

    There are as many paths from inputs to outputs of which no two share a unit, and as many of
    which no two share an edge. Inputs and outputs are units too. Units are counted from 0. The
    table names the first members of a cut; JSON has all.

    \b
    Examples:
      topograph bottleneck net.npz
      topograph bottleneck net.npz --edges --format json -o cut.json
    """
    from topograph.flows import minimum_edge_cut, minimum_unit_cut

    check_targets(paths, output=output)
    style = chosen_format(style, output, ("table", "json"))
    both = units == edges
    with ProgressBar(quiet) as progress:
        progress("read", 0, 3)
        graph = open_graph(paths, orientation, threshold, layers, wiring)
        progress("units", 1, 3)
        unit_cut = minimum_unit_cut(graph) if both or units else None
        progress("edges", 2, 3)
        edge_cut = minimum_edge_cut(graph) if both or edges else None
    if style == "json":
        answer = {
            "schema_version": 1,
            "source": ", ".join(paths),
            "widths": list(graph.widths),
            "edges": graph.n_edges,
            "notes": list(graph.notes),
        }
        answer |= {} if unit_cut is None else {"unit_cut": unit_cut.row()}
        answer |= {} if edge_cut is None else {"edge_cut": edge_cut.row()}
        text = json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    else:
        lines = [] if unit_cut is None else _unit_lines(graph, unit_cut)
        lines += [] if edge_cut is None else _edge_lines(graph, edge_cut)
        text = "".join(f"{line}\n" for line in lines)
        for note in graph.notes:
            click.echo(f"Note: {note}", err=True)
    deliver(text, output)


def _unit_lines(graph: LayeredGraph, cut: UnitCut) -> list[str]:
    from topograph.flows.level_cuts import live_sizes

    lines = [_headline(cut, "unit", "units")]
    ends = {0: ", inputs", graph.n_levels - 1: ", outputs"}
    for level, units in cut.levels.items():
        share = f"{units.size:,} of {live_sizes(graph).units[level]:,} live units"
        lines.append(f"  level {level}{ends.get(level, '')}: {share}: {_some(units.tolist())}")
    return lines


def _edge_lines(graph: LayeredGraph, cut: EdgeCut) -> list[str]:
    from topograph.flows.level_cuts import live_sizes

    lines = [_headline(cut, "edge", "edges")]
    effective = dict(
        zip((layer.name for layer in graph.layers), live_sizes(graph).edges, strict=True)
    )
    for name, edges in cut.layers.items():
        share = f"{edges.shape[0]:,} of {effective[name]:,} effective edges"
        named = [f"{source} -> {target}" for source, target in edges[: NAMED + 1].tolist()]
        lines.append(f"  layer {name}: {share}: {_some(named)}")
    return lines


def _headline(cut: UnitCut | EdgeCut, one: str, several: str) -> str:
    if not cut.size:
        return f"0 {several}: no input reaches any output."
    if cut.size == 1:
        return f"1 {one} separates inputs from outputs: {_HOW[cut.method]}."
    return f"{cut.size:,} {several} separate inputs from outputs, fewer do not: {_HOW[cut.method]}."


def _some(members: list[str] | list[int]) -> str:
    more = ", ..." if len(members) > NAMED else ""
    return ", ".join(map(str, members[:NAMED])) + more
