"""`topograph verify`: proof or counterexample."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from topograph_cli.inputs import open_graph, reads_masks
from topograph_cli.output import deliver, terminal_color, terminal_width
from topograph_cli.picture_options import Pictures, asks_for_pictures
from topograph_cli.progress import ProgressBar
from topograph_cli.reporting import chosen_format, format_option
from topograph_cli.targets import check_folder, check_targets
from topograph_cli.wiring import Wiring

if TYPE_CHECKING:
    from topograph.graph import LayeredGraph
    from topograph.io import Orientation
    from topograph.report import Verdict

REFUTED, UNDECIDED = 4, 5


@click.command()
@reads_masks
@click.option("--connected", is_flag=True, help="Does every input reach every output?")
@click.option(
    "--symmetric",
    is_flag=True,
    help="Does the same positive number of paths join every input to every output?",
)
@click.option(
    "--regular", is_flag=True, help="In each layer, are all fan-ins equal, and all fan-outs?"
)
@click.option(
    "--radix",
    is_flag=True,
    help="Is it a RadiX-Net, and which? As labelled, or in another order of its units.",
)
@format_option("table", "json")
@click.option("-o", "--output", metavar="FILE", help="Write the verdicts to a file.")
@click.option(
    "--certificate",
    metavar="FILE",
    help="Write evidence on connected and symmetric that examples/check_certificate.py can check "
    "without topograph, as JSON.",
)
@asks_for_pictures
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, metavar="N")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
@click.pass_context
def verify(
    context: click.Context,
    paths: tuple[str, ...],
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
    wiring: Wiring,
    connected: bool,
    symmetric: bool,
    regular: bool,
    radix: bool,
    style: str | None,
    output: str | None,
    certificate: str | None,
    pictures: Pictures,
    seed: int,
    quiet: bool,
) -> None:
    """Prove or refute properties of a mask; connected and symmetric by default.

    A proof states the probability of its error, 0 for a deterministic one; a refutation
    shows a counterexample. Units are counted from 0. The exit code is 0 if every property
    holds, 4 if one is refuted, 5 if one is undecided.

    \b
    Examples:
      topograph verify net.npz
      topograph verify graphchallenge-1024 --symmetric --layers 1:6
      topograph verify "generate:graphchallenge --neurons 65536 --layers 1920"
      topograph verify net.npz --symmetric --html verdicts.html
      topograph verify net.npz --certificate net-certificate.json
    """
    from topograph.export import verdicts_to_table
    from topograph.verification import verify as verify_graph

    asked = {
        "connected": connected,
        "symmetric": symmetric,
        "regular": regular,
        "radix": radix,
    }
    check_targets(paths, output=output, certificate=certificate, html=pictures.html)
    check_folder("--figures", pictures.folder)
    style = chosen_format(style, output, ("table", "json"))
    names = [name for name, wanted in asked.items() if wanted] or ["connected", "symmetric"]
    steps = len(names) + 1 + (certificate is not None)
    with ProgressBar(quiet) as progress:
        progress("read", 0, steps)
        graph = open_graph(paths, orientation, threshold, layers, wiring)
        verdicts: list[Verdict] = []
        for done, name in enumerate(names, start=1):
            progress(f"verify {name}", done, steps)
            verdicts.extend(verify_graph(graph, [name], seed))
        if certificate is not None:
            progress("certify", steps - 1, steps)
            _write_certificate(graph, verdicts, certificate)
    if pictures.wanted:
        _write_pictures(graph, verdicts, ", ".join(paths), pictures, seed)
    if style == "json":
        answer = {
            "schema_version": 1,
            "source": ", ".join(paths),
            "widths": list(graph.widths),
            "edges": graph.n_edges,
            "notes": list(graph.notes),
            "verdicts": [verdict.row() for verdict in verdicts],
        }
        text = json.dumps(answer, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    else:
        width, color = (100, False) if output else (terminal_width(), terminal_color())
        text = verdicts_to_table(verdicts, width=width, color=color)
        for note in graph.notes:
            click.echo(f"Note: {note}", err=True)
    deliver(text, output)
    outcomes = {verdict.holds for verdict in verdicts}
    if False in outcomes:
        context.exit(REFUTED)
    if None in outcomes:
        context.exit(UNDECIDED)


def _write_pictures(
    graph: LayeredGraph, verdicts: list[Verdict], source: str, pictures: Pictures, seed: int
) -> None:
    from topograph.analysis import layer_summaries
    from topograph.export import to_html
    from topograph.plots import figure_data
    from topograph.report import Report, Warn

    report = Report(
        source=source,
        provenance=dict(graph.provenance),
        widths=graph.widths,
        layers=layer_summaries(graph),
        verdicts=tuple(verdicts),
        measurements=(),
        warnings=tuple(Warn("assumed", note) for note in graph.notes),
        skipped={},
    )
    pictures.write(figure_data(graph, seed=seed), lambda made: to_html(report, made))


def _write_certificate(graph: LayeredGraph, verdicts: list[Verdict], path: str) -> None:
    from topograph.errors import Undefined
    from topograph.io import write_text
    from topograph.verification import certify

    try:
        made = certify(graph, verdicts)
    except Undefined as reason:
        click.echo(f"Note: No certificate was written. {reason}", err=True)
        return
    write_text(json.dumps(made, indent=1) + "\n", path)
    claimed = {claim["property"] for claim in made["claims"]}
    for verdict in verdicts:
        if verdict.property not in claimed:
            click.echo(f"Note: The certificate does not claim {verdict.property!r}.", err=True)
