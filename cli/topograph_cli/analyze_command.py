"""`topograph analyze`: the report of a mask."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from topograph_cli.inputs import open_graph, reads_masks
from topograph_cli.null_options import Nulls, asks_for_nulls
from topograph_cli.output import deliver, terminal_color, terminal_width
from topograph_cli.picture_options import Pictures, asks_for_pictures
from topograph_cli.progress import ProgressBar
from topograph_cli.reporting import (
    chosen_format,
    chosen_metrics,
    measures_masks,
    refuse_layer_metrics,
)
from topograph_cli.targets import check_folder, check_targets
from topograph_cli.wiring import Wiring, check_no_model

if TYPE_CHECKING:
    from topograph.graph import LayeredGraph
    from topograph.io import Orientation
    from topograph.report import Report
    from topograph.weighted import WeightedGraph

STRICT_WARNINGS = 3


@click.command()
@reads_masks
@measures_masks
@asks_for_nulls
@asks_for_pictures
@click.option(
    "--each", is_flag=True, help="One report a file, instead of the files as layers of one net."
)
@click.option(
    "--layers-alone",
    is_flag=True,
    help="Measure each weight of a checkpoint by itself, where nothing says how they are wired: "
    "no paths.",
)
@click.option("--weighted", is_flag=True, help="Measure the weights too, where MASK holds weights.")
@click.option(
    "--strict",
    is_flag=True,
    help="Exit with 3 on dead outputs, collapsed layers, or arrays left out.",
)
@click.pass_context
def analyze(
    context: click.Context,
    paths: tuple[str, ...],
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
    wiring: Wiring,
    style: str | None,
    output: str | None,
    metrics: tuple[str, ...],
    include_all: bool,
    exact: bool,
    seed: int,
    quiet: bool,
    nulls: Nulls,
    pictures: Pictures,
    each: bool,
    layers_alone: bool,
    weighted: bool,
    strict: bool,
) -> None:
    """Measure a mask: verdicts, layers, paths, spectra, warnings, and what was left out.

    MASK is an .npz, .npy, Matrix Market, GraphML, edge-list, .safetensors, .pt or .onnx file,
    or GraphChallenge TSV files or a folder of them. Several files are the layers of one net, in
    the order given; with --each they are nets of their own. "generate:FAMILY OPTIONS" in the
    place of MASK is a net made on the spot, as by `topograph generate`.

    \b
    Examples:
      topograph analyze mask.npz
      topograph analyze fc1.npy fc2.npy fc3.npy --orientation out-in
      topograph analyze masks/*.npz --each -o table.csv
      topograph analyze model.safetensors.index.json --layers-alone
      topograph analyze mask.npz --html report.html
      topograph analyze mask.npz --null degree --samples 200
    """
    from topograph.errors import TopographError

    if each and pictures.wanted:
        raise click.UsageError(
            "--html and --figures are for one net; `topograph compare` has them."
        )
    if layers_alone:
        said = {"--weighted": weighted, "--layers": layers is not None, "--exact": exact}
        said |= {"--model": wiring.model is not None, "--orientation": orientation is not None}
        said |= {"--null": nulls.wanted}
        said |= {"--html": bool(pictures.html), "--figures": bool(pictures.folder)}
        _check_alone(each, paths, said)
        check_no_model(wiring)
    check_targets(paths, output=output, html=pictures.html)
    check_folder("--figures", pictures.folder)
    names = chosen_metrics(metrics, include_all)
    style = chosen_format(style, output)
    if each and style == "csv":
        refuse_layer_metrics(names, "take JSON: --format json")
    reports: list[Report] = []
    failed = False
    with ProgressBar(quiet) as progress:
        for group in [(path,) for path in paths] if each else [paths]:
            try:
                progress("read", 0, 1)
                if layers_alone:
                    told = (threshold, names, include_all, seed)
                    reports.append(_alone(group, *told, progress))
                    continue
                graph, weights = _opened(group, orientation, threshold, layers, wiring, weighted)
                reports.append(
                    nulls.report(
                        graph,
                        source=", ".join(group),
                        metrics=names,
                        include_all=include_all,
                        exact=exact,
                        seed=seed,
                        progress=progress,
                        weighted=weights,
                    )
                )
            except (TopographError, OSError) as error:
                if not each:
                    raise
                click.echo(f"Error: {error}", err=True)
                failed = True
    if pictures.wanted:
        from topograph.export import to_html
        from topograph.plots import figure_data

        pictures.write(figure_data(graph, seed=seed), lambda made: to_html(reports[0], made))
    lines = each or (output or "").endswith(".jsonl")
    deliver(_rendered(reports, style, each, lines, output is not None), output)
    if failed:
        context.exit(1)
    if strict and any(warning.strict for report in reports for warning in report.warnings):
        context.exit(STRICT_WARNINGS)


def _check_alone(each: bool, paths: tuple[str, ...], said: dict[str, bool]) -> None:
    """Raise UsageError for what goes with a net, but not with layers by themselves."""
    if len(paths) > 1 and not each:
        raise click.UsageError("Give one checkpoint with --layers-alone, or --each for several.")
    for option, is_said in said.items():
        if is_said:
            raise click.UsageError(f"{option} does not go with --layers-alone.")


def _alone(
    paths: tuple[str, ...],
    threshold: float,
    names: list[str] | None,
    include_all: bool,
    seed: int,
    progress: ProgressBar,
) -> Report:
    from topograph.analysis_without_wiring import analyze_layers_alone

    return analyze_layers_alone(
        paths[0],
        threshold=threshold,
        metrics=names,
        include_all=include_all,
        seed=seed,
        progress=progress,
    )


def _opened(
    paths: tuple[str, ...],
    orientation: Orientation | None,
    threshold: float,
    layers: str | None,
    wiring: Wiring,
    weighted: bool,
) -> tuple[LayeredGraph, WeightedGraph | None]:
    """Read the masks and, if they are asked for, the weights."""
    if not weighted:
        return open_graph(paths, orientation, threshold, layers, wiring), None
    from topograph.weighted import WeightedGraph, read_weighted, weights_of_model

    if wiring.model is not None:
        graph = open_graph(paths, orientation, threshold, layers, wiring)
        return graph, weights_of_model(graph, paths[0])
    if any(path.startswith("generate:") for path in paths):
        graph = open_graph(paths, orientation, threshold, layers, wiring)
        return graph, WeightedGraph.of_mask(graph)
    check_no_model(wiring)
    found = read_weighted(paths, orientation=orientation, threshold=threshold, layers=layers)
    return found.graph, found


def _rendered(reports: list[Report], style: str, each: bool, lines: bool, to_file: bool) -> str:
    from topograph import export

    if style == "csv":
        return export.reports_to_csv(reports) if each else export.to_csv(reports[0])
    if style == "json":
        return "".join(map(export.to_json_line if lines else export.to_json, reports))
    if style == "markdown":
        return "\n".join(map(export.to_markdown, reports))
    width, color = (100, False) if to_file else (terminal_width(), terminal_color())
    return "\n".join(export.to_table(report, width=width, color=color) for report in reports)
